"""The editor's parts together in the real window: problems and their fixes, history, versions, starting."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from gui.app import Lab
from gui.models.problem_rows import ProblemRows
from gui.models.standing_problems import StandingProblems
from mug.study import Problem, read_study, validate
from mug.study.edits import SetField, move, remove
from mug.study.model import StaticPage
from tests.drivers.design_driver import DesignDriver

STUDY = """\
# Kept
format = 1
id = "orders"
title = "Orders"

[hosting]
port = 0

[[chain]]
kind = "start_page"
scene_id = "welcome"
scene_header = "Welcome"

[[chain]]
kind = "static_page"
scene_id = "read"
scene_header = "Read"
scene_bodi = "<p>Mistyped.</p>"

[[chain]]
kind = "static_page"
scene_id = "files"
scene_body_filepath = "pages/missing.html"

[[chain]]
kind = "end_page"
scene_id = "end"
scene_header = "End"
"""
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "study"
    made.mkdir()
    (made / "study.toml").write_text(STUDY, encoding="utf-8")
    return made


@pytest.fixture
def driver(lab: Lab, qtbot: QtBot) -> Iterator[DesignDriver]:
    made = DesignDriver(lab, qtbot)
    yield made
    made.document.stack.setClean()


def errors(driver: DesignDriver) -> list[str]:
    return [problem.code for problem in driver.document.problems if problem.severity == "error"]


def go_to_problem(driver: DesignDriver, code: str) -> int:
    """Make the problem of this kind the current one, by keys."""
    rows = driver.editor.problems.list
    rows.setFocus()
    driver.wait(rows.hasFocus)
    for _ in range(len(rows.problems()) + 1):
        row = rows.currentIndex().row()
        if row >= 0 and rows.problems()[row].code == code:
            return row
        driver.qtbot.keyClick(rows, Qt.Key.Key_Down)
    raise AssertionError(f"there is no problem {code}")


def test_that_a_problem_is_fixed_with_a_key_and_the_fix_is_undone(driver: DesignDriver, folder: Path) -> None:
    driver.open(folder)
    driver.wait(lambda: "missing_file" in errors(driver))  # then the thorough check is through
    row = go_to_problem(driver, "unknown_field")
    driver.qtbot.keyClick(driver.editor.problems.list, Qt.Key.Key_Return, Qt.KeyboardModifier.AltModifier)
    page = driver.study.chain[1]
    assert isinstance(page, StaticPage)
    assert page.scene_body == "<p>Mistyped.</p>"
    assert page.extra == {}
    driver.wait(lambda: "unknown_field" not in [problem.code for problem in driver.document.problems])
    assert row >= 0
    driver.key(Qt.Key.Key_Z, CTRL)
    assert driver.study == read_study(folder / "study.toml")


def test_that_a_click_on_the_fix_fixes_and_one_beside_it_goes_there(driver: DesignDriver, folder: Path) -> None:
    driver.open(folder)
    driver.wait(lambda: "missing_file" in errors(driver))
    rows = driver.editor.problems.list
    row = go_to_problem(driver, "unknown_field")
    rows.scrollTo(rows.model().index(row, 0))
    where = rows.visualRect(rows.model().index(row, 0))
    driver.qtbot.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=where.topLeft() + QPoint(60, 12))
    assert driver.document.selection == ((1,),)
    assert driver.document.is_clean
    driver.qtbot.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=rows.fix_rect(row).center())
    assert not driver.document.is_clean
    assert driver.study.chain[1].extra == {}


def test_that_what_the_thorough_check_found_moves_along_and_goes_with_the_field(
    driver: DesignDriver, folder: Path
) -> None:
    driver.open(folder)
    driver.wait(lambda: "missing_file" in errors(driver))
    driver.document.push(move(driver.study, [(2,)], (1,)))
    driver.wait(lambda: [p.path for p in driver.document.problems if p.code == "missing_file"] == [(1,)])
    driver.document.push(SetField(path=(1,), field="scene_body_filepath", value="pages/other.html"))
    driver.wait(lambda: "missing_file" not in errors(driver))
    assert "Saving checks" in driver.editor.problems.words.text()
    while driver.document.stack.canUndo():
        driver.document.undo()
    driver.wait(lambda: [p.path for p in driver.document.problems if p.code == "missing_file"] == [(2,)])
    assert driver.lab.window.design.check.is_thorough


def test_that_the_history_goes_back_and_forth_by_a_click(driver: DesignDriver, folder: Path) -> None:
    driver.open(folder)
    for title in ("One", "Two", "Three"):
        driver.document.push(SetField(path=(0,), field="scene_header", value=title))
    driver.editor.side.setCurrentWidget(driver.editor.history)
    steps = driver.editor.history.steps
    assert steps.model().rowCount() == 4
    for row, title in ((1, "One"), (3, "Three"), (0, "Welcome")):
        place = steps.visualRect(steps.model().index(row, 0)).center()
        driver.qtbot.mouseClick(steps.viewport(), Qt.MouseButton.LeftButton, pos=place)
        page = driver.study.chain[0]
        assert isinstance(page, StaticPage)
        assert page.scene_header == title
    assert driver.document.is_clean


def test_that_a_saved_version_is_listed_compared_and_brought_back(driver: DesignDriver, folder: Path) -> None:
    driver.open(folder)
    first = driver.study
    driver.document.push(SetField(path=(0,), field="scene_header", value="Hello"))
    driver.save()
    driver.document.push(remove(driver.study, [(1,)]))
    driver.save()
    view = driver.editor.versions
    driver.editor.side.setCurrentWidget(view)
    driver.wait(lambda: len(view.model.rows) == 3 and view.model.rows[0].is_current)  # the file as it was is the first
    last = view.model.index(len(view.model.rows) - 1, 0)
    place = view.list.visualRect(last).center()
    driver.qtbot.mouseClick(view.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    driver.click_widget(view.compare)
    driver.wait(lambda: driver.lab.versions.diff_dialog is not None)
    dialog = driver.lab.versions.diff_dialog
    assert dialog is not None
    assert "1 removed" in dialog.view.summary.text()
    dialog.reject()
    driver.click_widget(view.restore)
    driver.wait(lambda: not driver.document.is_clean)
    assert driver.study == first
    driver.document.undo()
    assert len(driver.study.chain) == 3


def test_that_a_start_with_unsaved_changes_asks_and_saves(driver: DesignDriver, tmp_path: Path) -> None:
    folder = tmp_path / "good"
    folder.mkdir()
    good = STUDY.replace('scene_bodi = "<p>Mistyped.</p>"\n', "").replace(
        'scene_body_filepath = "pages/missing.html"', 'scene_header = "Files"'
    )
    (folder / "study.toml").write_text(good, encoding="utf-8")
    driver.open(folder)
    driver.document.push(SetField(path=(0,), field="scene_header", value="Changed"))
    guard = driver.lab.start_guard
    driver.window.show_page("run")
    driver.lab.window.run.start_asked.emit()
    assert guard.question is not None
    guard.question.stay.click()
    assert not driver.lab.control.is_running
    driver.lab.window.run.start_asked.emit()
    assert guard.question is not None
    guard.question.save.click()
    flow = driver.lab.session
    driver.wait(lambda: flow.new_session_dialog is not None)
    assert flow.new_session_dialog is not None
    flow.new_session_dialog.confirm.click()
    driver.wait(lambda: driver.lab.control.is_running)
    assert "Changed" in (folder / "study.toml").read_text(encoding="utf-8")
    assert driver.document.is_clean
    driver.wait(lambda: driver.lab.window.run.session is not None)
    driver.window.run.stop_asked.emit()
    driver.wait(lambda: not driver.lab.control.is_running)


def test_that_problem_rows_are_a_proper_model(qtbot: QtBot) -> None:
    rows = ProblemRows(lambda _problem: None)
    QAbstractItemModelTester(rows, QAbstractItemModelTester.FailureReportingMode.Fatal)
    warning = Problem(None, "id", "warning", "x", "A warning")
    error = Problem(None, None, "error", "y", "An error")
    rows.show_problems([warning, error])
    assert [rows.problem(row).code for row in range(rows.rowCount())] == ["y", "x"]
    rows.show_problems([])
    assert rows.rowCount() == 0


def test_that_standing_problems_hold_for_their_node_alone(folder: Path) -> None:
    study = read_study(folder / "study.toml")
    found = Problem("2", "scene_body_filepath", "error", "missing_file", "is not there", "files", (2,))  # type: ignore[arg-type]  # a NewType
    standing = StandingProblems()
    standing.take(study, [*validate(study), found], validate(study))
    assert standing.at(study) == [found]
    edit = move(study, [(2,)], (0,))
    assert edit is not None
    moved, _ = edit.apply(study)
    assert [problem.path for problem in standing.at(moved)] == [(0,)]
    changed, _ = SetField(path=(0,), field="scene_body_filepath", value="a.html").apply(moved)
    assert standing.at(changed) == []


def test_that_the_history_names_what_was_changed_of_which_scene(driver: DesignDriver, folder: Path) -> None:
    driver.open(folder)
    driver.document.push(SetField(path=(0,), field="scene_header", value="One"))
    assert driver.document.stack.undoText() == "Change header of “welcome”"
    assert "Change header of “welcome”" in driver.window.design.undo.toolTip()


def test_that_an_unfinished_field_is_not_lost_without_a_word(driver: DesignDriver, folder: Path) -> None:
    driver.open(folder)
    driver.choose((1,))
    editor = driver.field("experiment_config")
    driver.click_widget(editor.source_button)
    driver.qtbot.keyClicks(editor.source.text, "a = [1, ")
    assert driver.document.is_clean
    driver.window.close()
    question = driver.lab.studies.unfinished_question
    assert question is not None
    assert driver.window.isVisible()
    question.stay.click()
    assert "[1, " in editor.source.text.toPlainText()
    gone: list[bool] = []
    assert not driver.lab.studies.may_leave(lambda: gone.append(True))
    question = driver.lab.studies.unfinished_question
    assert question is not None
    question.leave.click()
    assert gone == [True]
