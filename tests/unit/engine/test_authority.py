"""Games that the server steps: how they begin, what is recorded of them, and how they end."""

import msgspec
import pytest
from engine_driver import Memory
from stepped_driver import (
    ends,
    event,
    fails,
    flags,
    formed,
    leave,
    loaded,
    outcomes,
    playing,
    process,
    ready,
    rows,
    stages,
    starts,
    status,
    stepped_study,
    stops,
    the_match,
    to_the_match,
    view,
)

from mug.engine import fold
from mug.engine.effects import ObserveChunk
from mug.engine.inputs import AuthorityMeasured
from mug.protocol.lab import EndSession
from mug.protocol.messages import (
    ErrorReply,
    GameContent,
    JoinMatch,
    MatchReady,
    MatchWaiting,
    PutChunk,
    ReportMatch,
    ShowScene,
)
from mug.protocol.partners import ServerKeys, ServerReady
from mug.records import facts as f
from mug.study.model import Treatments

# ---------------------------------------------------------------- from a group to the first frame


def test_that_a_game_of_one_person_is_formed_at_once_and_without_a_waitroom() -> None:
    memory = Memory(study=stepped_study(1), release="experimenter")
    memory.hello("c", "p-c")
    memory.finish("c")
    content = memory.scene("c").content
    assert isinstance(content, GameContent)
    assert (content.config.mode, content.config.players, content.config.match_id) == (
        "server_authoritative",
        ("a0",),
        "",
    )
    assert memory.run.state.matches == {}
    memory.say("c", JoinMatch(visit_id=memory.scene("c").visit_id))
    (match,) = memory.run.state.matches.values()
    assert (match.agents, match.is_on_server, match.group_id) == ({"a0": "p-c", "bot": "policy:random"}, True, "")
    config = memory.last("c", MatchReady).config
    assert (config.mode, config.human_agents, config.match_id) == ("server_authoritative", ("a0",), match.match_id)
    assert memory.to("c", MatchWaiting) == []
    assert not [fact for fact in memory.recorded if isinstance(fact, f.WaitStarted)]
    assert fold(memory.written) == memory.run.state


def test_that_several_people_wait_for_each_other_as_in_other_games() -> None:
    memory = Memory(study=stepped_study(2))
    to_the_match(memory, "c")
    assert (memory.last("c", MatchWaiting).waiting, memory.last("c", MatchWaiting).needed) == (1, 2)
    assert starts(memory) == []
    to_the_match(memory, "d")
    assert [memory.last(c, MatchReady).config.human_agents for c in "cd"] == [("a0",), ("a1",)]
    (start,) = starts(memory)
    assert start.config.players == ("a0", "a1")
    assert (start.config.human_agents, start.config.policies) == ((), {"bot": "random"})
    assert start.config.match_seed == memory.run.state.matches[start.match_id].seed
    assert (start.stored, start.dropped) == ((), ())


def test_that_a_page_of_such_a_game_gets_neither_the_environment_nor_partners_to_connect_to() -> None:
    memory = formed(2)
    ready_message = memory.last("c", MatchReady)
    assert ready_message.config.environment_code is None
    assert ready_message.config.policies == {}
    assert ready_message.ice_servers == ()


def test_that_nothing_is_started_before_the_match_is_on_disk() -> None:
    memory = Memory(study=stepped_study(1), hold_disk=True)
    to_the_match_slowly(memory)
    assert starts(memory) == []
    memory.commit()
    assert len(starts(memory)) == 1


def to_the_match_slowly(memory: Memory) -> None:
    memory.hello("c", "p-c")
    memory.commit()
    memory.finish("c")
    memory.commit()
    memory.say("c", JoinMatch(visit_id=memory.scene("c").visit_id))


def test_that_the_game_begins_when_process_and_pages_are_ready() -> None:
    memory = formed(2)
    memory.tick()
    assert status(memory, "c").stage == "preparing"
    loaded(memory, asset_specs=({"name": "wall"},))
    ready(memory, "c")
    assert (status(memory, "c").stage, status(memory, "c").message) == ("waiting", "Waiting for your partner.")
    assert memory.told("begin") == []
    ready(memory, "d")
    assert memory.told("begin") == [("begin", "")]
    process(memory, "countdown")
    assert (status(memory, "d").stage, status(memory, "d").countdown_ms) == ("countdown", 3_000.0)
    assert status(memory, "d").asset_specs == ({"name": "wall"},)
    process(memory, "playing", frame=1, hz=29.5)
    assert stages(memory, "c") == ["preparing", "waiting", "countdown", "playing"]


