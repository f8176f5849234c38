"""Games of several people, played in memory: the queue, the match, who drops out, and how it ends."""

from typing import Any

import pytest
from engine_driver import TIMEOUT_MS, Memory, rules_of, study_for

from mug.engine import fold
from mug.engine.effects import DropRoutes, ObserveChunk, SetRoutes
from mug.ids import MatchId, ParticipantId
from mug.play.config import GameConfig
from mug.protocol.lab import EndSession, LabBatch, LabSnapshot, MatchView
from mug.protocol.messages import (
    ClientError,
    Closed,
    ErrorReply,
    FinishVisit,
    GameContent,
    JoinMatch,
    MatchReady,
    MatchVerdict,
    MatchWaiting,
    Pulse,
    RelayPacket,
    ReportMatch,
    ReportPeer,
    RestartMatch,
    SetGlobals,
    Welcome,
)
from mug.protocol.parts import MatchStatus, PeerStatus, ResumeCandidate
from mug.records import facts as f
from mug.study.game import ContentSection, MatchmakingSection
from mug.study.settings import WebRtc


def to_the_game(memory: Memory, *connections: str) -> None:
    for connection in connections:
        memory.hello(connection, f"p-{connection}")
        memory.finish(connection)
        assert isinstance(memory.scene(connection).content, GameContent)


def join(memory: Memory, *connections: str) -> None:
    for connection in connections:
        memory.say(connection, JoinMatch(visit_id=memory.scene(connection).visit_id))


def matched(people: int = 2, **sections: Any) -> Memory:
    """A session in which `people` of the connections c, d, e, f are in one match."""
    memory = Memory(study=study_for(people, **sections))
    connections = tuple("cdef"[:people])
    to_the_game(memory, *connections)
    join(memory, *connections)
    return memory


def the_match(memory: Memory) -> str:
    return str(next(iter(memory.run.state.matches)))


def report(memory: Memory, connection: str, agent: str, state: str = "lost", silent_ms: float = 3_000.0) -> None:
    memory.say(connection, ReportPeer(match_id=the_match(memory), agent=agent, state=state, silent_ms=silent_ms))


def rows(memory: Memory, connection: str, seq: int, first: int, last: int, chain: str = "x", episode: int = 0) -> None:
    meta = {"match_id": the_match(memory), "episode": episode, "first": first, "last": last, "chain_hash": chain}
    memory.put(connection, "frames", seq, f"{episode}-{first}-{last}-{chain}".encode(), **meta)


def leave(memory: Memory, connection: str, outcome: str = "completed") -> None:
    memory.say(connection, FinishVisit(visit_id=memory.scene(connection).visit_id, outcome=outcome))


def drops(memory: Memory) -> list[tuple[str, str]]:
    return [(fact.agent, fact.policy) for fact in memory.recorded if isinstance(fact, f.PlayerDropped)]


def ends(memory: Memory) -> list[str]:
    return [fact.outcome for fact in memory.recorded if isinstance(fact, f.MatchEnded)]


def routes(memory: Memory) -> SetRoutes | DropRoutes:
    return [effect for effect in memory.others if isinstance(effect, SetRoutes | DropRoutes)][-1]


# ---------------------------------------------------------------- the queue


def test_that_a_page_loads_the_game_before_there_are_partners() -> None:
    memory = Memory(study=study_for())
    to_the_game(memory, "c")
    content = memory.scene("c").content
    assert isinstance(content, GameContent)
    config = content.config
    assert (config.match_id, config.match_seed, config.human_agents) == ("", 0, ())
    assert config.players == ("a0", "a1")
    assert not content.resume_match
    assert memory.run.state.matches == {}
    assert fold(memory.written) == memory.run.state


def test_that_the_first_who_came_play_together_in_their_order() -> None:
    memory = Memory(study=study_for())
    to_the_game(memory, "c", "d", "e")
    join(memory, "e", "c", "d")
    (formed,) = [fact for fact in memory.recorded if isinstance(fact, f.MatchFormed)]
    assert formed.agents == {"a0": "p-e", "a1": "p-c", "bot": "policy:random"}
    assert formed.visits == {"p-e": memory.scene("e").visit_id, "p-c": memory.scene("c").visit_id}
    assert formed.settings["players"] == ["a0", "a1"]
    assert formed.settings["window"] == 4
    assert [message.waiting for message in memory.to("d", MatchWaiting)] == [1]
    assert memory.to("d", MatchReady) == []


