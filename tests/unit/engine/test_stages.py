"""The stages of a session: doors, start, pause; who waits where, and what a restart remembers."""

import msgspec
import pytest
from engine_driver import SHORT, STUDY, Memory

from mug.engine import fold
from mug.ids import ParticipantId
from mug.protocol.care import Held, Paused
from mug.protocol.lab import EndSession
from mug.protocol.lab_console import SetStage
from mug.protocol.messages import Refused, Screening, ShowScene, Welcome
from mug.records import facts as f
from mug.study.settings import EntryScreening


def session(stage: str, **details: object) -> Memory:
    memory = Memory(study=SHORT, details={"stage": stage, **details})
    memory.lab_in()
    return memory


def kinds(memory: Memory, connection: str) -> list[str]:
    return [type(message).__name__ for where, message in memory.sent if where == connection]


def facts(memory: Memory, kind: type[f.Fact]) -> list[f.Fact]:
    return [fact for fact in memory.recorded if isinstance(fact, kind)]


def test_that_a_newcomer_waits_in_front_of_closed_doors_and_nothing_is_recorded() -> None:
    memory = session("prepared")
    memory.hello("a")
    assert memory.last("a", Held).why == "doors"
    assert [type(fact) for fact in memory.recorded] == [f.SessionOpened]
    assert memory.run.state.participants == {}


def test_that_open_doors_let_those_in_who_wait_and_they_wait_for_the_start() -> None:
    memory = session("prepared")
    memory.hello("a", "first")
    memory.hello("b", "second")
    assert memory.set_stage("doors_open") == ""
    assert kinds(memory, "a") == ["Held", "Welcome", "Held"]
    assert memory.last("a", Held).why == "start"
    assert list(memory.run.state.participants) == ["first", "second"]
    assert facts(memory, f.VisitStarted) == []


def test_that_who_left_the_doors_does_not_come_in() -> None:
    memory = session("prepared")
    memory.hello("a")
    memory.drop("a")
    memory.set_stage("running")
    assert memory.run.state.participants == {}


def test_that_all_who_wait_begin_when_the_session_runs() -> None:
    memory = session("doors_open")
    memory.hello("a")
    memory.hello("b")
    assert memory.set_stage("running", "all are here") == ""
    for page in ("a", "b"):
        assert memory.scene(page).scene_id == "start"
    assert [fact.reason for fact in memory.recorded if isinstance(fact, f.StageSet)] == ["all are here"]
    memory.finish("a")
    assert memory.scene("a").scene_id == "car"


def test_that_the_screening_comes_after_the_start() -> None:
    study = msgspec.structs.replace(SHORT, screening=EntryScreening(max_ping=100))
    memory = Memory(study=study, details={"stage": "doors_open"})
    memory.hello("a")
    assert memory.to("a", Screening) == []
    memory.later(120_000)
    memory.set_stage("running")
    assert memory.to("a", Screening)
    assert memory.to("a", ShowScene) == []


def test_that_a_reload_while_the_start_is_waited_for_changes_nothing() -> None:
    memory = session("doors_open")
    memory.hello("a")
    memory.drop("a")
    memory.hello("b", "", candidates=(), token=None, tab="b")
    assert len(memory.run.state.participants) == 2
    who = memory.last("a", Welcome)
    memory.hello("c", who.participant_id, tab="a", token=who.token)
    assert kinds(memory, "c") == ["Welcome", "Held"]
    memory.set_stage("running")
    assert memory.scene("c").scene_id == "start"
    assert memory.to("a", ShowScene) == []


def test_that_who_is_away_at_the_start_begins_when_they_come_back() -> None:
    memory = session("doors_open")
    memory.hello("a", "first")
    memory.drop("a")
    memory.set_stage("running")
    memory.hello("b", "first", tab="a", token=memory.token("a"))
    assert memory.scene("b").scene_id == "start"


def test_that_the_console_shows_who_waits_for_the_start() -> None:
    memory = session("doors_open", label="Monday", expected=2, seats=("PC-1",), conditions={"light": "dim"}, help=True)
    memory.hello("a", "first")
    snapshot = memory.snapshot()
    view = snapshot.participants[0]
    assert (view.state, view.phase, view.phase_detail) == ("connected", "held", "until the session starts")
    shown = snapshot.session
    assert (shown.stage, shown.label, shown.expected, shown.seats) == ("doors_open", "Monday", 2, ("PC-1",))
    assert (shown.conditions, shown.help) == ({"light": "dim"}, True)
    assert memory.last("a", Welcome).help
    memory.set_stage("running")
    view = memory.snapshot().participants[0]
    assert view.phase != "held"


def test_that_doors_can_be_closed_while_others_go_on() -> None:
    memory = session("running")
    memory.hello("a")
    assert memory.set_stage("prepared") == ""
    memory.hello("b")
    assert memory.last("b", Held).why == "doors"
    memory.finish("a")
    assert memory.scene("a").scene_id == "car"
    memory.hello("c", memory.last("a", Welcome).participant_id, tab="a", token=memory.token("a"))
    assert memory.scene("c").scene_id == "car"
    memory.set_stage("running")
    assert memory.scene("b").scene_id == "start"


