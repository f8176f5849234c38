"""Desks: who may be one, when it is ready, when somebody begins there, and what can be asked of it."""

import math

import pytest
from engine_driver import Memory
from seat_driver import GOOD, ask, asked, at_home, done, pairs, ready, replies, reports, room, seats, stage

from mug.ids import ParticipantId
from mug.protocol.lab import EndSession, LabSnapshot
from mug.protocol.lab_console import ProbeSeats
from mug.protocol.messages import ErrorReply, Pulse, PulseEcho, ShowScene, Welcome
from mug.protocol.parts import ResumeCandidate
from mug.protocol.seats import SEAT_CHECKS, SeatAsked, SeatCheck, SeatDone, SeatRefused, SeatReport, SeatWelcome
from mug.records import facts as f


def sit_down(memory: Memory, desk: str, connection: str = "") -> str:
    """The page at a desk does as it was asked, and begins; returns who takes part."""
    connection = connection or desk
    done(memory, desk, connection=connection)
    memory.hello(connection, seat=desk, candidates=candidates(memory, desk))
    return str(list(memory.run.state.participants)[-1])


def candidates(memory: Memory, desk: str) -> tuple[ResumeCandidate, ...]:
    return tuple(
        ResumeCandidate(session_id="s1", participant_id=welcome.participant_id, token=welcome.token)
        for where, welcome in memory.sent
        if isinstance(welcome, Welcome) and where.split("/")[0] == desk
    )


def finish_all(memory: Memory, connection: str) -> None:
    """Go to the end of the short study without playing."""
    for _ in range(2):
        memory.finish(connection)


def test_that_a_desk_warms_up_and_is_ready_when_all_checks_are_good() -> None:
    memory = room()
    assert seats(memory) == {}
    at_home(memory, "PC-01")
    assert memory.last("PC-01", SeatWelcome).desk == "PC-01"
    assert seats(memory)["PC-01"].state == "warming"
    reports(memory, "PC-01", SeatCheck(name="runtime"))
    assert seats(memory)["PC-01"].state == "warming"
    reports(memory, "PC-01", SeatCheck(name="focus", state="bad", text="click on this page"), rtt_ms=4.0)
    view = seats(memory)["PC-01"]
    assert (view.state, view.rtt_ms, view.browser) == ("trouble", 4.0, "chrome 140")
    assert [check.text for check in view.checks if check.state == "bad"] == ["click on this page"]
    reports(memory, "PC-01", clock_offset_ms=7_200_000.0)
    view = seats(memory)["PC-01"]
    assert (view.state, view.clock_offset_ms) == ("ready", 7_200_000.0)
    assert memory.last("PC-01", PulseEcho).client_ms == 5.0
    memory.lab_in("later")
    assert isinstance(memory.lab[-1], LabSnapshot)
    assert [seat.desk for seat in memory.lab[-1].seats] == ["PC-01"]


@pytest.mark.parametrize(
    ("desk", "fields", "reason"),
    [("../x", {}, "bad_desk"), ("", {}, "bad_desk"), ("a b", {}, "bad_desk"), ("PC-01", {"protocol": 99}, "protocol")],
)
def test_that_a_page_that_cannot_be_a_desk_is_told_why(desk: str, fields: dict[str, int], reason: str) -> None:
    memory = room()
    at_home(memory, desk, connection="c", **fields)
    assert memory.last("c", SeatRefused).reason == reason
    assert seats(memory) == {}


def test_that_a_second_tab_is_turned_away_while_the_first_lives_and_a_reload_is_not() -> None:
    memory = room()
    ready(memory, "PC-01")
    at_home(memory, "PC-01", connection="other")
    assert memory.last("other", SeatRefused).reason == "taken"
    at_home(memory, "PC-01", connection="again", tab="PC-01")
    assert memory.last("again", SeatWelcome)
    assert memory.closed == ["PC-01"]
    memory.drop("PC-01")  # the end of the old page's connection comes late, and changes nothing
    reports(memory, "PC-01", connection="again")
    assert seats(memory)["PC-01"].state == "ready"


def test_that_a_desk_that_falls_silent_is_lost_and_another_tab_may_take_it() -> None:
    memory = room()
    ready(memory, "PC-01")
    memory.clock.ms += 6_000
    assert seats(memory)["PC-01"].state == "lost"
    at_home(memory, "PC-01", connection="other")
    reports(memory, "PC-01", connection="other")
    assert seats(memory)["PC-01"].state == "ready"