def test_that_each_player_is_told_its_own_agent_and_what_all_share() -> None:
    memory = matched(3, multiplayer=rules_of(input_delay=2, network_conditions={"delay_ms": 40}))
    configs = [memory.last(connection, MatchReady).config for connection in "cde"]
    assert [config.human_agents for config in configs] == [("a0",), ("a1",), ("a2",)]

    def shared(config: GameConfig) -> object:
        conditions = {agent: what["delay_ms"] for agent, what in config.network_conditions.items()}
        return config.match_id, config.match_seed, config.players, config.study_hash, config.input_delay, conditions

    assert len({repr(shared(config)) for config in configs}) == 1
    assert configs[0].network_conditions["a1"]["delay_ms"] == 40
    assert configs[0].policies == {"bot": "random"}
    assert configs[0].match_seed == next(iter(memory.run.state.matches.values())).seed
    assert configs[0].study_hash == "h"


def test_that_a_match_finds_the_same_mug_globals_on_every_page() -> None:
    memory = Memory(study=study_for(2))
    to_the_game(memory, "c", "d")
    memory.say("c", SetGlobals(values={"bonus": 1, "mine": "c"}))
    memory.say("d", SetGlobals(values={"bonus": 2, "yours": "d"}))
    join(memory, "d", "c")
    together = {"bonus": 2, "yours": "d", "mine": "c"}
    assert [memory.last(c, MatchReady).config.mug_globals for c in "cd"] == [together, together]
    memory.say("c", SetGlobals(values={"bonus": 3}))
    match = next(iter(memory.run.state.matches.values()))
    assert match.settings["mug_globals"] == together


def test_that_everybody_waiting_is_told_of_each_change() -> None:
    memory = Memory(study=study_for(4))
    to_the_game(memory, "c", "d", "e")
    join(memory, "c", "d", "e")
    assert [message.waiting for message in memory.to("c", MatchWaiting)] == [1, 2, 3]
    assert {message.needed for message in memory.to("c", MatchWaiting)} == {4}
    memory.drop("d")
    assert memory.last("c", MatchWaiting).waiting == memory.last("e", MatchWaiting).waiting == 2


def test_that_hidden_counts_do_not_leave_the_server() -> None:
    memory = Memory(study=study_for(3, matchmaking=MatchmakingSection(hide_lobby_count=True)))
    to_the_game(memory, "c", "d")
    join(memory, "c", "d")
    content = memory.scene("c").content
    assert isinstance(content, GameContent)
    assert content.hide_lobby_count
    assert [message.waiting for message in memory.to("c", MatchWaiting)] == [0]
    assert [message.waiting for message in memory.to("d", MatchWaiting)] == [0]


def test_that_a_burst_of_joins_books_nobody_twice() -> None:
    memory = Memory(study=study_for(2), hold_disk=True)
    names = [f"c{number}" for number in range(21)]
    for name in names:
        memory.hello(name, f"p-{name}")
        memory.commit()
        memory.finish(name)
    memory.commit()
    for _ in range(3):
        join(memory, *names)
    memory.commit()
    join(memory, *names)
    memory.commit()
    formed = [fact for fact in memory.recorded if isinstance(fact, f.MatchFormed)]
    players = [who for fact in formed for who in fact.visits]
    assert len(formed) == 10
    assert len(players) == len(set(players)) == 20
    for name in names[:20]:
        assert len({ready.config.match_id for ready in memory.to(name, MatchReady)}) == 1
    assert memory.to(names[20], MatchReady) == []
    assert fold(memory.written) == memory.run.state


def test_that_who_disconnects_waits_no_more() -> None:
    memory = Memory(study=study_for())
    to_the_game(memory, "c", "d", "e")
    join(memory, "c")
    memory.drop("c")
    join(memory, "d", "e")
    assert memory.run.state.matches[MatchId(the_match(memory))].players == {"a0": "p-d", "a1": "p-e"}


def test_that_a_second_page_of_a_waiting_participant_has_to_join_itself() -> None:
    memory = Memory(study=study_for())
    to_the_game(memory, "c", "d")
    join(memory, "c")
    memory.hello("x", "p-c", tab="c", candidates=own_token(memory, "c"))
    join(memory, "d")
    assert memory.run.state.matches == {}
    join(memory, "x")
    assert memory.last("x", MatchReady).config.human_agents == ("a0",)  # who came first keeps the place


