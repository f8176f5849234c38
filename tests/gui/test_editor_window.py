"""The editor in the real window: keys that mean one thing, and room for everything in small windows."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFrame, QMenu, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from gui.app import Lab
from gui.design.diff_view import DiffDialog
from gui.design.inspector.large_source import LargeSource
from gui.models.problem_rows import problem_place
from gui.widgets.basics import Button
from gui.widgets.empty_state import EmptyState
from mug.ids import NodeId
from mug.study import Problem
from mug.study.edits import SetField
from tests.drivers.canvas_hand import ALT, CTRL
from tests.drivers.design_driver import DesignDriver

STUDY = """\
format = 1
id = "study"

[[chain]]
kind = "start_page"
scene_id = "welcome"
scene_header = "Welcome"

[[chain]]
kind = "randomize_order"

[[chain.scenes]]
kind = "static_page"
scene_id = "apple"
scene_header = "An apple"

[[chain.scenes]]
kind = "static_page"
scene_id = "pear"
scene_header = "A pear"

[[chain]]
kind = "end_page"
scene_id = "end"
scene_header = "Thank you"
"""


@pytest.fixture
def driver(lab: Lab, qtbot: QtBot, tmp_path: Path) -> Iterator[DesignDriver]:
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    made = DesignDriver(lab, qtbot)
    made.open(folder)
    yield made
    made.document.stack.setClean()


def spoil(driver: DesignDriver) -> None:
    """Give the study an error that has a quick fix, and choose it in the list."""
    driver.document.push(SetField(path=(0,), field="scene_id", value="not an id"))
    rows = driver.editor.problems.list
    driver.wait(lambda: any("not an id" in problem.message for problem in rows.problems()))
    driver.settle_window()
    rows.setFocus()
    at = next(row for row, problem in enumerate(rows.problems()) if "not an id" in problem.message)
    rows.setCurrentIndex(rows.model().index(at, 0))


def inside(widget: QWidget, window: QWidget) -> bool:
    """Whether all of a widget that is to be seen has its room in the window."""
    return widget.mapTo(window, widget.rect().bottomRight()).x() < window.width()


def test_that_the_key_of_the_quick_fix_stops_no_session(driver: DesignDriver) -> None:
    stopped: list[bool] = []
    driver.lab.window.run.stop_asked.connect(lambda: stopped.append(True))
    spoil(driver)
    driver.key(Qt.Key.Key_Return, ALT)
    assert driver.study.chain[0].scene_id == "not_an_id"  # type: ignore[union-attr]  # it is a start page
    assert not stopped


def test_that_the_chain_is_searched_from_beside_it(driver: DesignDriver) -> None:
    driver.choose((0,))
    line = driver.field("scene_id").line
    line.setFocus()
    driver.key(Qt.Key.Key_F, CTRL)
    driver.wait(driver.canvas.find_bar.field.hasFocus)


def test_that_nothing_is_cut_off_in_the_smallest_window(driver: DesignDriver) -> None:
    driver.editor.palette_view.set_folded(False)
    driver.window.resize(driver.window.minimumSize())
    spoil(driver)
    for index in range(driver.editor.side.count()):
        driver.editor.side.setCurrentIndex(index)
        QApplication.processEvents()
        assert driver.window.size() == driver.window.minimumSize()
        assert driver.editor.minimumSizeHint().width() <= driver.editor.width()
        assert inside(driver.editor.side, driver.window)
        pill = driver.editor.problems.state
        assert pill.width() >= pill.sizeHint().width()
    assert driver.editor.palette_view.is_folded
    driver.window.resize(1280, 800)
    QApplication.processEvents()
    assert not driver.editor.palette_view.is_folded


def test_that_a_palette_folded_by_hand_stays_folded(driver: DesignDriver) -> None:
    driver.window.resize(1280, 800)
    driver.editor.palette_view.set_folded(True)
    for size in (driver.window.minimumSize(), driver.window.size()):
        driver.window.resize(size)
        QApplication.processEvents()
    assert driver.editor.palette_view.is_folded


def test_that_a_long_message_is_seen_whole(driver: DesignDriver) -> None:
    driver.window.resize(900, 600)
    driver.lab.window.toasts.say("The study was saved to a folder with a rather long name. " * 4, "check")
    toast = driver.window.findChild(QFrame, "toast")
    assert isinstance(toast, QFrame)
    assert inside(toast, driver.window)
    driver.lab.window.toasts.say("Saved", "check")
    assert toast.height() < 50
    assert toast.width() < 200


def test_that_details_of_a_failure_leave_room_for_the_study(driver: DesignDriver) -> None:
    driver.window.resize(1000, 700)
    design = driver.lab.window.design
    design.show_failure("", "The study could not be opened.", "a line of a traceback\n" * 60)
    design._show_details()
    QApplication.processEvents()
    assert driver.editor.height() > 300


def test_that_a_wrapper_is_not_called_a_scene_by_its_index() -> None:
    problem = Problem(
        severity="error", code="range", message="is 7", path=(1, 0), node_id=NodeId("1.0"), label="", field="keep_n"
    )
    assert problem_place(problem) == "Place 2.1 of the chain · keep_n"


def test_that_one_comparison_is_shown_at_a_time(driver: DesignDriver) -> None:
    study = driver.study
    for _ in range(2):
        driver.lab.versions.compare(study, study, "the same")
    after: list[object] = []
    driver.lab._tasks.run("after both", lambda: None, after.append)
    driver.wait(lambda: driver.lab.versions.diff_dialog is not None and bool(after))
    assert len(driver.window.findChildren(DiffDialog)) == 1
    assert driver.lab.versions.diff_dialog is not None
    driver.lab.versions.diff_dialog.reject()


def test_that_the_chain_takes_the_room_of_the_folded_palette(driver: DesignDriver) -> None:
    driver.window.resize(1280, 800)
    QApplication.processEvents()
    before = driver.canvas.width()
    driver.click_widget(driver.palette.fold)
    driver.wait(lambda: driver.canvas.width() > before + 80)
    assert driver.canvas.mapTo(driver.editor, QPoint()).x() == driver.palette.width() + 12


def test_that_the_keyboard_is_in_the_chain_when_a_study_was_opened(driver: DesignDriver) -> None:
    driver.settle_window()
    driver.key(Qt.Key.Key_End)
    driver.wait(lambda: driver.document.selection == ((2,),))


def edit_menu(driver: DesignDriver) -> QMenu:
    """Open the Edit menu."""
    driver.settle_window()
    menu = next(action.menu() for action in driver.lab.window.menuBar().actions() if action.text() == "&Edit")
    assert isinstance(menu, QMenu)
    menu.aboutToShow.emit()
    return menu


def shown(menu: QMenu) -> list[str]:
    return [action.text().replace("&", "") for action in menu.actions() if action.isVisible() and action.text()]


def test_that_the_edit_menu_is_the_texts_while_a_text_has_the_keyboard(driver: DesignDriver) -> None:
    driver.choose((0,))
    line = driver.field("scene_id").line
    line.setFocus()
    line.selectAll()
    menu = edit_menu(driver)
    assert shown(menu)[-4:] == ["Cut", "Copy", "Paste", "Select all"]
    cut = next(action for action in menu.actions() if action.isVisible() and action.text() == "Cu&t")
    menu.aboutToHide.emit()
    cut.trigger()
    assert line.text() == ""
    assert len(driver.study.chain) == 3


def test_that_scenes_are_edited_from_the_menu_only_where_they_are_seen(driver: DesignDriver) -> None:
    driver.choose((0,))
    menu = edit_menu(driver)
    assert "Delete" in shown(menu)
    menu.aboutToHide.emit()
    driver.lab.window.show_page("run")
    menu = edit_menu(driver)
    assert "Delete" not in shown(menu)
    menu.aboutToHide.emit()


def test_that_the_keys_of_history_and_saving_work_in_the_window_of_a_source(driver: DesignDriver) -> None:
    driver.choose((0,))
    driver.field("scene_body")
    buttons = driver.editor.inspector.findChildren(Button)
    driver.click_widget(next(button for button in buttons if button.accessibleName() == "Body: open large"))
    window = next(w for w in QApplication.topLevelWidgets() if isinstance(w, LargeSource) and w.isVisible())
    window.activateWindow()
    driver.wait(window.isActiveWindow)
    source = window.findChild(QPlainTextEdit)
    assert source is not None
    QTest.keyClicks(source, "words")
    assert driver.study.chain[0].scene_body == "words"  # type: ignore[union-attr]  # it is a start page
    QTest.keyClick(source, Qt.Key.Key_Z, CTRL)
    assert not source.toPlainText()
    QTest.keyClick(source, Qt.Key.Key_Y, CTRL)
    QTest.keyClick(source, Qt.Key.Key_S, CTRL)
    driver.wait(lambda: driver.document.is_clean)
    window.close()


def test_that_a_window_closed_while_saving_asks_nothing(driver: DesignDriver) -> None:
    driver.document.push(SetField(path=(), field="title", value="Fruit"))
    driver.lab.studies.save()
    driver.window.close()
    assert driver.lab.studies.unsaved_question is None
    driver.wait(lambda: not driver.window.isVisible())
    assert driver.document.is_clean


def test_that_an_empty_list_of_versions_is_explained_whole(driver: DesignDriver) -> None:
    driver.editor.side.setCurrentWidget(driver.editor.versions)
    for width in (900, 1000, 1280, 1600):
        driver.window.resize(width, 700)
        QApplication.processEvents()
        words = driver.editor.versions.findChild(EmptyState)
        assert isinstance(words, EmptyState)
        assert words.text.isVisible()
        assert words.text.height() >= words.text.heightForWidth(words.text.width())
