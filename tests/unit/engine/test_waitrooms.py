"""Waitrooms: how long people wait, what happens then, and what reloads and restarts do to it."""

import pytest
from engine_driver import Memory
from waiting_driver import (
    TIMEOUT,
    back,
    chain_of,
    content,
    duel,
    groups,
    is_matched,
    join,
    matchmaking,
    outcome,
    page,
    session,
    stage,
    to_the_waitroom,
    visits_of,
    waitroom,
    waitrooms,
)

from mug.engine import fold
from mug.engine.effects import ObserveWaitroom
from mug.protocol.lab import EndSession, LabBatch
from mug.protocol.messages import Closed, ErrorReply, FinishVisit, JoinMatch, MatchWaiting, Pulse
from mug.protocol.parts import ResumeCandidate
from mug.records import facts as f
from mug.study.model import RandomizeOrder


def test_that_a_wait_without_partners_ends_with_the_studys_message_and_address() -> None:
    memory = session(waitroom=waitroom(timeout_message="Nobody came.", timeout_redirect_url="https://lab.example/x"))
    to_the_waitroom(memory, "c")
    told = memory.last("c", MatchWaiting)
    assert (told.waiting, told.needed, told.stage, told.timeout_ms) == (1, 2, "waiting", TIMEOUT)
    memory.later(TIMEOUT - 1)
    assert outcome(memory, "p-c") is None
    memory.later(3)
    assert visits_of(memory, "p-c")[1] == ("duel", "waitroom_timeout")
    (finished,) = [fact for fact in memory.recorded if isinstance(fact, f.ParticipantFinished)]
    assert (finished.outcome, finished.reason, finished.message) == ("no_partner", "waitroom_timeout", "Nobody came.")
    closed = memory.last("c", Closed)
    assert (closed.reason, closed.message, closed.redirect_url) == (
        "no_partner",
        "Nobody came.",
        "https://lab.example/x",
    )
    to_the_waitroom(memory, "d")
    assert groups(memory) == []
    assert fold(memory.written) == memory.run.state


def test_that_a_wait_without_partners_may_go_on_at_a_later_scene() -> None:
    rules = waitroom(timeout=5_000, timeout_scene_id="alone", timeout_message="You go on alone.")
    memory = Memory(study=chain_of(duel("duel", waitroom=rules), page("skipped"), page("alone"), page("after")))
    to_the_waitroom(memory, "c")
    memory.later(5_002)
    shown = memory.scene("c")
    assert (shown.scene_id, shown.notice) == ("alone", "You go on alone.")
    assert visits_of(memory, "p-c")[1:4] == [("duel", "waitroom_timeout"), ("skipped", "skipped"), ("alone", None)]
    back(memory, "c", "c2", joins=False)
    assert (memory.scene("c2").scene_id, memory.scene("c2").notice) == ("alone", "You go on alone.")
    memory.finish("c2")
    assert (memory.scene("c2").scene_id, memory.scene("c2").notice) == ("after", "")
    assert fold(memory.written) == memory.run.state


def test_that_a_scene_that_does_not_come_any_more_ends_the_participation() -> None:
    order = RandomizeOrder(
        per="participant", scenes=(duel("duel", waitroom=waitroom(timeout=1_000, timeout_scene_id="p")), page("p"))
    )
    outcomes = set()
    for number in range(12):
        memory = Memory(study=chain_of(order))
        name = f"c{number}"
        memory.hello(name, f"p-{name}")
        memory.finish(name)
        came_first = memory.scene(name).scene_id
        if came_first == "p":
            memory.finish(name)
        join(memory, name)
        memory.later(1_002)
        outcomes.add((came_first, outcome(memory, f"p-{name}")))
    assert outcomes == {("duel", None), ("p", "no_partner")}


def test_that_no_limit_means_no_limit() -> None:
    memory = session(waitroom=waitroom(timeout=0))
    to_the_waitroom(memory, "c")
    assert memory.last("c", MatchWaiting).timeout_ms is None
    memory.later(100_000_000)
    assert outcome(memory, "p-c") is None
    to_the_waitroom(memory, "d")
    assert groups(memory) == [("p-c", "p-d")]


def test_that_the_time_counts_from_the_first_coming_over_a_reload() -> None:
    memory = session()
    to_the_waitroom(memory, "c")
    memory.later(100_000)
    memory.drop("c")
    memory.later(1_000)
    back(memory, "c", "c2")
    assert memory.last("c2", MatchWaiting).waited_ms == pytest.approx(101_000)
    memory.later(TIMEOUT - 101_000 - 10)
    assert outcome(memory, "p-c") is None
    memory.later(12)
    assert outcome(memory, "p-c") == "no_partner"
    assert len([fact for fact in memory.recorded if isinstance(fact, f.WaitStarted)]) == 1