def test_that_a_lost_desk_keeps_its_row_and_one_that_never_came_is_absent() -> None:
    memory = room(seats=("PC-01", "PC-02"))
    assert {name: seat.state for name, seat in seats(memory).items()} == {"PC-01": "absent", "PC-02": "absent"}
    ready(memory, "PC-01")
    memory.drop("PC-01")
    view = seats(memory)["PC-01"]
    assert (view.state, len(view.checks)) == ("lost", len(SEAT_CHECKS))


def test_that_ready_desks_begin_when_the_doors_open_and_not_before() -> None:
    memory = room()
    ready(memory, "PC-01")
    at_home(memory, "PC-02")
    memory.tick()
    assert asked(memory, "PC-01") == []
    stage(memory, "doors_open")
    assert (asked(memory, "PC-01"), asked(memory, "PC-02")) == (["begin"], [])
    reports(memory, "PC-02")
    assert asked(memory, "PC-02") == ["begin"]
    memory.tick()
    reports(memory, "PC-02")
    assert asked(memory, "PC-02") == ["begin"]  # once


def test_that_a_participant_who_begins_at_a_desk_is_recorded_with_it_and_how_it_stood() -> None:
    memory = room("running")
    at_home(memory, "PC-01")
    reports(memory, "PC-01", clock_offset_ms=90_000.0, rtt_ms=3.0, frame_rate_hz=60.0)
    who = sit_down(memory, "PC-01")
    joined = next(fact for fact in memory.recorded if isinstance(fact, f.ParticipantJoined))
    checked = next(fact for fact in memory.recorded if isinstance(fact, f.SeatChecked))
    assert (joined.seat, joined.participant_id) == ("PC-01", who)
    assert (checked.desk, checked.participant_id, checked.clock_offset_ms) == ("PC-01", who, 90_000.0)
    assert checked.checks == dict.fromkeys(SEAT_CHECKS, "good")
    view = seats(memory)["PC-01"]
    assert (view.state, view.participant_id, view.asked, view.asked_state) == ("taking_part", who, "begin", "done")
    memory.say("PC-01", Pulse(n=1, client_ms=1.0, rtt_ms=9.0, focused=False))
    view = seats(memory)["PC-01"]
    assert (view.rtt_ms, view.focused) == (9.0, False)


def test_that_desks_that_do_not_belong_to_the_session_begin_only_when_asked_by_name() -> None:
    memory = room("running", seats=("PC-01",))
    ready(memory, "PC-01", "PC-09")
    assert (asked(memory, "PC-01"), asked(memory, "PC-09")) == (["begin"], [])
    assert ask(memory, "begin", "PC-09").data == {"asked": ["PC-09"], "skipped": {}}
    assert asked(memory, "PC-09") == ["begin"]


def test_that_a_desk_whose_participant_has_finished_begins_again_only_when_asked() -> None:
    memory = room("running")
    ready(memory, "PC-01")
    first = sit_down(memory, "PC-01")
    finish_all(memory, "PC-01")
    assert memory.run.state.participants[ParticipantId(first)].outcome == "complete"
    assert seats(memory)["PC-01"].state == "finished"
    assert ask(memory, "home", "PC-01").data["asked"] == ["PC-01"]
    done(memory, "PC-01")
    memory.drop("PC-01")
    at_home(memory, "PC-01", connection="PC-01/2")
    reports(memory, "PC-01", connection="PC-01/2")
    view = seats(memory)["PC-01"]
    assert (view.state, view.participant_id, asked(memory, "PC-01/2")) == ("ready", first, [])
    ask(memory, "begin", "PC-01")
    second = sit_down(memory, "PC-01", "PC-01/2")
    assert second != first
    assert seats(memory)["PC-01"].participant_id == second


def test_that_a_desk_at_which_somebody_was_under_way_goes_on_with_them() -> None:
    memory = room("running")
    ready(memory, "PC-01")
    who = sit_down(memory, "PC-01")
    memory.drop("PC-01")
    assert seats(memory)["PC-01"].state == "lost"
    at_home(memory, "PC-01", connection="PC-01/2")
    reports(memory, "PC-01", connection="PC-01/2")
    assert asked(memory, "PC-01/2") == ["begin"]
    sit_down(memory, "PC-01", "PC-01/2")
    assert list(memory.run.state.participants) == [who]
    assert seats(memory)["PC-01"].state == "taking_part"


