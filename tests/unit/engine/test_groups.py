"""Who was in a group with whom, over scenes: history, reunion, strangers, roles, known groups."""

from typing import Any

import pytest
from engine_driver import Memory
from waiting_driver import (
    TIMEOUT,
    chain_of,
    duel,
    finish_match,
    groups,
    join,
    matchmaking,
    outcome,
    page,
    rules,
    stage,
    to_the_waitroom,
    waitroom,
)

from mug.engine import fold
from mug.engine.groups import group_history, history_of
from mug.ids import ParticipantId
from mug.protocol.lab import LabBatch
from mug.protocol.messages import FinishVisit, ReportMatch
from mug.records import facts as f
from mug.study.matchmaking import GroupReunionMatchmaker, StrangersMatchmaker

BUILT_IN = {
    "m:reunion": GroupReunionMatchmaker(fallback_to_fifo=False),
    "m:strangers": StrangersMatchmaker(),
}


def two_games(people: int = 2, between: bool = False, first: Any = None, **sections: Any) -> Memory:
    nodes = [
        duel("one", people, **(first or {})),
        *([page("between")] if between else []),
        duel("two", people, **sections),
    ]
    return Memory(study=chain_of(*nodes), matchmakers=BUILT_IN)


def play_first(memory: Memory, *connections: str) -> None:
    """They are matched in the first game in this order, play, and stand before the second one."""
    to_the_waitroom(memory, *connections)
    finish_match(memory, *connections)


def second(memory: Memory) -> list[tuple[str, ...]]:
    return [
        tuple(who for who in fact.agents.values())
        for fact in memory.recorded
        if isinstance(fact, f.MatchFormed) and fact.scene_id == "two"
    ]


def test_that_the_history_says_who_with_whom_as_what_and_how_it_ended() -> None:
    memory = two_games()
    to_the_waitroom(memory, "c", "d")
    state = memory.run.state
    (running,) = history_of(state, ParticipantId("p-c"))
    assert (running.partners, running.role, running.outcome) == (("p-d",), "a0", None)
    finish_match(memory, "c", "d")
    (played,) = history_of(state, ParticipantId("p-d"))
    assert (played.scene_id, played.partners, played.role, played.outcome) == ("one", ("p-c",), "a1", "completed")
    join(memory, "d", "c")
    history = group_history(state, ParticipantId("p-c"))
    assert history is not None
    assert (history.previous_partners, history.source_scene_id, history.role) == (("p-d",), "two", "a1")
    assert history.earlier_partners == ("p-d",)
    formed = [fact for fact in memory.recorded if isinstance(fact, f.MatchFormed)]
    assert formed[0].group_id == formed[1].group_id == history.group_id
    assert fold(memory.written) == state


@pytest.mark.parametrize(
    ("end", "word", "others"),
    [("failed", "dropped", "failed"), ("refused", "refused", "refused"), ("void", "dropped", "void")],
)
def test_that_every_ending_is_in_the_history(end: str, word: str, others: str) -> None:
    memory = two_games(first={"multiplayer": rules(dropout_policy="default_action")})
    to_the_waitroom(memory, "c", "d")
    match = next(iter(memory.run.state.matches))
    if end == "failed":
        memory.say("c", FinishVisit(visit_id=memory.scene("c").visit_id, outcome="failed"))
        memory.say("d", FinishVisit(visit_id=memory.scene("d").visit_id, outcome="failed"))
    else:
        memory.say("c", ReportMatch(match_id=match, flag=end, detail="d"))
    state = memory.run.state
    assert [history_of(state, ParticipantId(who))[0].outcome for who in ("p-c", "p-d")] == [word, others]


def test_that_people_without_a_past_have_no_history() -> None:
    memory = two_games()
    to_the_waitroom(memory, "c")
    assert history_of(memory.run.state, ParticipantId("p-c")) == ()
    assert group_history(memory.run.state, ParticipantId("p-c")) is None


def test_that_reunion_brings_former_partners_together() -> None:
    memory = two_games(matchmaking=matchmaking(matchmaker="m:reunion"))
    play_first(memory, "c", "d", "e", "f")
    join(memory, "c", "e")
    assert second(memory) == []
    join(memory, "f", "d")
    assert {frozenset(group) for group in second(memory)} == {frozenset(("p-e", "p-f")), frozenset(("p-c", "p-d"))}