def test_that_joining_is_refused_where_it_makes_no_sense() -> None:
    memory = matched()
    memory.hello("x", "p-x")
    memory.say("x", JoinMatch(visit_id=memory.scene("c").visit_id))
    memory.say("x", JoinMatch(visit_id=memory.scene("x").visit_id))
    game = next(v for v in memory.run.state.participants[ParticipantId("p-x")].plan[1:])
    memory.say("x", JoinMatch(visit_id=game))
    memory.say("x", RelayPacket(match_id=the_match(memory), to="a0", channel="game", body=b""))
    codes = [reply.code for reply in memory.to("x", ErrorReply)]
    assert codes == ["foreign_visit", "invalid", "not_current", "invalid"]
    memory.finish("x")
    memory.lab_in()
    memory.ask(EndSession(request_id="1", reason="over"))
    join(memory, "x")
    assert memory.last("x", ErrorReply).code == "closed"


def test_that_partners_are_joined_as_the_study_says() -> None:
    servers = ({"urls": "stun:lab.example"}, {"urls": ["turn:lab.example"]}, {"urls": "turns:x", "username": "own"})
    webrtc = WebRtc(ice_servers=servers, turn_username="mug", turn_credential="secret", force_relay=True)
    ready = matched(webrtc=webrtc).last("c", MatchReady)
    assert ready.force_relay
    assert ready.ice_servers == (
        {"urls": "stun:lab.example"},
        {"urls": ["turn:lab.example"], "username": "mug", "credential": "secret"},
        {"urls": "turns:x", "username": "own"},
    )
    plain = matched().last("c", MatchReady)
    assert (plain.ice_servers, plain.force_relay) == ((), False)


def test_that_each_player_gets_a_page_of_its_own_when_the_partners_are_known() -> None:
    memory = matched(content=ContentSection(game_page_html_fn="env.py:page"))
    assert memory.to("c", MatchReady) == []
    assert [(call.kind, call.context["subject_id"]) for call in memory.calls] == [
        ("game_page_html_fn", "p-c"),
        ("game_page_html_fn", "p-d"),
    ]
    assert memory.calls[0].context["human_players"] == {"a0": "p-c", "a1": "p-d"}
    memory.answer(memory.calls[1], "<p>yours</p>")
    memory.fail(memory.calls[0], "it broke")
    assert memory.last("d", MatchReady).in_game_html == "<p>yours</p>"
    assert memory.last("c", MatchReady).in_game_html is None


# ---------------------------------------------------------------- routes


def test_that_routes_follow_the_pages() -> None:
    memory = matched()
    match = MatchId(the_match(memory))
    assert routes(memory) == SetRoutes(match, {"a0": "c", "a1": "d"}, frozenset({"a0", "a1"}))
    first = next(effect for effect in memory.others if isinstance(effect, SetRoutes))
    assert first.ready == frozenset()
    memory.drop("c")
    memory.hello("x", "p-c", tab="c", token=memory.token("c"))
    assert routes(memory) == SetRoutes(match, {"a0": "x", "a1": "d"}, frozenset({"a0", "a1"}))
    leave(memory, "x")
    assert isinstance(routes(memory), SetRoutes)
    leave(memory, "d")
    assert routes(memory) == DropRoutes(match)


def test_that_a_restarted_server_goes_on_with_the_match() -> None:
    memory = matched()
    match = the_match(memory)
    rows(memory, "c", 0, 0, 9)
    memory.crash_and_restart()
    for connection, new in (("c", "x"), ("d", "y")):
        memory.hello(new, f"p-{connection}", tab=connection, token=memory.token(connection))
    assert routes(memory) == SetRoutes(MatchId(match), {"a0": "x", "a1": "y"}, frozenset({"a0", "a1"}))
    assert drops(memory) == []
    assert memory.scene("x").next_seq == {"frames": 1}
    rows(memory, "x", 1, 10, 19)
    rows(memory, "y", 0, 0, 9)
    rows(memory, "y", 1, 10, 19)
    leave(memory, "x")
    leave(memory, "y")
    state = memory.run.state.matches[MatchId(match)]
    assert (state.outcome, state.frames, state.flags) == ("completed", 20, [])
    assert memory.scene("x").scene_id == memory.scene("y").scene_id == "end"