def test_that_a_desk_whose_browser_crashed_goes_on_as_soon_as_the_old_page_is_missed() -> None:
    memory = room("running")
    ready(memory, "PC-01")
    who = sit_down(memory, "PC-01")
    memory.say("PC-01", Pulse(n=1, client_ms=1.0))
    memory.tick(20_000)  # silent, but its connection still stands
    at_home(memory, "PC-01", connection="PC-01/2")
    reports(memory, "PC-01", connection="PC-01/2")
    assert asked(memory, "PC-01/2") == []
    assert "lost a moment ago" in ask(memory, "begin", "PC-01").data["skipped"]["PC-01"]
    memory.drop("PC-01")
    memory.tick()
    assert asked(memory, "PC-01/2") == ["begin"]
    sit_down(memory, "PC-01", "PC-01/2")
    assert list(memory.run.state.participants) == [who]


def test_that_desks_that_share_a_browsers_storage_go_on_with_their_own_people() -> None:
    memory = room("running")
    ready(memory, "PC-01")
    who = sit_down(memory, "PC-01")
    shared = candidates(memory, "PC-01")
    memory.drop("PC-01")
    ready(memory, "PC-02")
    done(memory, "PC-02")
    memory.hello("PC-02", seat="PC-02", candidates=shared)
    assert len(memory.run.state.participants) == 2
    assert memory.run.state.participants[ParticipantId(who)].seat == "PC-01"


def test_that_after_a_restart_desks_are_known_from_the_records() -> None:
    memory = room("running", seats=("PC-01", "PC-02"))
    ready(memory, "PC-01")
    who = sit_down(memory, "PC-01")
    memory.crash_and_restart()
    memory.lab.clear()
    memory.lab_in()
    assert {name: seat.state for name, seat in seats(memory).items()} == {"PC-01": "lost", "PC-02": "absent"}
    memory.hello("PC-01/2", who, seat="PC-01", candidates=candidates(memory, "PC-01"))
    assert memory.last("PC-01/2", ShowScene)
    assert seats(memory)["PC-01"].state == "taking_part"


def test_that_desks_at_home_and_taking_part_do_what_is_asked_once() -> None:
    memory = room("running")
    ready(memory, "PC-01")
    sit_down(memory, "PC-01")
    at_home(memory, "PC-02")
    reply = ask(memory, "identify", request_id="one")
    assert reply.data == {"asked": ["PC-01", "PC-02"], "skipped": {}}
    assert ask(memory, "identify", request_id="one") == reply
    assert (asked(memory, "PC-01"), asked(memory, "PC-02")) == (["begin", "identify"], ["identify"])
    assert memory.last("PC-02", SeatAsked).text == "PC-02"
    assert seats(memory)["PC-02"].asked_state == "sent"
    done(memory, "PC-02")
    done(memory, "PC-01")
    assert {seat.asked_state for seat in seats(memory).values()} == {"done"}
    ask(memory, "fullscreen", "PC-02")
    done(memory, "PC-02", "needs a click at the desk")
    assert seats(memory)["PC-02"].asked_state == "needs a click at the desk"
    done(memory, "PC-02")
    assert seats(memory)["PC-02"].asked_state == "done"


def test_that_what_cannot_be_asked_is_answered_in_words() -> None:
    memory = room()
    ready(memory, "PC-01")
    assert "use one of" in ask(memory, "dance", "PC-01").error
    assert "doors are closed" in ask(memory, "begin", "PC-01").error
    assert ask(memory, "reload", "PC-77").data["skipped"] == {"PC-77": "there is no such desk"}
    stage(memory, "running")
    sit_down(memory, "PC-01")
    assert "interrupted" in ask(memory, "home", "PC-01").data["skipped"]["PC-01"]
    assert "not at home" in ask(memory, "begin", "PC-01").data["skipped"]["PC-01"]
    memory.drop("PC-01")
    assert "no page is open" in ask(memory, "identify", "PC-01").data["skipped"]["PC-01"]
    assert ask(memory, "identify").data == {"asked": [], "skipped": {}}