def test_that_strangers_have_never_met() -> None:
    memory = two_games(matchmaking=matchmaking(matchmaker="m:strangers"))
    play_first(memory, "c", "d", "e", "f")
    join(memory, "c", "d")
    assert second(memory) == []
    join(memory, "e")
    assert second(memory) == [("p-c", "p-e")]
    join(memory, "f")
    assert second(memory)[1:] == [("p-d", "p-f")]


def test_that_three_strangers_have_none_of_them_met() -> None:
    memory = Memory(
        study=chain_of(duel("one", 2), duel("two", 3, matchmaking=matchmaking(matchmaker="m:strangers"))),
        matchmakers=BUILT_IN,
    )
    play_first(memory, "c", "d", "e", "f", "g", "h")
    join(memory, "c", "d", "e", "f")
    assert second(memory) == []
    join(memory, "h")
    assert second(memory) == [("p-c", "p-e", "p-h")]


@pytest.mark.parametrize(
    ("roles", "order", "expected"),
    [
        ("arrival", "dc", ("p-d", "p-c")),
        ("keep", "dc", ("p-c", "p-d")),
        ("swap", "cd", ("p-d", "p-c")),
        ("swap", "dc", ("p-d", "p-c")),
    ],
)
def test_that_two_keep_or_swap_their_roles(roles: str, order: str, expected: tuple[str, ...]) -> None:
    memory = two_games(matchmaking=matchmaking(roles=roles))
    play_first(memory, "c", "d")
    join(memory, *order)
    assert second(memory) == [expected]


def test_that_roles_go_round_among_three_and_four() -> None:
    for people, names, turned in ((3, "cde", "ecd"), (4, "cdef", "fcde")):
        memory = two_games(people, matchmaking=matchmaking(roles="swap"))
        play_first(memory, *names)
        join(memory, *reversed(names))
        assert second(memory) == [tuple(f"p-{name}" for name in turned)]


def test_that_roles_are_kept_as_far_as_two_do_not_want_the_same() -> None:
    memory = two_games(matchmaking=matchmaking(matchmaker="m:strangers", roles="keep"))
    play_first(memory, "c", "d", "e", "f")
    join(memory, "d", "e", "c", "f")
    assert second(memory) == [("p-e", "p-d"), ("p-c", "p-f")]


def test_that_a_lot_for_roles_falls_both_ways_and_is_the_same_after_a_restart() -> None:
    orders = set()
    for number in range(16):
        memory = Memory(study=chain_of(duel("one", matchmaking=matchmaking(roles="random"))))
        to_the_waitroom(memory, f"c{number}", "d")
        (group,) = groups(memory)
        orders.add(group[0] == "p-d")
    assert orders == {True, False}


# ---------------------------------------------------------------- waiting for a known group


def known(people: int = 2, **fields: Any) -> Memory:
    section = rules(wait_for_known_group=True, group_wait_timeout=30_000)
    return two_games(people, between=True, multiplayer=section, **fields)


def before_second(memory: Memory, *connections: str) -> None:
    """From the first game over the page between."""
    for connection in connections:
        memory.finish(connection)


def test_that_a_known_group_waits_for_each_other() -> None:
    memory = known()
    play_first(memory, "c", "d", "e", "f")
    before_second(memory, "c", "e", "d", "f")
    join(memory, "c", "e")
    assert second(memory) == []
    assert stage(memory, "c") == stage(memory, "e") == "returning"
    join(memory, "d")
    assert second(memory) == [("p-c", "p-d")]
    join(memory, "f")
    assert second(memory)[1:] == [("p-e", "p-f")]


def test_that_after_the_time_for_the_group_others_are_taken() -> None:
    memory = known()
    play_first(memory, "c", "d", "e", "f")
    before_second(memory, "c", "e")
    join(memory, "c")
    memory.later(10_000)
    join(memory, "e")
    memory.later(20_100)
    assert stage(memory, "c") == "waiting"
    assert stage(memory, "e") == "returning"
    assert second(memory) == []
    memory.later(10_000)
    assert second(memory) == [("p-c", "p-e")]