def test_that_a_page_that_missed_the_match_is_told_when_it_joins_again() -> None:
    memory = Memory(study=study_for(), hold_disk=True)
    for connection in "cd":
        memory.hello(connection, f"p-{connection}")
        memory.commit()
        memory.finish(connection)
        memory.commit()
    join(memory, "c", "d")
    memory.drop("c")
    memory.commit()
    memory.hello("x", "p-c", tab="c", token=memory.token("c"))
    memory.commit()
    join(memory, "x")
    memory.commit()
    assert memory.last("x", MatchReady).config == memory.last("c", MatchReady).config
    assert len(memory.run.state.matches) == 1


# ---------------------------------------------------------------- verdicts


def test_that_a_silent_player_is_out_after_the_studys_time_and_not_before() -> None:
    memory = matched(multiplayer=rules_of(partner_disconnect_message="They left."))
    memory.drop("d")
    report(memory, "c", "a1", silent_ms=3_000)
    memory.later(TIMEOUT_MS - 3_000 - 10)
    assert drops(memory) == []
    memory.later(20)
    assert drops(memory) == [("a1", "end")]
    verdict = memory.last("c", MatchVerdict)
    assert (verdict.dropped, verdict.policy, verdict.message) == (("a1",), "end", "They left.")
    assert ends(memory) == ["partner_left"]
    assert verdict.ends
    leave(memory, "c", "partner_left")
    closed = memory.last("c", Closed)
    assert (closed.reason, closed.message, closed.completion_code is not None) == ("partner_left", "They left.", True)
    assert memory.scene("c").scene_id == "duel"
    assert isinstance(routes(memory), DropRoutes)
    assert ends(memory) == ["partner_left"]


@pytest.mark.parametrize(
    ("failing", "outcome", "reason"),
    [
        ("d", "failed", "the game failed on the page"),
        ("cd", "failed", "the game failed on the page"),
        ("c", "partner_left", "was not heard any more"),
    ],
)
def test_that_who_is_silent_because_the_game_failed_is_not_said_to_have_left(
    failing: str, outcome: str, reason: str
) -> None:
    memory = matched(multiplayer=rules_of())
    report(memory, "c", "a1")
    for connection in failing:
        visit_id = memory.scene(connection).visit_id
        memory.say(
            connection, ClientError(kind="environment", message="NaN", traceback="", fatal=True, visit_id=visit_id)
        )
    memory.later(TIMEOUT_MS)
    dropped = [(fact.agent, fact.reason) for fact in memory.recorded if isinstance(fact, f.PlayerDropped)]
    assert dropped == [("a1", reason)]
    assert ends(memory) == [outcome]


def test_that_a_game_that_failed_on_all_pages_is_not_void_although_they_do_not_hear_each_other() -> None:
    memory = matched(multiplayer=rules_of())
    report(memory, "c", "a1")
    report(memory, "d", "a0")
    for connection in "cd":
        visit_id = memory.scene(connection).visit_id
        memory.say(
            connection, ClientError(kind="environment", message="NaN", traceback="", fatal=True, visit_id=visit_id)
        )
    memory.later(TIMEOUT_MS)
    assert drops(memory) == [("a0", "end"), ("a1", "end")]
    assert ends(memory) == ["failed"]


def test_that_a_player_who_is_heard_again_stays() -> None:
    memory = matched(multiplayer=rules_of())
    report(memory, "c", "a1")
    memory.later(1_000)
    report(memory, "c", "a1", "back", 4_000)
    memory.later(60_000)
    assert drops(memory) == []
    report(memory, "c", "a1")
    memory.later(1_990)
    assert drops(memory) == []
    memory.later(20)
    assert drops(memory) == [("a1", "end")]


def test_that_without_the_server_there_is_no_verdict() -> None:
    memory = matched(multiplayer=rules_of())
    report(memory, "c", "a1")
    memory.drop("c")
    memory.drop("d")
    memory.later(60_000)
    assert drops(memory) == []
    memory.hello("x", "p-c", tab="c", token=memory.token("c"))
    memory.later(1_990)
    assert drops(memory) == []
    memory.later(20)
    assert drops(memory) == [("a1", "end")]


def test_that_who_comes_back_may_have_heard_its_partner_meanwhile() -> None:
    memory = matched(multiplayer=rules_of())
    report(memory, "c", "a1")
    memory.drop("c")
    memory.later(60_000)
    memory.hello("x", "p-c", tab="c", token=memory.token("c"))
    memory.later(1_000)
    report(memory, "x", "a1", "back")
    memory.later(60_000)
    assert drops(memory) == []