def test_that_pages_may_be_ready_before_the_process_is() -> None:
    memory = formed(2)
    ready(memory, "d", "c")
    assert memory.told() == []
    loaded(memory)
    assert memory.told("back", "begin") == [("back", "a0"), ("back", "a1"), ("begin", "")]


def test_that_a_page_that_says_it_is_ready_is_told_the_stage_and_gets_a_whole_view_each_time() -> None:
    memory = playing(2)
    before = len(memory.told("back"))
    ready(memory, "c")
    assert memory.told("back")[before:] == [("back", "a0")]
    assert status(memory, "c").stage == "playing"


def test_that_only_a_player_of_the_match_can_be_ready_for_it() -> None:
    memory = formed(2)
    memory.hello("x", "p-x")
    memory.say("x", ServerReady(match_id=the_match(memory)))
    assert memory.last("x", ErrorReply).code == "foreign_match"
    memory.say("c", ServerReady(match_id="m-unknown"))
    assert memory.last("c", ErrorReply).code == "foreign_match"


def test_that_who_does_not_get_ready_is_not_waited_for_without_an_end() -> None:
    memory = formed(2, dropout_policy="default_action")
    loaded(memory)
    ready(memory, "c")
    memory.clock.ms += 19_000
    memory.tick()
    assert memory.told("begin") == []
    memory.clock.ms += 2_000
    memory.tick()
    assert memory.told("drop", "begin") == [("drop", "a1"), ("begin", "")]
    assert status(memory, "d").stage == "over"


def test_that_keys_that_come_by_the_engine_are_refused() -> None:
    memory = playing(1)
    memory.say("c", ServerKeys(match_id=the_match(memory), n=0))
    assert memory.last("c", ErrorReply).code == "invalid"


@pytest.mark.parametrize(("per", "people"), [("participant", 1), ("participant", 2), ("group", 2), ("group", 1)])
def test_that_process_and_pages_have_the_game_as_the_players_treatment_has_it(per: str, people: int) -> None:
    arms = {"slow": {"changes": {"duel": {"rendering.fps": 7}}}, "fast": {"changes": {"duel": {"rendering.fps": 70}}}}
    study = msgspec.structs.replace(stepped_study(people), treatments=Treatments(arms=arms, per=per))
    memory = Memory(study=study)
    connections = "cdef" if per == "participant" and people > 1 else "cd"[:people]
    to_the_match(memory, *connections)
    for start in starts(memory):
        match = memory.run.state.matches[start.match_id]
        given = {memory.run.state.participants[who].treatment for who in match.players.values()}
        assert len(given) == 1
        expected = {"slow": 7, "fast": 70, "": 10}[given.pop()]
        pages = [memory.last(str(who).removeprefix("p-"), MatchReady).config.fps for who in match.players.values()]
        assert {start.config.fps, *pages} == {expected}
    assert starts(memory)
    assert fold(memory.written) == memory.run.state


# ---------------------------------------------------------------- what is recorded


def test_that_rows_of_the_process_are_stored_as_those_of_the_first_players_visit() -> None:
    memory = playing(2)
    rows(memory, 0, 29)
    event(memory)
    rows(memory, 30, 59)
    stored = [fact for fact in memory.recorded if isinstance(fact, f.ChunkStored)]
    assert [(fact.participant_id, fact.stream, fact.seq) for fact in stored] == [
        ("p-c", "frames", 0),
        ("p-c", "event", 0),
        ("p-c", "frames", 1),
    ]
    assert {fact.visit_id for fact in stored} == {memory.scene("c").visit_id}
    assert {fact.meta["by"] for fact in stored} == {"server"}
    assert memory.bodies[stored[0].sha256] == b"0-0-29-x"
    match = memory.run.state.matches[the_match(memory)]
    assert (match.frames, match.sent) == (60, {})
    assert fold(memory.written) == memory.run.state


