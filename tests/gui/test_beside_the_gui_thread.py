import sys
import threading
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from gui.runtime.child_process import ChildOutcome, ChildProcess
from gui.runtime.crossing import Crossing
from gui.runtime.tasks import Tasks


@pytest.fixture
def crossing(qtbot: QtBot) -> Crossing:
    return Crossing()


def test_that_a_task_runs_elsewhere_and_answers_here(crossing: Crossing, qtbot: QtBot) -> None:
    answers: list[tuple[str, str]] = []
    tasks = Tasks(crossing, lambda error: pytest.fail(str(error)))
    here = threading.current_thread().name
    tasks.run(
        "look",
        lambda: threading.current_thread().name,
        lambda there: answers.append((there, threading.current_thread().name)),
    )
    qtbot.waitUntil(lambda: bool(answers))
    assert answers[0][0].startswith("lab-task-")
    assert answers[0][1] == here
    tasks.close()


def test_that_a_tasks_exception_comes_to_failed_or_to_the_reporter(crossing: Crossing, qtbot: QtBot) -> None:
    reported: list[str] = []
    failed: list[str] = []
    tasks = Tasks(crossing, lambda error: reported.append(str(error)))

    def breaks() -> None:
        raise ValueError("broken")

    tasks.run("a", breaks, lambda _: None)
    tasks.run("b", breaks, lambda _: None, lambda error: failed.append(str(error)))
    qtbot.waitUntil(lambda: bool(reported and failed))
    assert (reported, failed) == (["broken"], ["broken"])
    tasks.close()


def test_that_a_cancelled_task_does_not_answer(crossing: Crossing, qtbot: QtBot) -> None:
    gate = threading.Event()
    answers: list[str] = []
    tasks = Tasks(crossing, lambda error: pytest.fail(str(error)))
    task = tasks.run("slow", lambda: gate.wait(5), lambda _: answers.append("slow"))
    task.cancel()
    gate.set()
    tasks.run("after", lambda: None, lambda _: answers.append("after"))
    qtbot.waitUntil(lambda: "after" in answers)
    assert answers == ["after"]
    tasks.close()


def test_that_calls_cross_in_order(crossing: Crossing, qtbot: QtBot) -> None:
    seen: list[int] = []
    writer = threading.Thread(target=lambda: [crossing.post(lambda n=n: seen.append(n)) for n in range(500)])
    writer.start()
    qtbot.waitUntil(lambda: len(seen) == 500)
    writer.join()
    assert seen == list(range(500))


def run_child(qtbot: QtBot, *arguments: str, timeout_ms: int = 0) -> tuple[list[str], ChildOutcome]:
    child = ChildProcess("The work", arguments, timeout_ms=timeout_ms)
    lines: list[str] = []
    child.line_read.connect(lines.append)
    with qtbot.waitSignal(child.ended) as ended:
        child.start()
    return lines, ended.args[0]


def test_that_a_childs_lines_are_read_whole(qtbot: QtBot) -> None:
    lines, outcome = run_child(qtbot, "-c", "import sys; print('äö'); sys.stdout.write('no newline')")
    assert lines == ["äö", "no newline"]
    assert outcome.is_good


def test_that_a_failing_child_is_told_by_its_last_words(qtbot: QtBot) -> None:
    _, outcome = run_child(qtbot, "-c", "raise SystemExit('the disk is full')")
    assert outcome.sentence == "The work failed: the disk is full"


def test_that_a_child_that_takes_too_long_is_ended(qtbot: QtBot) -> None:
    _, outcome = run_child(qtbot, "-c", "import time; time.sleep(60)", timeout_ms=200)
    assert outcome.timed_out
    assert outcome.sentence == "The work took too long and was ended."


def test_that_a_child_can_be_cancelled(qtbot: QtBot) -> None:
    child = ChildProcess("The work", ["-c", "import time; time.sleep(60)"])
    with qtbot.waitSignal(child.ended) as ended:
        child.start()
        child.cancel()
    assert ended.args[0].sentence == "The work: cancelled."


def test_that_a_missing_python_is_said(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    _, outcome = run_child(qtbot, "-c", "pass")
    assert "could not be started" in outcome.sentence