def test_that_the_pulses_of_a_game_that_stands_still_count_like_reports() -> None:
    memory = matched(multiplayer=rules_of())
    report(memory, "c", "a1")
    memory.crash_and_restart()
    memory.hello("x", "p-c", tab="c", token=memory.token("c"))
    memory.later(60_000)
    assert drops(memory) == []
    playing(memory, "x", "a1", stage="connecting", silent_ms=60_000.0)
    playing(memory, "x", "a1", stage="paused", silent_ms=4_000.0)
    memory.later(500)
    playing(memory, "x", "a1", stage="playing", silent_ms=10.0)
    memory.later(60_000)
    assert drops(memory) == []
    playing(memory, "x", "a1", stage="paused", silent_ms=4_000.0)
    memory.later(990)
    assert drops(memory) == []
    memory.later(20)
    assert drops(memory) == [("a1", "end")]


def test_that_players_who_do_not_hear_each_other_make_the_match_void() -> None:
    memory = matched(multiplayer=rules_of(dropout_policy="default_action"))
    report(memory, "c", "a1", silent_ms=3_000)
    memory.later(500)
    report(memory, "d", "a0", silent_ms=3_000)
    memory.later(2_000)
    assert sorted(drops(memory)) == [("a0", "void"), ("a1", "void")]
    assert ends(memory) == ["void"]
    assert memory.last("c", MatchVerdict).dropped == memory.last("d", MatchVerdict).dropped == ("a0", "a1")
    leave(memory, "c", "void")
    leave(memory, "d", "void")
    assert memory.scene("c").scene_id == memory.scene("d").scene_id == "end"


def test_that_three_who_lose_each_other_in_a_circle_make_the_match_void() -> None:
    memory = matched(3, multiplayer=rules_of())
    for connection, agent in (("c", "a1"), ("d", "a2"), ("e", "a0")):
        report(memory, connection, agent)
    memory.later(2_010)
    assert sorted(drops(memory)) == [("a0", "void"), ("a1", "void"), ("a2", "void")]
    assert ends(memory) == ["void"]


def test_that_of_three_the_others_go_on_when_the_study_says_so() -> None:
    memory = matched(3, multiplayer=rules_of(dropout_policy="default_action"))
    memory.drop("e")
    report(memory, "c", "a2")
    report(memory, "d", "a2")
    memory.later(2_010)
    assert drops(memory) == [("a2", "default_action")]
    assert memory.last("d", MatchVerdict).policy == "default_action"
    assert ends(memory) == []
    last = routes(memory)
    assert isinstance(last, SetRoutes)
    assert last.routes == {"a0": "c", "a1": "d", "a2": None}
    assert last.gone == {"a2"}
    leave(memory, "c")
    assert ends(memory) == []
    leave(memory, "d")
    assert ends(memory) == ["completed"]
    assert isinstance(routes(memory), DropRoutes)


def test_that_a_second_player_may_drop_out_while_the_others_agree_on_the_end() -> None:
    memory = matched(3, multiplayer=rules_of())
    memory.drop("e")
    report(memory, "c", "a2")
    memory.later(2_010)
    memory.drop("d")
    report(memory, "c", "a1")
    memory.later(2_010)
    assert drops(memory) == [("a2", "end"), ("a1", "end")]
    assert ends(memory) == ["partner_left"]
    assert memory.last("c", MatchVerdict).dropped == ("a1",)


def test_that_a_page_that_was_away_hears_of_the_verdict() -> None:
    memory = matched(3, multiplayer=rules_of(dropout_policy="policy"))
    memory.drop("d")
    report(memory, "c", "a2")
    memory.later(2_010)
    memory.hello("x", "p-d", tab="d", token=memory.token("d"))
    assert memory.last("x", MatchVerdict).dropped == ("a2",)
    assert memory.last("x", MatchVerdict).policy == "policy"


@pytest.mark.parametrize(("outcome", "policy"), [("failed", "end"), ("partner_left", "end"), ("void", "void")])
def test_that_who_leaves_early_is_out(outcome: str, policy: str) -> None:
    memory = matched(multiplayer=rules_of(partner_disconnect_show_completion_code=False))
    leave(memory, "c", outcome)
    assert drops(memory) == [("a0", policy)]
    assert (memory.last("d", MatchVerdict).dropped, memory.last("d", MatchVerdict).ends) == (("a0",), False)
    assert memory.to("c", MatchVerdict) == []
    assert ends(memory) == ["void" if policy == "void" else "partner_left"]
    assert memory.scene("c").scene_id == "end"
    leave(memory, "d", "partner_left")
    assert memory.scene("d").scene_id == "end"
    assert len(ends(memory)) == 1