def test_that_a_pages_own_numbers_know_nothing_of_what_the_server_stored() -> None:
    memory = playing(1)
    event(memory)
    event(memory)
    memory.put("c", "event", 0, b"{}\n", by="server")
    event(memory)
    memory.put("c", "event", 1, b"{}\n")
    stored = [fact for fact in memory.recorded if isinstance(fact, f.ChunkStored)]
    assert [(fact.seq, fact.meta.get("by")) for fact in stored] == [
        (0, "server"),
        (1, "server"),
        (2, None),
        (3, "server"),
        (4, None),
    ]
    memory.crash_and_restart()
    memory.hello("e", "p-c", tab="c", token=memory.token("c"))
    assert memory.scene("e").next_seq["event"] == 2
    assert fold(memory.written) == memory.run.state


def test_that_pages_have_no_rows_of_such_a_game() -> None:
    memory = playing(2)
    meta = {"match_id": the_match(memory), "episode": 0, "first": 0, "last": 9}
    memory.say("d", PutChunk(visit_id=memory.scene("d").visit_id, stream="frames", seq=0, body=b"x", meta=meta))
    assert memory.last("d", ErrorReply).code == "invalid"
    assert memory.run.state.matches[the_match(memory)].frames == 0


def test_that_rows_that_are_there_already_are_kept_and_marked() -> None:
    memory = playing(1)
    rows(memory, 0, 29)
    rows(memory, 0, 29)
    rows(memory, 60, 89)
    stored = [fact.meta.get("repeated", False) for fact in memory.recorded if isinstance(fact, f.ChunkStored)]
    assert stored == [False, True, False]
    assert flags(memory) == ["frames_missing"]


def test_that_a_games_callback_hears_of_the_rows() -> None:
    memory = playing(2, callback="own.py:Callback")
    rows(memory, 0, 29)
    ends(memory)
    leave(memory, "c")
    leave(memory, "d")
    seen = [effect for effect in memory.others if isinstance(effect, ObserveChunk)]
    assert [(effect.stream, effect.visit_id) for effect in seen] == [
        ("frames", memory.to("c", ShowScene)[1].visit_id),
        ("end", memory.to("c", ShowScene)[1].visit_id),
    ]
    assert seen[0].people == {"a0": "p-c", "a1": "p-d"}


def test_that_what_policies_take_on_the_server_is_recorded() -> None:
    memory = playing(1)
    memory.take(AuthorityMeasured(the_match(memory), "bot", 100, 0.5, 1.5, late=2))
    (fact,) = [fact for fact in memory.recorded if isinstance(fact, f.PolicyMeasured)]
    assert (fact.agent, fact.participant_id, fact.decisions, fact.p99_ms, fact.late) == ("bot", "", 100, 1.5, 2)


# ---------------------------------------------------------------- the end


def test_that_the_next_scene_follows_the_end_of_the_game() -> None:
    memory = playing(2)
    rows(memory, 0, 29)
    ends(memory)
    assert outcomes(memory) == ["completed"]
    assert [status(memory, c).stage for c in "cd"] == ["over", "over"]
    assert [status(memory, c).outcome for c in "cd"] == ["completed", "completed"]
    for connection in "cd":
        leave(memory, connection)
        assert memory.scene(connection).scene_id == "end"
    assert stops(memory) == []
    assert fold(memory.written) == memory.run.state


def test_that_a_page_cannot_end_a_game_before_it_is_over() -> None:
    memory = playing(1)
    leave(memory, "c")
    assert memory.last("c", ErrorReply).code == "not_over"
    assert memory.scene("c").scene_id == "duel"


def test_that_a_page_that_cannot_show_the_game_leaves_it() -> None:
    memory = playing(2, dropout_policy="default_action")
    leave(memory, "c", "failed")
    assert memory.told("drop") == [("drop", "a0")]
    assert memory.scene("c").scene_id == "end"
    ends(memory)
    leave(memory, "d")
    assert [fact.outcome for fact in memory.recorded if isinstance(fact, f.VisitFinished)] == [
        "completed",
        "completed",
        "failed",
        "completed",
    ]


def test_that_when_the_last_page_leaves_the_process_is_ended() -> None:
    memory = playing(1)
    leave(memory, "c", "failed")
    assert outcomes(memory) == ["failed"]
    assert len(stops(memory)) == 1
    rows(memory, 0, 9)  # what it had still to hand over
    assert memory.run.state.matches[the_match(memory)].frames == 10


def test_that_who_comes_back_after_the_end_goes_on() -> None:
    memory = playing(2)
    memory.drop("c")
    ends(memory)
    memory.hello("g", "p-c", tab="c", token=memory.token("c"))
    assert status(memory, "g").stage == "over"
    assert memory.to("g", MatchReady) == []
    leave(memory, "g")
    assert memory.scene("g").scene_id == "end"


