"""A random order that a group draws: one waitroom, one order, together to its end."""

from typing import Any

from engine_driver import Memory
from waiting_driver import (
    TIMEOUT,
    answer_probe,
    back,
    chain_of,
    duel,
    groups,
    join,
    matchmaking,
    outcome,
    page,
    reply,
    rules,
    stage,
    to_the_waitroom,
    visits_of,
    waitroom,
    waitrooms,
)

from mug.engine import fold
from mug.ids import ParticipantId
from mug.protocol.lab import ReleaseGroups
from mug.protocol.messages import Closed, ErrorReply, FinishVisit, MatchWaiting, ProbePartners, WaitContent
from mug.records import facts as f
from mug.study.model import RandomizeOrder, Repeat

GAMES = ("one", "two", "three")


def ordered(people: int = 2, *, release: str = "automatic", keep_n: int | None = None, **sections: Any) -> Memory:
    games = tuple(duel(name, people, **sections) for name in GAMES)
    return Memory(study=chain_of(RandomizeOrder(scenes=games, keep_n=keep_n), page("after")), release=release)


def order_of(memory: Memory, who: str) -> list[str]:
    return [scene for scene, _ in visits_of(memory, who) if scene in GAMES]


def play_on(memory: Memory, *connections: str) -> None:
    """Everybody starts the present game, is matched, and finishes it."""
    join(memory, *connections)
    for connection in connections:
        memory.finish(connection)


def test_that_the_wait_for_the_group_is_shown_like_a_waitroom() -> None:
    memory = ordered(3, matchmaking=matchmaking(hide_lobby_count=True))
    memory.hello("c", "p-c")
    memory.finish("c")
    shown = memory.scene("c")
    assert (shown.scene_id, shown.content) == ("order-1", WaitContent(needed=3, hide_lobby_count=True))
    assert (shown.index, shown.total) == (1, 4)
    join(memory, "c")
    told = memory.last("c", MatchWaiting)
    assert (told.waiting, told.needed, told.timeout_ms) == (0, 3, TIMEOUT)
    assert waitrooms(memory)["order-1"].node_path == (1,)
    memory.finish("c")
    assert memory.last("c", ErrorReply).code == "invalid"
    assert memory.scene("c").scene_id == "order-1"


def test_that_a_group_draws_one_order_and_plays_it_together() -> None:
    memory = ordered()
    to_the_waitroom(memory, "c", "d", "e", "f")
    state = memory.run.state
    assert order_of(memory, "p-c") == order_of(memory, "p-d")
    assert order_of(memory, "p-e") == order_of(memory, "p-f")
    assert sorted(order_of(memory, "p-c")) == sorted(GAMES)
    assert [scene for scene, _ in visits_of(memory, "p-c")] == [
        "start",
        "order-1",
        *order_of(memory, "p-c"),
        "after",
        "end",
    ]
    assert memory.scene("c").scene_id == order_of(memory, "p-c")[0]
    assert memory.scene("c").total == 7
    for _ in GAMES:
        join(memory, "c")
        join(memory, "e")
        assert stage(memory, "c") == "waiting"  # e waits in the same or another room, and is in another group
        join(memory, "d", "f")
        for connection in "cdef":
            memory.finish(connection)
    assert {frozenset(group) for group in groups(memory)} == {frozenset(("p-c", "p-d")), frozenset(("p-e", "p-f"))}
    assert len(groups(memory)) == 6
    assert {memory.scene(connection).scene_id for connection in "cdef"} == {"after"}
    formed = [fact for fact in memory.recorded if isinstance(fact, f.GroupFormed)]
    assert {fact.group_id for fact in formed} == {match.group_id for match in state.matches.values()}
    assert formed[0].members == ("p-c", "p-d")
    assert formed[0].node_path == (1,)
    assert fold(memory.written) == state


def test_that_groups_draw_different_orders() -> None:
    memory = ordered(keep_n=2)
    orders = set()
    for number in range(30):
        to_the_waitroom(memory, f"c{number}", f"d{number}")
        orders.add(tuple(order_of(memory, f"p-c{number}")))
    assert len(orders) == 6
    assert {len(order) for order in orders} == {2}


def test_that_roles_stay_over_the_groups_games_and_may_go_round() -> None:
    for roles, expected in (("arrival", [("p-c", "p-d")] * 3), ("swap", [("p-c", "p-d"), ("p-d", "p-c")] * 2)):
        memory = ordered(matchmaking=matchmaking(roles=roles))
        to_the_waitroom(memory, "c", "d")
        for _ in GAMES:
            play_on(memory, "d", "c")
        assert groups(memory) == expected[:3]