def test_that_a_match_ends_when_all_are_through() -> None:
    memory = matched()
    leave(memory, "c")
    assert ends(memory) == []
    assert memory.scene("c").scene_id == "end"
    leave(memory, "d")
    assert ends(memory) == ["completed"]
    assert drops(memory) == []


def test_that_a_match_ends_when_the_last_players_drop_out_one_by_one() -> None:
    memory = matched(multiplayer=rules_of(dropout_policy="default_action"))
    for connection, new in (("c", "x"), ("d", "y")):
        memory.drop(connection)
        memory.hello(new, f"p-{connection}", tab=connection, candidates=own_token(memory, connection))
        memory.drop(new)
    memory.later(20_010)
    assert drops(memory) == [("a0", "default_action"), ("a1", "default_action")]
    assert ends(memory) == ["abandoned"]
    assert isinstance(routes(memory), DropRoutes)


def test_that_nobody_speaks_about_anothers_match() -> None:
    memory = matched()
    to_the_game(memory, "x")
    report(memory, "x", "a1")
    report(memory, "c", "a0")
    report(memory, "c", "bot")
    report(memory, "c", "a1", "asleep")
    memory.say("x", ReportMatch(match_id=the_match(memory), flag="desync", detail=""))
    memory.say("c", ReportMatch(match_id=the_match(memory), flag="fine", detail=""))
    memory.say("c", RestartMatch(visit_id=memory.scene("c").visit_id, match_id=the_match(memory), reason=""))
    memory.later(60_000)
    assert [reply.code for reply in memory.to("x", ErrorReply)] == ["foreign_match", "foreign_match"]
    assert [reply.code for reply in memory.to("c", ErrorReply)] == [
        "foreign_agent", "foreign_agent", "invalid", "invalid", "foreign_match"
    ]  # fmt: skip
    assert drops(memory) == []


def test_that_a_match_goes_to_no_one_as_single_player_outcomes() -> None:
    memory = matched()
    leave(memory, "c", "abandoned")
    assert memory.last("c", ErrorReply).code == "invalid"


# ---------------------------------------------------------------- what is found in a match


def test_that_a_desync_is_flagged_once_an_episode() -> None:
    memory = matched()
    for connection in "cd":
        for episode, frame in ((0, 30), (0, 60), (1, 30)):
            found = ReportMatch(match_id=the_match(memory), flag="desync", detail="x", episode=episode, frame=frame)
            memory.say(connection, found)
    flags = [fact for fact in memory.recorded if isinstance(fact, f.MatchFlagged)]
    assert [(fact.flag, fact.detail.partition(":")[0]) for fact in flags] == [
        ("desync", "episode 0, frame 30"),
        ("desync", "episode 1, frame 30"),
    ]
    assert ends(memory) == []


def test_that_pages_with_another_program_do_not_play() -> None:
    memory = matched()
    for connection in "cd":
        memory.say(connection, ReportMatch(match_id=the_match(memory), flag="refused", detail="another study"))
        leave(memory, connection, "failed")
    state = memory.run.state.matches[MatchId(the_match(memory))]
    assert (state.outcome, state.flags, state.dropped) == ("refused", ["refused"], {})
    assert ends(memory) == ["refused"]


def test_that_who_cannot_agree_makes_the_match_void() -> None:
    memory = matched(3)
    memory.say("c", ReportMatch(match_id=the_match(memory), flag="void", detail="no agreement"))
    assert drops(memory) == [("a0", "void")]
    assert ends(memory) == ["void"]
    assert memory.last("d", MatchVerdict).policy == memory.last("e", MatchVerdict).policy == "void"


@pytest.mark.parametrize("flag", ["void", "not_reproduced", "refused"])
def test_that_who_has_played_to_the_end_cannot_end_the_match_for_the_others(flag: str) -> None:
    memory = matched(3)
    match_id = the_match(memory)
    leave(memory, "c")
    memory.say("c", ReportMatch(match_id=match_id, flag=flag, detail="too late"))
    assert (drops(memory), ends(memory)) == ([], [])
    assert next(iter(memory.run.state.matches.values())).flags == [flag], "it is kept all the same"
    leave(memory, "d")
    leave(memory, "e")
    assert ends(memory) == ["completed"]


