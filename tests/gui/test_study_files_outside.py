"""Files that change outside of MUG Lab: taken over where nothing is lost, asked about where something would be."""

import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from gui.app import Lab
from mug.study import Study
from mug.study.unsaved import unsaved_from_text
from mug.study.versions import VersionStore
from tests.drivers.study_files import STUDY, StudyFilesDriver, script_of


@pytest.fixture
def driver(lab: Lab, qtbot: QtBot, tmp_path: Path) -> StudyFilesDriver:
    made = StudyFilesDriver(lab, qtbot, tmp_path)
    made.open(checked=True)
    made.settle()
    return made


def write_in_place(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")


def replace_as_editors_do(file: Path, text: str) -> None:
    fresh = file.with_name(".study.toml.swp")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(file)


@pytest.mark.parametrize("write", [write_in_place, replace_as_editors_do])
def test_that_a_change_outside_is_taken_over_and_can_be_undone(driver: StudyFilesDriver, write: object) -> None:
    assert callable(write)
    for title in ("Outside", "Outside again"):
        write(driver.file, STUDY.replace("Orders", title))
        driver.wait(lambda title=title: driver.title == title and driver.lab.document.is_clean)
    assert "changed outside and loaded again" in driver.lab.window.toasts.text()
    assert driver.lab.window.design.banner.shown() == []
    driver.lab.document.undo()
    assert driver.title == "Outside"
    assert not driver.lab.document.is_clean


def conflict(driver: StudyFilesDriver) -> None:
    driver.edit("Mine")
    write_in_place(driver.file, STUDY.replace("Orders", "Theirs"))
    assert "changed outside" in driver.banner("outside")
    assert driver.title == "Mine"


def test_that_theirs_can_be_loaded_and_mine_brought_back(driver: StudyFilesDriver) -> None:
    conflict(driver)
    driver.answer("outside", "Load theirs")
    driver.wait(lambda: driver.title == "Theirs" and driver.lab.document.is_clean)
    assert not driver.has_banner("outside")
    driver.lab.document.undo()
    assert driver.title == "Mine"
    driver.save()
    assert driver.on_disk().title == "Mine"


def test_that_mine_can_be_kept_and_theirs_is_kept_as_a_version(driver: StudyFilesDriver) -> None:
    conflict(driver)
    driver.answer("outside", "Keep mine")
    driver.come_back_to_the_window()
    driver.save()
    assert driver.on_disk().title == "Mine"
    store = VersionStore.of(driver.file)
    assert [store.read(version).title for version in store.list()] == ["Theirs", "Mine"]


@pytest.mark.long
def test_that_theirs_is_kept_even_when_it_is_no_study(driver: StudyFilesDriver) -> None:
    driver.edit("Mine")
    write_in_place(driver.file, "this is = not TOML [")
    driver.answer("outside", "Keep mine")
    driver.save()
    assert driver.on_disk().title == "Mine"
    kept = list(driver.folder.glob("study.changed-outside-*.toml"))
    assert [path.read_text(encoding="utf-8") for path in kept] == ["this is = not TOML ["]


@pytest.mark.long
def test_that_both_can_be_compared(driver: StudyFilesDriver, qtbot: QtBot) -> None:
    conflict(driver)
    with qtbot.waitSignal(driver.lab.studies.compare_asked) as signal:
        driver.answer("outside", "Compare")
    mine, theirs, _ = signal.args
    assert isinstance(mine, Study)
    assert isinstance(theirs, Study)
    assert (mine.title, theirs.title) == ("Mine", "Theirs")


def test_that_a_save_never_overwrites_a_change_that_was_not_noticed(driver: StudyFilesDriver) -> None:
    driver.edit("Mine")
    driver.lab.studies._watch.stop()
    write_in_place(driver.file, STUDY.replace("Orders", "Theirs"))
    driver.press_save()
    driver.wait(lambda: not driver.lab.studies.saving.is_saving)
    assert driver.on_disk().title == "Theirs"
    assert driver.title == "Mine"
    assert not driver.lab.document.is_clean


@pytest.mark.long
def test_that_a_save_that_comes_upon_a_change_asks(driver: StudyFilesDriver) -> None:
    driver.edit("Mine")
    write_in_place(driver.file, STUDY.replace("Orders", "Theirs"))
    driver.press_save()
    driver.answer("outside", "Keep mine")
    write_in_place(driver.file, STUDY.replace("Orders", "Theirs again"))
    driver.banner("outside")
    driver.press_save()
    driver.settle()
    assert driver.on_disk().title == "Theirs again", "only what the user has agreed to is overwritten"


@pytest.mark.long
def test_that_a_broken_file_outside_leaves_what_is_open(driver: StudyFilesDriver) -> None:
    write_in_place(driver.file, 'title = "x')
    driver.wait(lambda: bool(driver.lab.window.design.failure()))
    assert "line 1" in driver.lab.window.design.failure()
    assert driver.title == "Orders"
    assert not driver.lab.document.is_clean
    write_in_place(driver.file, STUDY.replace("Orders", "Whole again"))
    driver.answer("outside", "Load theirs")
    driver.wait(lambda: driver.title == "Whole again")
    assert driver.lab.window.design.failure() == ""


def test_that_a_file_that_is_gone_is_said_and_written_anew(driver: StudyFilesDriver) -> None:
    driver.file.rename(driver.folder / "moved.toml")
    assert "not there any more" in driver.banner("gone")
    driver.answer("gone", "Save")
    driver.wait(lambda: driver.file.exists() and driver.lab.document.is_clean)
    assert driver.on_disk().title == "Orders"
    driver.wait(lambda: not driver.has_banner("gone"))


def test_that_a_study_whose_file_is_gone_is_kept_for_the_case_of_a_crash(
    driver: StudyFilesDriver, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(driver.lab.studies.recovery.kept):
        shutil.rmtree(driver.folder)
    (left,) = (driver.lab.settings.state_dir / "unsaved").glob("*/*.unsaved.json")
    kept = unsaved_from_text(left.read_text(encoding="utf-8"))
    assert kept is not None
    assert kept.title == "Orders"


def test_that_a_file_that_is_away_for_a_moment_is_loaded_again(driver: StudyFilesDriver) -> None:
    driver.file.unlink()
    driver.wait(lambda: driver.lab.studies._watch._is_maybe_gone)
    driver.file.write_text(STUDY.replace("Orders", "Outside"), encoding="utf-8")
    driver.wait(lambda: driver.title == "Outside")
    assert driver.lab.document.is_clean
    assert not driver.has_banner("gone")


@pytest.mark.long
def test_that_a_file_that_comes_back_is_no_news(driver: StudyFilesDriver) -> None:
    text = driver.file.read_text(encoding="utf-8")
    driver.file.unlink()
    driver.banner("gone")
    driver.file.write_text(text, encoding="utf-8")
    driver.wait(lambda: not driver.has_banner("gone"))


def test_that_a_change_of_a_page_is_checked_again(driver: StudyFilesDriver) -> None:
    assert not driver.lab.document.problems
    (driver.folder / "pages" / "rules.html").unlink()
    driver.wait(lambda: any("rules.html" in problem.message for problem in driver.lab.document.problems))
    (driver.folder / "pages" / "rules.html").write_text("back", encoding="utf-8")
    driver.wait(lambda: not driver.lab.document.problems)
    assert driver.lab.document.stack.count() == 0


@pytest.mark.long
def test_that_what_the_watch_missed_is_seen_when_the_window_comes_to_the_front(driver: StudyFilesDriver) -> None:
    watcher = driver.lab.studies._watch._watcher
    watcher.removePaths([*watcher.files(), *watcher.directories()])
    write_in_place(driver.file, STUDY.replace("Orders", "Outside"))
    driver.come_back_to_the_window()
    driver.wait(lambda: driver.title == "Outside")


@pytest.mark.long
def test_that_a_script_that_writes_files_is_not_checked_for_ever(lab: Lab, qtbot: QtBot, tmp_path: Path) -> None:
    place = tmp_path / "scripted"
    place.mkdir()
    driver = StudyFilesDriver(lab, qtbot, tmp_path)
    script = place / "experiment.py"
    more = "import pathlib, uuid\npathlib.Path(__file__).with_name('runs.txt').open('a').write(f'{uuid.uuid4()}\\n')"
    script.write_text(script_of(more), encoding="utf-8")
    driver.open(script, checked=True)
    looks: list[bool] = []
    lab.studies._watch.caught_up.connect(looks.append)
    driver.wait(lambda: looks == [True, True])
    driver.settle()
    runs = (place / "runs.txt").read_text(encoding="utf-8")
    driver.come_back_to_the_window()
    qtbot.wait(1_500)  # nothing can be waited for: that nothing more happens is the point
    assert not lab.loading.is_busy
    assert (place / "runs.txt").read_text(encoding="utf-8") == runs


def test_that_reloading_takes_the_file_and_keeps_the_changes_in_the_history(
    driver: StudyFilesDriver, qtbot: QtBot
) -> None:
    driver.edit("Mine")
    driver.in_front()
    qtbot.keyClick(driver.lab.window, Qt.Key.Key_F5)
    driver.wait(lambda: driver.title == "Orders" and driver.lab.document.is_clean)
    driver.lab.document.undo()
    assert driver.title == "Mine"