def test_that_everybody_is_paused_and_who_comes_later_too() -> None:
    memory = session("running")
    memory.hello("a")
    memory.set_stage("paused")
    paused = memory.last("a", Paused)
    assert paused.paused
    memory.hello("b")
    assert kinds(memory, "b") == ["Welcome", "Paused", "ShowScene"]
    assert memory.last("b", Paused).paused
    assert all(view.paused for view in memory.snapshot().participants)
    memory.set_stage("running")
    assert not memory.last("a", Paused).paused
    assert not memory.last("b", Paused).paused
    memory.hello("c")
    assert memory.to("c", Paused) == []


def test_that_who_was_paused_alone_stays_paused_when_the_session_runs_again() -> None:
    memory = session("running")
    memory.hello("a", "one")
    memory.hello("b", "two")
    memory.act("pause", "one", text="A moment, please.")
    memory.set_stage("paused")
    assert memory.act("resume", "one").error != ""
    memory.set_stage("running")
    last = memory.last("a", Paused)
    assert (last.paused, last.message) == (True, "A moment, please.")
    assert not memory.last("b", Paused).paused


@pytest.mark.parametrize(
    ("begin", "moves", "error"),
    [
        ("running", ["doors_open"], "has begun"),
        ("prepared", ["paused"], "has not begun"),
        ("doors_open", ["paused"], "has not begun"),
        ("running", ["ended"], "by ending it"),
        ("running", ["?"], "is no stage"),
        ("running", ["prepared", "doors_open"], "has begun"),
        ("running", ["paused", "prepared"], "let it run first"),
    ],
)
def test_that_illegal_moves_are_answered_in_words(begin: str, moves: list[str], error: str) -> None:
    memory = session(begin)
    answers = [memory.set_stage(stage) for stage in moves]
    assert set(answers[:-1]) <= {""}
    assert error in answers[-1]


def test_that_the_same_stage_again_is_no_error_and_records_nothing() -> None:
    memory = session("prepared")
    assert memory.set_stage("prepared") == ""
    memory.set_stage("running")
    memory.set_stage("running")
    assert len(facts(memory, f.StageSet)) == 1


def test_that_an_ended_session_moves_no_more_and_its_doors_say_so() -> None:
    memory = session("prepared")
    memory.hello("a")
    memory.ask(EndSession(request_id="1", reason="fire alarm"))
    assert memory.last("a", Refused).reason == "closed"
    assert memory.set_stage("running") == "the session is over"
    assert memory.snapshot().session.stage == "ended"


def test_that_more_than_expected_come_in_and_the_log_says_so_once() -> None:
    memory = session("running", expected=1)
    for page in "abc":
        memory.hello(page)
        assert memory.scene(page).scene_id == "start"
    assert sum("expected" in line.text for line in memory.snapshot().log) == 1


def test_that_a_restart_remembers_the_stage() -> None:
    memory = session("prepared")
    memory.set_stage("doors_open")
    memory.hello("a", "one")
    memory.crash_and_restart()
    memory.hello("b", "one", tab="a", token=memory.token("a"))
    assert memory.last("b", Held).why == "start"
    memory.set_stage("running")
    memory.set_stage("paused")
    memory.crash_and_restart()
    memory.hello("c", "one", tab="a", token=memory.token("b"))
    assert memory.last("c", Paused).paused
    assert fold(memory.recorded) == memory.run.state


def test_that_the_start_is_not_lost_when_the_server_dies_in_it() -> None:
    memory = session("doors_open")
    memory.hello("a", "one")
    memory.hold_disk = True
    memory.ask(SetStage(request_id="1", stage="running"))
    record, _ = memory.waiting.pop(0)
    memory.written += record.facts
    memory.crash_and_restart()
    memory.hold_disk = False
    assert memory.run.state.begun
    memory.hello("b", "one", tab="a", token=memory.token("a"))
    assert memory.scene("b").scene_id == "start"


def test_that_the_studys_functions_are_told_the_conditions() -> None:
    memory = Memory(study=STUDY, details={"conditions": {"light": "dim"}})
    memory.hello("a", "one")
    participant = memory.run.state.participants[ParticipantId("one")]
    visit = memory.run.state.current_visit(participant)
    assert visit is not None
    assert memory.run._core.context(participant, visit)["conditions"] == {"light": "dim"}


def test_that_who_comes_to_the_end_in_a_pause_is_not_paused_there() -> None:
    memory = session("running")
    memory.hello("a", "one")
    memory.finish("a")
    memory.act("pause", "one")
    memory.act("advance", "one")
    assert memory.scene("a").scene_id == "end"
    assert not memory.last("a", Paused).paused
    assert not memory.snapshot().participants[0].paused


def test_that_a_page_that_waited_at_the_doors_and_came_in_otherwise_comes_in_once() -> None:
    memory = session("running")
    memory.hello("a", "one")
    memory.drop("a")
    memory.set_stage("prepared")
    memory.hello("b", "two")
    memory.hello("b", "one", tab="a", token=memory.token("a"))
    memory.set_stage("running")
    assert kinds(memory, "b").count("Welcome") == 1
    assert "ErrorReply" not in kinds(memory, "b")
    assert list(memory.run.state.participants) == ["one"]