# ---------------------------------------------------------------- records of several players


@pytest.mark.parametrize(
    "wrong",
    [{"episode": 1}, {"episode": 10**9}, {"episode": -1}, {"first": 2**63, "last": 2**63 + 9}, {"last": 2**31}],
)
def test_that_rows_of_no_possible_frame_are_refused(wrong: dict[str, int]) -> None:
    memory = matched()
    meta = {"match_id": the_match(memory), "episode": 0, "first": 0, "last": 9, "chain_hash": "x", **wrong}
    memory.put("c", "frames", 0, b"rows", **meta)
    assert memory.last("c", ErrorReply).code == "invalid"
    assert memory.run.state.matches[MatchId(the_match(memory))].parts == []


def test_that_a_page_floods_no_match_with_flags() -> None:
    memory = matched()
    for seq in range(150):
        rows(memory, "c", seq, 20 * seq + 10, 20 * seq + 11, f"c{seq}")
    for episode in range(150):
        found = ReportMatch(match_id=the_match(memory), flag="desync", detail="x", episode=episode)
        memory.say("c", found)
        memory.later(100.0)
    match = memory.run.state.matches[MatchId(the_match(memory))]
    assert match.flags == ["frames_missing"] * 100 + ["desync"] * 100
    memory.say("d", ReportMatch(match_id=the_match(memory), flag="void", detail="enough"))
    assert match.flags[-1] == "void"
    assert fold(memory.written) == memory.run.state


@pytest.mark.parametrize("how", ["dropped", "played"])
def test_that_nobody_refuses_a_match_that_was_played_or_that_goes_on_without_them(how: str) -> None:
    memory = matched(3, multiplayer=rules_of(dropout_policy="default_action"))
    if how == "dropped":
        report(memory, "d", "a0")
        report(memory, "e", "a0")
        memory.later(TIMEOUT_MS)
        assert drops(memory) == [("a0", "default_action")]
    else:
        rows(memory, "d", 0, 0, 9, "x")
    memory.say("c", ReportMatch(match_id=the_match(memory), flag="refused", detail="I do not like it"))
    assert ends(memory) == []
    assert memory.run.state.matches[MatchId(the_match(memory))].flags == ["refused"]


def test_that_equal_records_of_two_players_are_one() -> None:
    memory = matched()
    for seq in range(3):
        for connection in "cd":
            rows(memory, connection, seq, 10 * seq, 10 * seq + 9, f"h{seq}")
    match = memory.run.state.matches[MatchId(the_match(memory))]
    assert (match.frames, match.flags, len(match.parts)) == (30, [], 3)
    assert memory.run.state.counts["frames"] == 30
    stored = [fact for fact in memory.recorded if isinstance(fact, f.ChunkStored)]
    assert [bool(fact.meta.get("repeated")) for fact in stored] == [False, True] * 3


def test_that_different_records_are_both_kept_and_flagged() -> None:
    memory = matched()
    rows(memory, "c", 0, 0, 9, "h")
    rows(memory, "d", 0, 0, 9, "other")
    rows(memory, "d", 1, 10, 19, "more")
    match = memory.run.state.matches[MatchId(the_match(memory))]
    assert match.flags == ["frames_differ"]
    assert match.frames == 20
    stored = [fact for fact in memory.recorded if isinstance(fact, f.ChunkStored)]
    assert len({fact.sha256 for fact in stored}) == len(memory.bodies) == 3


def test_that_the_short_tail_of_a_player_who_left_hides_nothing() -> None:
    memory = matched(3, multiplayer=rules_of(dropout_policy="default_action"))
    rows(memory, "c", 0, 0, 9, "h0")
    rows(memory, "c", 1, 10, 13, "tail")
    for connection in "de":
        rows(memory, connection, 0, 0, 9, "h0")
        rows(memory, connection, 1, 10, 19, "h1")
        rows(memory, connection, 2, 20, 24, "h2")
    match = memory.run.state.matches[MatchId(the_match(memory))]
    assert (match.frames, match.flags) == (25, [])
    assert memory.run.state.counts["frames"] == 25
    assert [(part.first, part.last) for part in match.parts] == [(0, 9), (10, 13), (10, 19), (20, 24)]
    assert fold(memory.written) == memory.run.state