def test_that_a_member_who_is_away_for_a_while_is_waited_for() -> None:
    memory = ordered()
    to_the_waitroom(memory, "c", "d")
    join(memory, "c")
    memory.drop("d")
    memory.later(60_000)
    back(memory, "d", "d2")
    assert len(groups(memory)) == 1
    assert fold(memory.written) == memory.run.state


def test_that_a_member_whose_participation_is_over_is_not_waited_for() -> None:
    memory = ordered(waitroom=waitroom(timeout=40_000, timeout_message="Your partner is gone."))
    to_the_waitroom(memory, "c", "d")
    join(memory, "d")
    memory.later(35_000)
    assert groups(memory) == []
    memory.later(5_100)
    assert outcome(memory, "p-d") == "no_partner"
    join(memory, "c")
    assert outcome(memory, "p-c") == "no_partner"
    assert memory.last("c", Closed).message == "Your partner is gone."


def test_that_a_member_who_goes_on_alone_leaves_nobody_waiting() -> None:
    memory = ordered(waitroom=waitroom(timeout_scene_id="after"))
    to_the_waitroom(memory, "c", "d")
    join(memory, "c")
    memory.say("d", FinishVisit(visit_id=memory.scene("d").visit_id, outcome="failed"))
    memory.tick()
    assert memory.scene("c").scene_id == "after"
    assert [word for scene, word in visits_of(memory, "p-c") if scene in GAMES] == [
        "waitroom_timeout",
        "skipped",
        "skipped",
    ]
    second = order_of(memory, "p-d")[1]
    assert memory.scene("d").scene_id == second
    join(memory, "d")
    assert memory.scene("d").scene_id == "after"
    assert outcome(memory, "p-d") is None


def test_that_the_wait_for_a_group_has_an_end_too() -> None:
    memory = ordered(waitroom=waitroom(timeout=30_000, timeout_scene_id="after"))
    to_the_waitroom(memory, "c")
    memory.later(30_100)
    assert memory.scene("c").scene_id == "after"
    assert visits_of(memory, "p-c")[1] == ("order-1", "waitroom_timeout")


def test_that_a_groups_order_is_let_go_once_by_the_experimenter() -> None:
    memory = ordered(release="experimenter")
    memory.lab_in()
    to_the_waitroom(memory, "c", "d", "e")
    assert stage(memory, "c") == "held"
    memory.ask(ReleaseGroups(request_id="1", node_path=(1,)))
    assert reply(memory) == ""
    (formed,) = [fact for fact in memory.recorded if isinstance(fact, f.GroupFormed)]
    assert (formed.members, formed.released_by) == (("p-c", "p-d"), "experimenter")
    join(memory, "c", "d")
    assert groups(memory) == [("p-c", "p-d")]
    for connection in "cd":
        memory.finish(connection)
    join(memory, "c")
    path = memory.run.state.current_visit(memory.run.state.participants[ParticipantId("p-c")])
    assert path is not None
    memory.ask(ReleaseGroups(request_id="2", node_path=path.planned.node_path, groups=(("p-c", "p-d"),)))
    assert reply(memory) == "p-d does not wait there"


def test_that_groups_that_drew_their_order_are_not_mixed_by_hand() -> None:
    memory = ordered(keep_n=1)
    memory.lab_in()
    for number in range(12):
        to_the_waitroom(memory, f"c{number}", f"d{number}")
    first = {order_of(memory, f"p-c{number}")[0]: [] for number in range(12)}  # type: ignore[var-annotated]
    for number in range(12):
        first[order_of(memory, f"p-c{number}")[0]].append(number)
    one, other = next(numbers for numbers in first.values() if len(numbers) > 1)[:2]
    join(memory, f"c{one}", f"c{other}")
    visit = memory.run.state.current_visit(memory.run.state.participants[ParticipantId(f"p-c{one}")])
    assert visit is not None
    memory.ask(ReleaseGroups(request_id="1", node_path=visit.planned.node_path, groups=((f"p-c{one}", f"p-c{other}"),)))
    assert "they belong to the groups that drew the order" in reply(memory)
    assert groups(memory) == []


def test_that_a_group_is_measured_once_where_a_limit_holds() -> None:
    memory = ordered(matchmaking=matchmaking(max_rtt=50))
    to_the_waitroom(memory, "c", "d")
    assert stage(memory, "c") == "probing"
    answer_probe(memory, 20.0)
    join(memory, "c", "d")
    assert groups(memory) == [("p-c", "p-d")]
    assert len(memory.to("c", ProbePartners)) == 1


