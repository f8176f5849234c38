"""Saving: the file says what is open, whatever happens nothing is lost, and nothing stands still."""

import contextlib
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QDialog
from pytestqt.qtbot import QtBot

from gui.app import Lab
from mug.study import content_hash, load, read_study, write_study
from mug.study.versions import VersionStore
from tests.drivers.study_files import STUDY, StudyFilesDriver, long_study


@pytest.fixture
def driver(lab: Lab, qtbot: QtBot, tmp_path: Path) -> StudyFilesDriver:
    return StudyFilesDriver(lab, qtbot, tmp_path)


@contextlib.contextmanager
def full_disk() -> Iterator[None]:
    """Let no file of this process grow over 100 bytes, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_that_ctrl_s_saves_and_comments_stay(driver: StudyFilesDriver) -> None:
    driver.open()
    driver.edit("Fruit")
    driver.save()
    assert driver.file.read_text(encoding="utf-8") == STUDY.replace('"Orders"', '"Fruit"')
    assert driver.lab.window.toasts.text() == "Saved to study.toml"


def test_that_the_thorough_check_follows_a_save(driver: StudyFilesDriver) -> None:
    driver.open(checked=True)
    (driver.folder / "pages" / "rules.html").unlink()
    driver.edit("Fruit")
    driver.save()
    driver.wait(lambda: driver.lab.document.opened is not None and driver.lab.document.opened.checked)
    assert any("rules.html" in problem.message for problem in driver.lab.document.problems)
    assert driver.lab.document.opened is not None
    assert driver.lab.document.opened.content_hash == content_hash(driver.on_disk())


def test_that_saving_keeps_the_version_before_and_the_new_one(driver: StudyFilesDriver) -> None:
    driver.open()
    driver.edit("Fruit")
    driver.save()
    driver.edit("Vegetables")
    driver.save()
    store = VersionStore.of(driver.file)
    assert [store.read(version).title for version in store.list()] == ["Orders", "Fruit", "Vegetables"]


@pytest.mark.long
def test_that_our_own_write_is_no_change_from_outside(driver: StudyFilesDriver, qtbot: QtBot) -> None:
    driver.open(checked=True)
    for title in ("One", "Two", "Three"):
        driver.edit(title)
        driver.save()
    driver.come_back_to_the_window()
    driver.settle()
    assert driver.lab.window.design.banner.shown() == []
    assert driver.title == "Three"
    driver.lab.document.undo()
    assert driver.title == "Two"


def test_that_edits_made_while_saving_stay_unsaved(driver: StudyFilesDriver) -> None:
    driver.open()
    driver.edit("Saved")
    driver.press_save()
    assert driver.lab.studies.saving.is_saving
    driver.edit("Not saved yet")
    driver.wait(lambda: not driver.lab.studies.saving.is_saving)
    assert driver.on_disk().title == "Saved"
    assert not driver.lab.document.is_clean
    driver.lab.document.undo()
    driver.lab.document.undo()
    assert not driver.lab.document.is_clean, "what is open is not what the file says"


def test_that_a_second_save_during_the_first_saves_what_came_after(driver: StudyFilesDriver) -> None:
    driver.open()
    driver.edit("First")
    driver.press_save()
    driver.edit("Second")
    driver.save()
    assert driver.on_disk().title == "Second"


def test_that_a_full_disk_is_said_and_nothing_is_lost(driver: StudyFilesDriver) -> None:
    driver.open()
    driver.edit("Fruit")
    with full_disk():
        driver.press_save()
        assert "cannot be written" in driver.banner("save")
    assert driver.file.read_text(encoding="utf-8") == STUDY
    assert [path.name for path in driver.folder.iterdir() if path.name.startswith(".study")] == []
    assert driver.title == "Fruit"
    assert not driver.lab.document.is_clean
    driver.answer("save", "Try again")
    driver.wait(lambda: driver.lab.document.is_clean)
    assert driver.on_disk().title == "Fruit"


def test_that_a_place_that_cannot_be_written_leads_to_save_as(driver: StudyFilesDriver, tmp_path: Path) -> None:
    driver.open()
    driver.edit("Fruit")
    shutil.rmtree(driver.folder)
    driver.folder.write_text("a file in the way", encoding="utf-8")
    driver.press_save()
    driver.answer("save", "Save as…")
    dialog = driver.lab.studies.saving.save_as_dialog
    assert dialog is not None
    dialog.name.setText("elsewhere")
    assert dialog.problem() == ""
    driver.qtbot.mouseClick(dialog.confirm, Qt.MouseButton.LeftButton)
    driver.wait(lambda: driver.lab.document.is_clean)
    assert read_study(tmp_path / "elsewhere" / "study.toml").title == "Fruit"


def test_that_a_version_that_cannot_be_kept_does_not_stop_the_save(driver: StudyFilesDriver) -> None:
    driver.open()
    (driver.folder / ".mug").write_text("in the way", encoding="utf-8")
    driver.edit("Fruit")
    driver.save()
    assert driver.on_disk().title == "Fruit"
    assert "no version was kept" in driver.lab.window.toasts.text()


@pytest.mark.long
def test_that_500_scenes_are_saved_beside_the_window(driver: StudyFilesDriver) -> None:
    write_study(long_study(500), driver.file)
    driver.open(checked=True)
    driver.settle()
    ticks = 0

    def tick() -> None:
        nonlocal ticks
        ticks += 1

    timer = QTimer()
    timer.timeout.connect(tick)
    driver.edit("Long")
    driver.in_front()
    driver.lab.studies.saving_changed.connect(lambda is_saving: timer.start(1) if is_saving else timer.stop())
    driver.press_save()
    driver.wait(lambda: ticks > 0 and not driver.lab.studies.saving.is_saving)
    assert driver.on_disk().title == "Long"


# --- elsewhere --------------------------------------------------------------------------------------------------------


def save_as(driver: StudyFilesDriver, name: str, kind: str = "folder") -> None:
    driver.in_front()
    driver.qtbot.keyClick(
        driver.lab.window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    dialog = driver.lab.studies.saving.save_as_dialog
    assert dialog is not None
    dialog.kind.choose(kind)
    dialog.name.setText(name)
    assert dialog.problem() == ""
    driver.qtbot.mouseClick(dialog.confirm, Qt.MouseButton.LeftButton)


def test_that_a_copy_takes_the_studys_files_along_and_no_data(driver: StudyFilesDriver, tmp_path: Path) -> None:
    for name in (
        "data/x/records.sqlite",
        ".git/HEAD",
        "assets/a.png",
        "assets/data/b.png",
        "__pycache__/e.pyc",
        "env.py",
        "exports/t.csv",
        "study.lock.json",
        "own/pyvenv.cfg",
        "own/lib.py",
    ):
        path = driver.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x", encoding="utf-8")
    driver.open()
    driver.edit("Copied")
    save_as(driver, "copy")
    driver.wait(lambda: driver.lab.document.is_clean)
    copy = tmp_path / "copy"
    found = {path.relative_to(copy).as_posix() for path in copy.rglob("*") if path.is_file()}
    assert {name for name in found if not name.startswith(".mug")} == {
        "study.toml",
        "pages/rules.html",
        "assets/a.png",
        "assets/data/b.png",
        "env.py",
        "study.lock.json",
    }
    assert "# Written by hand." in (copy / "study.toml").read_text(encoding="utf-8")
    assert driver.on_disk().title == "Orders"
    opened = driver.lab.document.opened
    assert opened is not None
    assert opened.path == copy
    assert driver.lab.settings.recent[0] == copy
    driver.lab.document.undo()
    assert driver.title == "Orders"
    driver.lab.document.redo()
    driver.edit("Again")
    driver.save()
    assert read_study(copy / "study.toml").title == "Again"
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".mug-saving")]


@pytest.mark.parametrize("name", ["con", "a:b", "what?", "dot.", "", "x" * 200])
def test_that_names_that_windows_forbids_are_refused_in_words(driver: StudyFilesDriver, name: str) -> None:
    driver.open()
    driver.lab.studies.save_as()
    dialog = driver.lab.studies.saving.save_as_dialog
    assert dialog is not None
    dialog.name.setText(name)
    assert dialog.problem()
    assert not dialog.confirm.isEnabled()
    dialog.reject()


def test_that_another_study_is_only_replaced_when_asked_and_then_kept(driver: StudyFilesDriver, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "study.toml").write_text(STUDY.replace("Orders", "Other"), encoding="utf-8")
    driver.open()
    driver.edit("Mine")
    for answer in ("stay", "replace"):
        save_as(driver, "other")
        question = driver.lab.studies.saving.replace_question
        assert question is not None
        driver.qtbot.mouseClick(getattr(question, answer), Qt.MouseButton.LeftButton)
        if answer == "stay":
            assert read_study(other / "study.toml").title == "Other"
    driver.wait(lambda: driver.lab.document.is_clean)
    assert read_study(other / "study.toml").title == "Mine"
    assert read_study(tmp_path / "other-before" / "study.toml").title == "Other"


@pytest.mark.long
def test_that_a_copy_that_is_given_up_leaves_nothing(driver: StudyFilesDriver, tmp_path: Path) -> None:
    for number in range(3000):
        (driver.folder / f"file_{number}.txt").write_text("x", encoding="utf-8")
    driver.open()
    save_as(driver, "copy")
    dialog = driver.lab.studies.saving.copy_dialog
    assert isinstance(dialog, QDialog)
    dialog.reject()
    assert "cancelled" in driver.banner("save")
    assert not (tmp_path / "copy").exists()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".mug-saving")]


# --- leaving ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", ["save", "discard", "stay"])
def test_that_opening_another_study_asks_about_changes(driver: StudyFilesDriver, tmp_path: Path, answer: str) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "study.toml").write_text(STUDY.replace("Orders", "Other"), encoding="utf-8")
    driver.open()
    driver.edit("Mine")
    driver.lab.open_study(other)
    question = driver.lab.studies.unsaved_question
    assert question is not None
    driver.qtbot.mouseClick(getattr(question, answer), Qt.MouseButton.LeftButton)
    if answer == "stay":
        assert driver.title == "Mine"
        assert driver.lab.loading.opening is None
        return
    driver.wait(lambda: driver.title == "Other")
    assert driver.on_disk().title == ("Mine" if answer == "save" else "Orders")


@pytest.mark.parametrize("answer", ["save", "discard", "stay"])
def test_that_closing_the_window_asks_about_changes(driver: StudyFilesDriver, answer: str) -> None:
    closed = []
    driver.lab.window.closing.disconnect(driver.lab.close)
    driver.lab.window.closing.connect(lambda: closed.append(True))
    driver.open(checked=True)
    driver.edit("Mine")
    driver.lab.window.close()
    question = driver.lab.studies.unsaved_question
    assert question is not None
    driver.qtbot.mouseClick(getattr(question, answer), Qt.MouseButton.LeftButton)
    if answer == "stay":
        assert not closed
        assert driver.lab.window.isVisible()
        return
    driver.wait(lambda: bool(closed))
    assert driver.on_disk().title == ("Mine" if answer == "save" else "Orders")


@pytest.mark.long
def test_that_a_failed_save_does_not_close_the_window(driver: StudyFilesDriver) -> None:
    driver.open(checked=True)
    driver.edit("Mine")
    driver.lab.window.close()
    question = driver.lab.studies.unsaved_question
    assert question is not None
    with full_disk():
        driver.qtbot.mouseClick(question.save, Qt.MouseButton.LeftButton)
        driver.banner("save")
    assert driver.lab.window.isVisible()
    assert driver.title == "Mine"


def test_that_what_comes_after_a_save_waits_for_it(driver: StudyFilesDriver) -> None:
    driver.open()
    seen: list[str | None] = []
    driver.lab.studies.save_then(lambda: seen.append(driver.on_disk().title))
    driver.edit("Mine")
    driver.lab.studies.save_then(lambda: seen.append(driver.on_disk().title))
    driver.wait(lambda: len(seen) == 2)
    assert seen == ["Orders", "Mine"]


def test_that_a_new_study_is_made_and_opened(driver: StudyFilesDriver, tmp_path: Path) -> None:
    class Request:
        template_key = "survey"
        folder = tmp_path / "my_survey"
        study_id = "my-survey"
        title = "My survey"

    driver.lab.studies.new_study(Request())
    driver.wait(lambda: driver.lab.document.study is not None and driver.lab.document.study.title == "My survey")
    assert load(tmp_path / "my_survey").study.id == "my-survey"
    refused: list[str] = []
    driver.lab.studies.new_study(Request(), failed=refused.append)
    driver.wait(lambda: bool(refused))
    assert "my_survey" in refused[0]


@pytest.mark.long
def test_that_a_study_that_was_left_while_it_was_written_changes_nothing_of_the_next(
    driver: StudyFilesDriver, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "study.toml").write_text(STUDY.replace("Orders", "Other"), encoding="utf-8")
    driver.open()
    driver.edit("Mine")
    driver.press_save()
    saving = driver.lab.studies.saving
    assert saving.is_saving
    saving.forget()
    driver.lab.document.load(None)
    driver.wait(lambda: not saving.is_saving)
    assert driver.lab.document.opened is None
    assert driver.on_disk().title == "Mine"
    driver.open(other)
    assert driver.title == "Other"