def test_that_a_gap_of_one_player_is_flagged_although_the_other_has_the_rows() -> None:
    memory = matched()
    rows(memory, "c", 0, 0, 9)
    rows(memory, "c", 1, 10, 19)
    rows(memory, "d", 0, 10, 19)
    match = memory.run.state.matches[MatchId(the_match(memory))]
    assert (match.flags, match.frames) == (["frames_missing"], 20)


def observed(memory: Memory) -> list[tuple[str, bytes]]:
    """What a GameCallback is told, in its order."""
    told = [effect for effect in memory.others if isinstance(effect, ObserveChunk)]
    match = memory.run.state.matches[MatchId(the_match(memory))]
    assert {(effect.visit_id, tuple(effect.people.items())) for effect in told} == {
        (match.visit_id, tuple(match.players.items()))
    }
    return [(effect.stream, effect.body) for effect in told]


def test_that_a_callback_hears_of_each_row_once_and_of_the_end_when_all_are_through() -> None:
    memory = matched(callback="script.py:told")
    for connection in "cd":
        rows(memory, connection, 0, 0, 9, "h")
    leave(memory, "c")
    assert [stream for stream, _ in observed(memory)] == ["frames"]
    leave(memory, "d")
    assert [stream for stream, _ in observed(memory)] == ["frames", "end"]


def test_that_a_callback_hears_of_the_end_once_although_a_player_comes_back_late() -> None:
    memory = matched(callback="script.py:told")
    memory.drop("d")
    memory.hello("x", "p-d", tab="d", candidates=own_token(memory, "d"))
    leave(memory, "c", "partner_left")
    leave(memory, "x", "partner_left")
    assert [stream for stream, _ in observed(memory)] == ["end"]


# ---------------------------------------------------------------- the console


def views(memory: Memory) -> list[MatchView]:
    memory.lab_in()
    snapshots = [message for message in memory.lab if isinstance(message, LabSnapshot)]
    return list(snapshots[-1].matches)


def playing(memory: Memory, connection: str, partner: str, **fields: Any) -> None:
    peer = PeerStatus(
        agent=partner,
        path=fields.pop("path", "p2p"),
        rtt_ms=fields.pop("rtt_ms", 20.0),
        silent_ms=fields.pop("silent_ms", 0.0),
    )
    status = MatchStatus(match_id=the_match(memory), stage=fields.pop("stage", "playing"), peers=(peer,), **fields)
    memory.say(connection, Pulse(n=1, client_ms=0.0, match=status))


def test_that_the_console_sees_a_match_as_its_pages_say_it() -> None:
    memory = matched(multiplayer=rules_of(input_delay="auto"))
    (view,) = views(memory)
    assert (view.state, view.policies, view.input_delay) == ("connecting", ("bot",), None)
    playing(memory, "c", "a1", frame=70, compared=3, rollbacks=4, input_delay=1)
    playing(memory, "d", "a0", frame=68, compared=2, path="relay", rtt_ms=31.0, input_delay=1, desyncs=1)
    memory.tick()
    batch = [message for message in memory.lab if isinstance(message, LabBatch)][-1]
    (view,) = batch.matches
    assert (view.state, view.frame, view.compared, view.desyncs, view.input_delay) == ("playing", 70, 3, 1, 1)
    assert [(player.agent, player.participant_id, player.frame) for player in view.players] == [
        ("a0", "p-c", 70),
        ("a1", "p-d", 68),
    ]
    assert [(pair.agents, pair.path, pair.rtt_ms) for pair in view.pairs] == [(("a0", "a1"), "relay", 31.0)]
    playing(memory, "c", "a1", stage="paused")
    assert views(memory)[0].state == "paused"
    leave(memory, "c")
    leave(memory, "d")
    memory.tick()
    assert views(memory)[0].state == "completed"
    memory.tick()
    assert all(not message.matches for message in memory.lab[-1:] if isinstance(message, LabBatch))


def test_that_a_pulse_cannot_speak_for_a_match_of_others() -> None:
    memory = matched()
    to_the_game(memory, "x")
    playing(memory, "x", "a1", frame=99)
    assert views(memory)[0].frame == 0


def own_token(memory: Memory, connection: str) -> tuple[Any, ...]:
    welcome = memory.last(connection, Welcome)
    return (ResumeCandidate(session_id="s1", participant_id=welcome.participant_id, token=welcome.token),)
