"""A version that people have taken part in, and a study with unsaved changes beside a session that runs."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from gui.app import Lab
from mug.study import content_hash
from tests.drivers.gui_driver import GuiDriver
from tests.drivers.recorded_session import RecordedSession
from tests.drivers.study_files import STUDY, StudyFilesDriver


@pytest.fixture
def driver(lab: Lab, qtbot: QtBot, tmp_path: Path) -> StudyFilesDriver:
    made = StudyFilesDriver(lab, qtbot, tmp_path)
    made.file.write_text(STUDY.replace('id = "orders"', 'id = "exp"'), encoding="utf-8")
    return made


def test_that_a_version_with_participants_stays_and_changes_become_the_next(driver: StudyFilesDriver) -> None:
    with RecordedSession(driver.lab.settings.data_dir, study_hash=content_hash(driver.on_disk())) as session:
        for name in ("anna", "ben", "cleo"):
            session.join(name)
    driver.open()
    assert driver.banner("participants") == (
        "This version has 3 participants and stays as it is; your changes become version 2."
    )
    driver.edit("Next")
    driver.save()
    driver.wait(lambda: not driver.has_banner("participants"))
    driver.lab.document.undo()
    driver.save()
    assert "become version 4" in driver.banner("participants")
    driver.answer("participants", "All right")
    driver.open()
    driver.settle()
    assert not driver.has_banner("participants")


@pytest.mark.long
def test_that_a_version_without_participants_is_not_locked(driver: StudyFilesDriver) -> None:
    with RecordedSession(driver.lab.settings.data_dir) as session:
        session.join("anna")
    driver.open(checked=True)
    assert not driver.has_banner("participants")


def test_that_closing_asks_about_changes_first_and_then_about_the_session(
    driver: StudyFilesDriver, qtbot: QtBot
) -> None:
    gui = GuiDriver(driver.lab, qtbot)
    driver.file.write_text(f"{driver.file.read_text(encoding='utf-8')}\n[hosting]\nport = 0\n", encoding="utf-8")
    driver.open(checked=True)
    gui.start()
    driver.edit("Mine")
    closed: list[bool] = []
    driver.lab.window.closing.disconnect(driver.lab.close)
    driver.lab.window.closing.connect(lambda: closed.append(True))
    driver.lab.window.close()
    question = driver.lab.studies.unsaved_question
    assert question is not None
    assert driver.lab.session.close_question is None
    qtbot.mouseClick(question.save, Qt.MouseButton.LeftButton)
    driver.wait(lambda: driver.lab.session.close_question is not None)
    assert driver.on_disk().title == "Mine"
    session_question = driver.lab.session.close_question
    assert session_question is not None
    qtbot.mouseClick(session_question.stay, Qt.MouseButton.LeftButton)
    assert not closed
    driver.lab.window.close()
    session_question = driver.lab.session.close_question
    assert session_question is not None
    qtbot.mouseClick(session_question.stop, Qt.MouseButton.LeftButton)
    driver.wait(lambda: bool(closed))
    assert not driver.lab.control.is_running