def test_that_a_partner_who_has_gone_past_the_game_is_not_waited_for() -> None:
    memory = known()
    play_first(memory, "c", "d", "e", "f")
    before_second(memory, "c", "d", "e", "f")
    join(memory, "c", "e")
    assert stage(memory, "c") == "returning"
    for connection in "df":
        memory.say(connection, FinishVisit(visit_id=memory.scene(connection).visit_id, outcome="failed"))
        assert memory.scene(connection).scene_id == "end"
    memory.tick()
    assert second(memory) == [("p-c", "p-e")]


def test_that_a_partner_whose_participation_is_over_is_not_waited_for() -> None:
    memory = known(waitroom=waitroom(timeout=5_000))
    play_first(memory, "c", "d", "e", "f")
    before_second(memory, "c", "d", "e", "f")
    join(memory, "d", "f")
    memory.later(5_100)
    assert outcome(memory, "p-d") == outcome(memory, "p-f") == "no_partner"
    join(memory, "c", "e")
    assert second(memory) == [("p-c", "p-e")]


def test_that_a_console_hears_when_nobody_is_waited_for_any_more() -> None:
    memory = known()
    memory.lab_in()
    play_first(memory, "c", "d")
    before_second(memory, "c")
    join(memory, "c")
    memory.tick()

    def shown() -> str:
        rooms = [room for message in memory.lab if isinstance(message, LabBatch) for room in message.waitrooms]
        return [room for room in rooms if room.scene_id == "two"][-1].waiting[0].state

    assert shown() == "returning"
    memory.later(60_100)
    memory.tick()
    assert stage(memory, "c") == shown() == "waiting"


def test_that_the_longest_wait_holds_for_a_known_group_too() -> None:
    memory = known(waitroom=waitroom(timeout=20_000))
    play_first(memory, "c", "d")
    before_second(memory, "c")
    join(memory, "c")
    memory.later(20_100)
    assert outcome(memory, "p-c") == "no_partner"


def test_that_people_without_a_group_are_matched_at_once() -> None:
    memory = Memory(study=chain_of(duel("two", multiplayer=rules(wait_for_known_group=True))))
    to_the_waitroom(memory, "c", "d")
    assert second(memory) == [("p-c", "p-d")]


def test_that_a_known_group_of_another_size_is_none() -> None:
    memory = Memory(study=chain_of(duel("one", 2), duel("two", 3, multiplayer=rules(wait_for_known_group=True))))
    play_first(memory, "c", "d", "e", "f")
    join(memory, "c", "e", "d")
    assert second(memory) == [("p-c", "p-e", "p-d")]


def test_that_a_wait_for_the_group_survives_a_restart() -> None:
    memory = known()
    play_first(memory, "c", "d")
    before_second(memory, "c", "d")
    join(memory, "c")
    memory.crash_and_restart()
    for old, new in (("c", "c2"), ("d", "d2")):
        memory.hello(new, f"p-{old}", tab=old, token=memory.token(old))
    join(memory, "c2")
    assert stage(memory, "c2") == "returning"
    join(memory, "d2")
    assert second(memory) == [("p-c", "p-d")]
    memory.later(2 * TIMEOUT)
    assert fold(memory.written) == memory.run.state


def test_that_a_partner_who_has_another_group_since_is_not_waited_for() -> None:
    section = rules(wait_for_known_group=True, group_wait_timeout=30_000)
    memory = Memory(study=chain_of(duel("one"), duel("middle"), duel("two", multiplayer=section)))
    play_first(memory, "c", "d", "e", "f")
    memory.say("c", FinishVisit(visit_id=memory.scene("c").visit_id, outcome="failed"))
    memory.say("f", FinishVisit(visit_id=memory.scene("f").visit_id, outcome="failed"))
    join(memory, "d", "e")
    finish_match(memory, "d", "e")
    join(memory, "c", "d")
    assert stage(memory, "c") == "waiting"
    assert stage(memory, "d") == "returning"
    join(memory, "e")
    assert second(memory) == [("p-d", "p-e")]
    join(memory, "f")
    assert second(memory)[1:] == [("p-c", "p-f")]