def test_that_a_restart_keeps_groups_and_their_orders() -> None:
    memory = ordered()
    to_the_waitroom(memory, "c", "d")
    play_on(memory, "c", "d")
    order = order_of(memory, "p-c")
    join(memory, "c")
    memory.crash_and_restart()
    assert order_of(memory, "p-c") == order_of(memory, "p-d") == order
    back(memory, "c", "c2")
    back(memory, "d", "d2")
    assert len(groups(memory)) == 2
    assert {memory.scene("c2").scene_id, memory.scene("d2").scene_id} == {order[1]}
    assert fold(memory.written) == memory.run.state


def test_that_who_joins_again_after_the_group_went_is_shown_its_first_game() -> None:
    memory = ordered()
    to_the_waitroom(memory, "c", "d")
    waited = next(shown for shown in memory.sent if getattr(shown[1], "scene_id", "") == "order-1")[1]
    memory.say("c", FinishVisit(visit_id=waited.visit_id))  # type: ignore[attr-defined]
    assert memory.scene("c").scene_id == order_of(memory, "p-c")[0]


def test_that_an_order_inside_rounds_is_drawn_in_every_round() -> None:
    games = tuple(duel(name) for name in GAMES[:2])
    memory = Memory(study=chain_of(Repeat(n=2, scenes=(RandomizeOrder(scenes=games),))))
    to_the_waitroom(memory, "c", "d")
    for _ in range(2):
        play_on(memory, "c", "d")
    join(memory, "d", "c")  # the second round's wait
    assert len([fact for fact in memory.recorded if isinstance(fact, f.GroupFormed)]) == 2
    for _ in range(2):
        play_on(memory, "c", "d")
    assert memory.scene("c").scene_id == memory.scene("d").scene_id == "end"
    assert len(groups(memory)) == 4
    visits = memory.run.state.visits.values()
    assert {v.planned.repetition for v in visits if v.planned.scene_id in GAMES} == {(0,), (1,)}
    assert fold(memory.written) == memory.run.state


def test_that_pages_and_games_for_one_in_a_groups_order_need_no_partner() -> None:
    scenes = (duel("one"), page("read"), duel("alone", 1))
    memory = Memory(study=chain_of(RandomizeOrder(scenes=scenes, per="group")))
    to_the_waitroom(memory, "c", "d")
    for _ in range(3):
        for connection in "cd":
            if memory.scene(connection).scene_id == "one":
                join(memory, connection)
        for connection in "cd":
            memory.finish(connection)
    assert memory.scene("c").scene_id == memory.scene("d").scene_id == "end"
    assert groups(memory) == [("p-c", "p-d")]


def test_that_known_partners_come_together_for_an_order() -> None:
    known = rules(wait_for_known_group=True)
    games = tuple(duel(name, multiplayer=known) for name in GAMES)
    memory = Memory(study=chain_of(duel("first"), RandomizeOrder(scenes=games)))
    to_the_waitroom(memory, "c", "d", "e", "f")
    for connection in "cedf":
        memory.finish(connection)
    join(memory, "c", "e")
    assert stage(memory, "c") == stage(memory, "e") == "returning"
    join(memory, "d", "f")
    formed = [fact.members for fact in memory.recorded if isinstance(fact, f.GroupFormed)]
    assert formed == [("p-c", "p-d"), ("p-e", "p-f")]


def test_that_a_member_who_was_excluded_is_not_waited_for() -> None:
    memory = ordered(waitroom=waitroom(timeout_scene_id="after"))
    to_the_waitroom(memory, "c", "d")
    join(memory, "c")
    core = memory.run._core  # who excludes people is another part of the engine
    core.record(f.ParticipantFinished(at=core.now(), participant_id="p-d", outcome="excluded"))
    core.changed.add(ParticipantId("p-d"))
    memory.tick()
    assert memory.scene("c").scene_id == "after"


def test_that_who_was_excluded_while_waiting_waits_no_more() -> None:
    memory = ordered()
    to_the_waitroom(memory, "c")
    core = memory.run._core
    core.record(f.ParticipantFinished(at=core.now(), participant_id="p-c", outcome="excluded"))
    to_the_waitroom(memory, "d", "e")
    formed = [fact.members for fact in memory.recorded if isinstance(fact, f.GroupFormed)]
    assert formed == [("p-d", "p-e")]