def test_that_a_page_that_is_loaded_again_is_told_that_it_waits_already() -> None:
    memory = session()
    to_the_waitroom(memory, "c")
    assert not content(memory, "c").waits, "the first time somebody has to press Start"
    memory.drop("c")
    back(memory, "c", "c2", joins=False)
    assert content(memory, "c2").waits
    to_the_waitroom(memory, "d")
    join(memory, "c2")
    assert is_matched(memory, "c2")
    memory.drop("c2")
    back(memory, "c2", "c3", joins=False)
    assert not content(memory, "c3").waits, "the wait is over"
    assert fold(memory.written) == memory.run.state


def test_that_a_page_that_is_soon_back_keeps_its_place_and_a_later_one_does_not() -> None:
    for away_ms, first in ((9_000, "p-c"), (11_000, "p-d")):
        memory = session(3)
        to_the_waitroom(memory, "c", "d")
        memory.drop("c")
        memory.later(away_ms)
        back(memory, "c", "c2")
        to_the_waitroom(memory, "e")
        assert groups(memory)[0][0] == first


def test_that_who_is_away_is_not_matched_and_may_be_as_soon_as_the_page_is_back() -> None:
    memory = session()
    to_the_waitroom(memory, "c")
    memory.drop("c")
    to_the_waitroom(memory, "d")
    assert groups(memory) == []
    assert memory.last("d", MatchWaiting).waiting == 1
    back(memory, "c", "c2")
    assert groups(memory) == [("p-c", "p-d")]


def test_that_a_time_that_was_up_while_away_is_told_to_who_comes_back() -> None:
    memory = session(waitroom=waitroom(timeout_message="Nobody came."))
    to_the_waitroom(memory, "c")
    memory.drop("c")
    memory.later(TIMEOUT + 2)
    assert outcome(memory, "p-c") == "no_partner"
    back(memory, "c", "c2", joins=False)
    closed = memory.last("c2", Closed)
    assert (closed.reason, closed.message) == ("no_partner", "Nobody came.")


def test_that_a_time_that_was_up_before_the_page_joins_again_is_told_to_that_page() -> None:
    memory = session()
    to_the_waitroom(memory, "c")
    memory.later(1_000)
    kept = ResumeCandidate(session_id="s1", participant_id="p-c", token=memory.token("c"))
    memory.hello("x", "p-c", tab="c", candidates=(kept,))
    memory.later(TIMEOUT)
    assert memory.last("x", Closed).reason == "no_partner"
    join(memory, "x")
    assert memory.last("x", ErrorReply).code == "not_current"


def test_that_a_restart_keeps_who_waits_since_when_and_in_which_order() -> None:
    memory = session(3)
    to_the_waitroom(memory, "c")
    memory.later(10_000)
    to_the_waitroom(memory, "d")
    memory.crash_and_restart()
    room = waitrooms(memory)["duel"]
    assert [place.participant_id for place in room.waiting] == ["p-c", "p-d"]
    back(memory, "d", "d2")
    back(memory, "c", "c2")
    assert memory.last("c2", MatchWaiting).waited_ms == pytest.approx(10_000)
    to_the_waitroom(memory, "e")
    assert groups(memory) == [("p-c", "p-d", "p-e")]
    assert fold(memory.written) == memory.run.state


def test_that_nobodys_time_is_up_at_once_after_a_restart() -> None:
    memory = session()
    to_the_waitroom(memory, "c")
    memory.crash_and_restart()
    memory.clock.ms += 10 * TIMEOUT
    memory.crash_and_restart()
    memory.later(29_000)
    memory.tick()
    assert outcome(memory, "p-c") is None
    back(memory, "c", "c2")
    assert stage(memory, "c2") == "waiting"
    memory.later(1_002)
    assert outcome(memory, "p-c") == "no_partner"


def test_that_a_session_that_was_restarted_after_its_end_waits_for_nobody() -> None:
    memory = session()
    to_the_waitroom(memory, "c")
    memory.ask(EndSession(request_id="1", reason="over"))
    memory.crash_and_restart()
    memory.later(10 * TIMEOUT)
    memory.tick()
    assert outcome(memory, "p-c") is None
    assert waitrooms(memory) == {}


def test_that_a_hundred_who_come_at_one_moment_are_each_in_one_match() -> None:
    memory = session(3)
    memory.hold_disk = True
    names = [f"c{number}" for number in range(100)]
    for name in names:
        memory.hello(name, f"p-{name}")
        memory.commit()
        memory.finish(name)
    memory.commit()
    join(memory, *names)
    join(memory, *reversed(names))
    memory.commit()
    players = [who for group in groups(memory) for who in group]
    assert len(groups(memory)) == 33
    assert len(players) == len(set(players)) == 99
    assert groups(memory)[:2] == [("p-c0", "p-c1", "p-c2"), ("p-c3", "p-c4", "p-c5")]
    assert fold(memory.written) == memory.run.state


def test_that_a_crowd_is_told_its_count_with_the_clock() -> None:
    memory = session(4, matchmaking=matchmaking(matchmaker="own.py:never"))  # asked, and never answered
    names = [f"c{number}" for number in range(60)]
    to_the_waitroom(memory, *names)
    before = len(memory.to("c0", MatchWaiting))
    assert before < 60
    memory.tick()
    assert memory.last("c0", MatchWaiting).waiting == 60
    assert memory.last("c59", MatchWaiting).waiting == 60
    memory.tick()
    assert len(memory.to("c0", MatchWaiting)) == before + 1