def test_that_the_end_of_the_session_ends_the_processes() -> None:
    memory = playing(2)
    memory.ask(EndSession(request_id="1", reason="over"))
    memory.tick()
    assert len(stops(memory)) == 1
    memory.tick()
    assert len(stops(memory)) == 1


# ---------------------------------------------------------------- a process that fails


@pytest.mark.parametrize("kind", ["environment", "crashed", "hung", "memory", "start"])
def test_that_a_process_that_fails_is_started_once_again_from_the_stored_rows(kind: str) -> None:
    memory = playing(2)
    rows(memory, 0, 29)
    rows(memory, 30, 44)
    fails(memory, kind, "it broke", "Traceback: own.py, line 3")
    assert status(memory, "c").stage == "restoring"
    assert "restored" in status(memory, "c").message
    first, second = starts(memory)
    assert second.match_id == first.match_id
    assert [memory.bodies[sha256] for sha256 in second.stored] == [b"0-0-29-x", b"0-30-44-x"]
    assert flags(memory) == ["server_restored"]
    (error,) = [fact for fact in memory.recorded if isinstance(fact, f.ErrorReported)]
    assert (error.traceback, error.fatal) == ("Traceback: own.py, line 3", False)
    loaded(memory, frame=45)
    assert memory.told("begin") == [("begin", ""), ("begin", "")]
    process(memory, "playing", frame=45)
    assert status(memory, "c").stage == "playing"
    assert view(memory).frame == 45


def test_that_a_second_failure_ends_the_match_with_words_and_the_study_goes_on() -> None:
    memory = playing(2)
    fails(memory)
    loaded(memory)
    fails(memory)
    assert outcomes(memory) == ["failed"]
    assert len(starts(memory)) == 2
    for connection in "cd":
        assert (status(memory, connection).stage, status(memory, connection).outcome) == ("over", "failed")
        assert "not your fault" in status(memory, connection).message
        leave(memory, connection, "completed")
        assert memory.scene(connection).scene_id == "end"
    visits = [fact.outcome for fact in memory.recorded if isinstance(fact, f.VisitFinished)]
    assert visits == ["completed", "completed", "failed", "failed"]
    assert view(memory).state == "failed"
    assert fold(memory.written) == memory.run.state


def test_that_the_restart_of_the_server_does_not_give_a_failing_process_another_try() -> None:
    memory = playing(1)
    fails(memory)
    memory.crash_and_restart()
    memory.hello("g", "p-c", tab="c", token=memory.token("c"))
    loaded(memory)
    fails(memory)
    assert outcomes(memory) == ["failed"]


def test_that_rows_that_come_out_otherwise_end_the_match_and_are_told() -> None:
    memory = playing(1)
    rows(memory, 0, 29)
    fails(memory, "irreproducible", "frame 12 differs")
    assert outcomes(memory) == ["failed"]
    assert flags(memory) == ["not_reproduced"]


def test_that_a_word_of_a_process_that_is_gone_changes_nothing() -> None:
    memory = playing(1)
    ends(memory)
    before = memory.run.state.counts.copy()
    fails(memory)
    ends(memory)
    process(memory, "playing", frame=9)
    assert memory.run.state.counts == before
    assert outcomes(memory) == ["completed"]


# ---------------------------------------------------------------- the console


def test_that_the_console_sees_how_the_match_stands() -> None:
    memory = formed(2)
    assert (view(memory).state, view(memory).mode) == ("connecting", "server_authoritative")
    loaded(memory)
    ready(memory, "c", "d")
    process(memory, "playing", episode=1, frame=37, hz=29.8)
    shown = view(memory)
    assert (shown.state, shown.episode, shown.frame, shown.hz) == ("playing", 1, 37, 29.8)
    assert [(player.agent, player.stage) for player in shown.players] == [("a0", "playing"), ("a1", "playing")]
    memory.drop("d")
    assert [player.stage for player in view(memory).players] == ["playing", "away"]
    ends(memory)
    assert (view(memory).state, view(memory).hz) == ("completed", 0.0)


def test_that_reports_between_pages_have_no_place_in_such_a_game() -> None:
    memory = playing(2)
    memory.say("c", ReportMatch(match_id=the_match(memory), flag="void", detail="d"))
    assert memory.last("c", ErrorReply).code == "invalid"
    assert outcomes(memory) == []