def test_that_a_named_desk_begins_although_a_check_is_bad_and_that_is_recorded() -> None:
    memory = room("running")
    at_home(memory, "PC-01")
    reports(memory, "PC-01", SeatCheck(name="frame_rate", state="bad", text="only 30"))
    assert ask(memory, "begin").data["skipped"] == {"PC-01": "it is not ready"}
    ask(memory, "begin", "PC-01")
    sit_down(memory, "PC-01")
    checked = next(fact for fact in memory.recorded if isinstance(fact, f.SeatChecked))
    assert checked.checks["frame_rate"] == "only 30"


def test_that_a_page_that_went_away_before_it_answered_is_told_of() -> None:
    memory = room()
    ready(memory, "PC-01")
    ask(memory, "identify", "PC-01")
    memory.drop("PC-01")
    assert "before it answered" in seats(memory)["PC-01"].asked_state


def test_that_a_desk_that_is_refused_says_why_and_is_not_asked_again_and_again() -> None:
    memory = room("running")
    ready(memory, "PC-01")
    done(memory, "PC-01")
    memory.hello("PC-01", "../bad", seat="PC-01")
    reports(memory, "PC-01")
    view = seats(memory)["PC-01"]
    assert (view.state, view.asked, asked(memory, "PC-01")) == ("ready", "begin", ["begin"])
    assert "not a valid one" in view.asked_state


def test_that_a_session_that_is_over_takes_no_desks_and_asks_none_to_begin() -> None:
    memory = room()
    ready(memory, "PC-01")
    memory.ask(EndSession(request_id="e", reason="done"))
    memory.tick()
    assert asked(memory, "PC-01") == []
    at_home(memory, "PC-02")
    assert memory.last("PC-02", SeatRefused).reason == "closed"
    assert ask(memory, "begin").error == "the session is over"


def test_that_a_page_cannot_claim_more_than_one_desk_nor_speak_out_of_turn() -> None:
    memory = room("running")
    memory.say("c", SeatReport(n=1, client_ms=1.0, checks=GOOD))
    memory.say("c", SeatDone(action_id="x"))
    assert [reply.code for reply in memory.to("c", ErrorReply)] == ["no_hello", "no_hello"]
    ready(memory, "PC-01")
    at_home(memory, "PC-02", connection="PC-01")
    assert memory.last("PC-01", ErrorReply).about == "seat.hello"
    sit_down(memory, "PC-01")
    at_home(memory, "PC-01")
    assert memory.last("PC-01", ErrorReply).about == "seat.hello"
    memory.say("PC-01", SeatReport(n=1, client_ms=1.0))  # was on its way when the page began
    assert list(seats(memory)) == ["PC-01"]


def test_that_a_page_elsewhere_cannot_say_that_it_is_an_occupied_desk() -> None:
    memory = room("running")
    ready(memory, "PC-01", "PC-02")
    who = sit_down(memory, "PC-01")
    for liar, desk in (("x", "PC-01"), ("y", "PC-02")):
        memory.hello(liar, f"p-{liar}", seat=desk)
        assert memory.run.state.participants[ParticipantId(f"p-{liar}")].seat == ""
    shown = seats(memory)
    assert (shown["PC-01"].participant_id, shown["PC-02"].participant_id) == (who, None)
    ask(memory, "identify", "PC-01")
    assert (asked(memory, "PC-01"), asked(memory, "x")) == (["begin", "identify"], [])
    # Who is there comes back there, and a desk that is left is free.
    memory.drop("PC-01")
    memory.hello("PC-01/2", who, seat="PC-01", candidates=candidates(memory, "PC-01"))
    assert seats(memory)["PC-01"].participant_id == who


def test_that_impossible_figures_of_a_desk_are_not_shown() -> None:
    memory = room()
    at_home(memory, "PC-01")
    checks = (*GOOD, SeatCheck(name="magic", state="good"), SeatCheck(name="clock", state="fine", value=math.nan))
    report = SeatReport(n=1, client_ms=1.0, rtt_ms=math.inf, jitter_ms=-1.0, clock_offset_ms=math.nan, checks=checks)
    memory.say("PC-01", report)
    view = seats(memory)["PC-01"]
    assert (view.rtt_ms, view.jitter_ms, view.clock_offset_ms) == (None, None, None)
    assert [check.name for check in view.checks] == list(SEAT_CHECKS)


def test_that_probing_needs_two_desks_at_home() -> None:
    memory = room()
    ready(memory, "PC-01")
    memory.ask(ProbeSeats(request_id="p"))
    assert "fewer than two" in replies(memory)[-1].error
    assert pairs(memory) == {}
