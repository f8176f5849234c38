"""What a crash leaves: a real app is killed, and the next one brings the changes back; two apps with one study."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from gui.app import Lab
from gui.runtime.unsaved_work import LeftStudy
from mug.study import Study, read_study
from tests.drivers.study_files import STUDY, StudyFilesDriver

ROOT = Path(__file__).parents[2]


@pytest.fixture
def driver(lab: Lab, qtbot: QtBot, tmp_path: Path) -> StudyFilesDriver:
    return StudyFilesDriver(lab, qtbot, tmp_path)


OtherLab = Callable[[str], "subprocess.Popen[str]"]


@pytest.fixture
def other_lab(driver: StudyFilesDriver) -> Iterator[OtherLab]:
    """Starts another MUG Lab, which edits the same study; given a title, waits until it is in a recovery file."""
    started: list[subprocess.Popen[str]] = []

    def start(title: str) -> "subprocess.Popen[str]":
        settings = str(driver.lab.settings.path)
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.drivers.edited_lab", settings, str(driver.folder), title],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        )
        started.append(process)
        assert process.stdout is not None
        for word in ["opened", "kept"] if title else ["opened"]:
            assert process.stdout.readline().strip() == word
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


@pytest.fixture
def crashed(driver: StudyFilesDriver, other_lab: OtherLab) -> str:
    """Let an app be killed with unsaved changes; return the title that they give the study."""
    process = other_lab("Unsaved title")
    process.kill()
    process.wait()
    return "Unsaved title"


def recovery_files(driver: StudyFilesDriver) -> list[Path]:
    return list((driver.lab.settings.state_dir / "unsaved").glob("*/*.unsaved.json"))


def test_that_what_a_killed_app_left_is_restored_as_one_edit(driver: StudyFilesDriver, crashed: str) -> None:
    assert len(recovery_files(driver)) == 1
    driver.open()
    assert "Unsaved changes from" in driver.banner("recovery")
    assert driver.title == "Orders"
    driver.answer("recovery", "Restore")
    assert driver.title == crashed
    assert not driver.lab.document.is_clean
    driver.lab.document.undo()
    assert driver.title == "Orders"
    driver.lab.document.redo()
    driver.save()
    assert driver.on_disk().title == crashed
    driver.wait(lambda: recovery_files(driver) == [])


@pytest.mark.long
def test_that_changes_of_another_file_than_there_is_now_say_so(driver: StudyFilesDriver, crashed: str) -> None:
    driver.file.write_text(STUDY.replace("Orders", "Theirs"), encoding="utf-8")
    driver.open()
    assert "study.toml was changed since then" in driver.banner("recovery")
    driver.answer("recovery", "Restore")
    assert driver.title == crashed
    assert "Undo brings that back" in driver.lab.window.toasts.text()
    driver.lab.document.undo()
    assert driver.title == "Theirs"


@pytest.mark.long
def test_that_a_restored_study_is_kept_before_the_old_file_goes(driver: StudyFilesDriver, crashed: str) -> None:
    old = recovery_files(driver)
    driver.open()
    driver.answer("recovery", "Restore")
    assert recovery_files(driver) == old
    driver.wait(lambda: len(recovery_files(driver)) == 1 and recovery_files(driver) != old)


@pytest.mark.long
def test_that_what_was_left_can_be_compared_and_discarded(driver: StudyFilesDriver, crashed: str, qtbot: QtBot) -> None:
    driver.open()
    with qtbot.waitSignal(driver.lab.studies.compare_asked) as signal:
        driver.answer("recovery", "Compare")
    mine, left, _ = signal.args
    assert isinstance(mine, Study)
    assert isinstance(left, Study)
    assert (mine.title, left.title) == ("Orders", crashed)
    driver.answer("recovery", "Discard")
    driver.wait(lambda: recovery_files(driver) == [])
    assert driver.lab.window.design.banner.shown() == []


def test_that_a_crash_is_offered_when_the_app_starts(driver: StudyFilesDriver, crashed: str, qtbot: QtBot) -> None:
    with qtbot.waitSignal(driver.lab.studies.unsaved_found) as signal:
        driver.lab.studies.recovery.scan()
    (left,) = signal.args[0]
    assert isinstance(left, LeftStudy)
    assert left.unsaved.path == driver.folder
    assert "Unsaved changes of Unsaved title" in driver.banner("left")
    driver.answer("left", "Open them")
    driver.wait(lambda: driver.lab.document.study is not None and driver.title == crashed)
    assert not driver.has_banner("recovery")
    assert not driver.has_banner("left")


@pytest.mark.parametrize("damage", ["gone", "broken"])
@pytest.mark.long
def test_that_unsaved_changes_come_back_without_their_file(
    driver: StudyFilesDriver, crashed: str, damage: str, qtbot: QtBot
) -> None:
    if damage == "gone":
        driver.file.unlink()
    else:
        driver.file.write_text("id = ", encoding="utf-8")
    with qtbot.waitSignal(driver.lab.studies.unsaved_found) as signal:
        driver.lab.studies.recovery.scan()
    driver.lab.studies.restore_left(signal.args[0][0])
    driver.wait(lambda: driver.lab.document.study is not None and driver.title == crashed)
    assert driver.lab.window.design.failure()
    assert not driver.lab.document.is_clean
    driver.press_save()
    if damage == "broken":
        driver.answer("outside", "Keep mine")
        driver.press_save()
    driver.wait(lambda: driver.lab.document.is_clean)
    assert driver.on_disk().title == crashed


def test_that_unsaved_changes_are_kept_within_seconds_and_dropped_by_a_save(
    driver: StudyFilesDriver, qtbot: QtBot
) -> None:
    driver.open()
    with qtbot.waitSignal(driver.lab.studies.recovery.kept):
        driver.edit("Kept")
    assert len(recovery_files(driver)) == 1
    driver.save()
    driver.wait(lambda: recovery_files(driver) == [])


@pytest.mark.long
def test_that_who_edits_without_a_pause_is_kept_too(driver: StudyFilesDriver, qtbot: QtBot) -> None:
    driver.open()
    numbers = iter(range(10_000))
    with qtbot.waitSignal(driver.lab.studies.recovery.kept):
        timer_id = driver.lab.startTimer(50)
        driver.lab.timerEvent = lambda _event: driver.edit(f"Title {next(numbers)}")  # type: ignore[method-assign]
    driver.lab.killTimer(timer_id)


@pytest.mark.long
def test_that_changes_that_are_undone_or_not_wanted_leave_nothing(driver: StudyFilesDriver, qtbot: QtBot) -> None:
    driver.open()
    with qtbot.waitSignal(driver.lab.studies.recovery.kept):
        driver.edit("Kept")
    driver.lab.document.undo()
    driver.wait(lambda: recovery_files(driver) == [])
    with qtbot.waitSignal(driver.lab.studies.recovery.kept):
        driver.edit("Kept")
    driver.lab.studies.close()
    assert recovery_files(driver) == []


@pytest.mark.long
def test_that_the_files_of_an_app_that_lives_are_not_touched(driver: StudyFilesDriver, other_lab: OtherLab) -> None:
    other_lab("Being written")
    driver.open()
    assert "open in another MUG Lab" in driver.banner("elsewhere")
    driver.settle()
    assert not driver.has_banner("recovery")
    assert len(recovery_files(driver)) == 1


@pytest.mark.long
def test_that_a_study_is_free_again_when_the_other_app_is_gone(driver: StudyFilesDriver, other_lab: OtherLab) -> None:
    other = other_lab("")
    driver.open()
    driver.banner("elsewhere")
    other.kill()
    other.wait()
    driver.come_back_to_the_window()
    driver.wait(lambda: not driver.has_banner("elsewhere"))


@pytest.mark.long
def test_that_two_apps_never_overwrite_each_other_silently(driver: StudyFilesDriver, other_lab: OtherLab) -> None:
    other_lab("")
    driver.open()
    driver.answer("elsewhere", "All right")
    driver.edit("Mine")
    driver.file.write_text(STUDY.replace("Orders", "Saved by the other"), encoding="utf-8")
    driver.press_save()
    driver.banner("outside")
    driver.settle()
    assert read_study(driver.file).title == "Saved by the other"