def test_that_waiting_twice_is_waiting_once() -> None:
    memory = session()
    to_the_waitroom(memory, "c")
    join(memory, "c", "c")
    assert groups(memory) == []
    assert [told.waiting for told in memory.to("c", MatchWaiting)] == [1, 1, 1]
    assert len([fact for fact in memory.recorded if isinstance(fact, f.WaitStarted)]) == 1


def test_that_nobody_waits_for_somebody_else_or_after_the_end() -> None:
    memory = session()
    to_the_waitroom(memory, "c")
    memory.hello("x", "p-x")
    memory.say("x", JoinMatch(visit_id=memory.scene("c").visit_id))
    assert memory.last("x", ErrorReply).code == "foreign_visit"
    memory.say("y", JoinMatch(visit_id=memory.scene("c").visit_id))
    assert memory.last("y", ErrorReply).code == "no_hello"
    memory.later(TIMEOUT + 2)
    join(memory, "c")
    assert memory.last("c", ErrorReply).code == "not_current"


def test_that_a_game_of_several_people_cannot_be_completed_alone() -> None:
    memory = session()
    to_the_waitroom(memory, "c")
    memory.finish("c")
    assert memory.last("c", ErrorReply).code == "invalid"
    assert visits_of(memory, "p-c")[1] == ("duel", None)
    memory.say("c", FinishVisit(visit_id=memory.scene("c").visit_id, outcome="failed"))
    assert memory.scene("c").scene_id == "end"
    memory.later(10 * TIMEOUT)
    assert outcome(memory, "p-c") == "complete"


def test_that_the_console_sees_who_waits_and_an_empty_waitroom_once() -> None:
    memory = session()
    memory.lab_in()
    to_the_waitroom(memory, "c")
    memory.tick()
    (room,) = [batch for batch in memory.lab if isinstance(batch, LabBatch)][-1].waitrooms
    (place,) = room.waiting
    assert (room.node_path, room.scene_id, room.needed) == ((1,), "duel", 2)
    assert (place.participant_id, place.state) == ("p-c", "waiting")
    assert place.timeout_at is not None
    assert place.timeout_at > place.since
    to_the_waitroom(memory, "d")
    memory.tick()
    batch = [batch for batch in memory.lab if isinstance(batch, LabBatch)][-1]
    assert [room.waiting for room in batch.waitrooms] == [()]
    memory.later(500)
    memory.tick()
    join(memory, "c")
    memory.tick()
    last = [batch for batch in memory.lab if isinstance(batch, LabBatch)][-1]
    assert last is batch or last.waitrooms == ()
    assert is_matched(memory, "c")


def test_that_the_games_callback_hears_of_its_waitroom() -> None:
    memory = session(2, callback="own.py:told")
    to_the_waitroom(memory, "c")
    memory.later(1_000)
    memory.drop("c")
    back(memory, "c", "c2")
    to_the_waitroom(memory, "d", "e")
    memory.later(TIMEOUT + 2)
    told = [effect for effect in memory.others if isinstance(effect, ObserveWaitroom)]
    assert [(effect.hook, effect.context["subject_ids"]) for effect in told] == [
        ("start", ["p-c"]),
        ("join", ["p-c"]),
        ("join", ["p-d"]),
        ("end", ["p-c", "p-d"]),
        ("start", ["p-e"]),
        ("join", ["p-e"]),
        ("timeout", ["p-e"]),
    ]
    joined = told[2]
    assert (joined.ref, joined.context["waiting"], joined.context["needed"]) == ("own.py:told", ["p-c", "p-d"], 2)
    assert told[-1].context["waited_ms"] == pytest.approx(TIMEOUT, abs=5)


def test_that_a_page_that_fell_silent_is_not_matched_until_it_is_heard_again() -> None:
    memory = session()
    to_the_waitroom(memory, "c")
    memory.say("c", Pulse(n=0, client_ms=0.0))
    memory.clock.ms += 6_100
    memory.tick()
    to_the_waitroom(memory, "d")
    assert groups(memory) == []
    assert memory.last("d", MatchWaiting).waiting == 1
    memory.say("c", Pulse(n=1, client_ms=0.0))
    assert groups(memory) == [("p-c", "p-d")]


def test_that_the_pulse_of_a_page_that_has_not_joined_again_puts_nobody_into_a_match() -> None:
    memory = session()
    to_the_waitroom(memory, "c")
    memory.say("c", Pulse(n=0, client_ms=0.0))
    memory.drop("c")
    back(memory, "c", "c2", joins=False)
    memory.say("c2", Pulse(n=0, client_ms=0.0))
    to_the_waitroom(memory, "d")
    assert groups(memory) == []
    join(memory, "c2")
    assert groups(memory) == [("p-c", "p-d")]
