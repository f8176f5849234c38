"""Forms are edited question by question, pages with their preview."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.design.inspector.question_card import QuestionCard
from mug.study import validate
from mug.study.edits import SetField, insert, remove
from mug.study.model import GymGame, MultipleChoiceForm, ScalesForm, StaticPage
from tests.drivers.inspector_driver import InspectorDriver, ShowInspector

Key = Qt.Key
ALT, SHIFT = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier


def form(show: ShowInspector, **values: Any) -> InspectorDriver:
    node = MultipleChoiceForm(
        **{"scene_id": "form", "questions": ("Tea?", "Cake?", "Fruit?"), "choices": ("Yes", "No"), **values}
    )
    driver = show(node)
    driver.document.select([(0,)])
    return driver


def card(driver: InspectorDriver, index: int) -> QuestionCard:
    found = driver.editor("questions").entries[index]
    assert isinstance(found, QuestionCard)
    return found


def fields_of(driver: InspectorDriver) -> dict[str, Any]:
    names = ("questions", "question_ids", "choices", "images")
    return {name: driver.value((0,), name) for name in names}


def test_that_a_question_is_typed_in_one_step(show_inspector: ShowInspector) -> None:
    driver = form(show_inspector)
    driver.type_into(card(driver, 1).text, "Pie?", anew=True)
    assert driver.value((0,), "questions") == ("Tea?", "Pie?", "Fruit?")
    assert driver.document.stack.count() == 1
    driver.document.undo()
    assert card(driver, 1).text.toPlainText() == "Cake?"


def test_that_questions_are_added_named_copied_and_deleted(show_inspector: ShowInspector) -> None:
    driver = form(show_inspector)
    editor = driver.editor("questions")
    driver.click(editor.add_button)
    assert card(driver, 3).text.hasFocus()
    driver.type_into(card(driver, 3).text, "Nuts?")
    driver.type_into(card(driver, 3).name, "nuts")
    assert driver.value((0,), "question_ids") == ("q1", "q2", "q3", "nuts")
    editor.double_entry(3)
    assert driver.value((0,), "questions")[-2:] == ("Nuts?", "Nuts?")
    assert driver.value((0,), "question_ids")[-1] == "q5"
    driver.click(card(driver, 4).remove_button)
    assert len(driver.value((0,), "question_ids")) == len(driver.value((0,), "questions")) == 4
    assert not [problem for problem in driver.document.problems if (problem.field or "").startswith("question")]
    driver.undo_everything()
    assert fields_of(driver) == {
        "questions": ("Tea?", "Cake?", "Fruit?"),
        "question_ids": (),
        "choices": ("Yes", "No"),
        "images": (),
    }


def test_that_a_question_is_moved_with_all_that_belongs_to_it(show_inspector: ShowInspector, qtbot: QtBot) -> None:
    driver = form(
        show_inspector,
        question_ids=("a", "b", "c"),
        choices=(("1", "2"), ("3", "4"), ("5", "6")),
        images=("x.png", "", ""),
    )
    text = card(driver, 0).text
    driver.type_into(text, "")
    qtbot.keyClick(text, Key.Key_Down, ALT | SHIFT)
    expected = {
        "questions": ("Cake?", "Tea?", "Fruit?"),
        "question_ids": ("b", "a", "c"),
        "choices": (("3", "4"), ("1", "2"), ("5", "6")),
        "images": ("", "x.png", ""),
    }
    assert fields_of(driver) == expected
    assert card(driver, 1).text.hasFocus()
    assert driver.document.stack.count() == 1
    assert driver.document.stack.text(0) == "Move a question"


def test_that_a_question_is_dragged_to_another_place(show_inspector: ShowInspector, qtbot: QtBot) -> None:
    driver = form(show_inspector)
    driver.row("questions")
    grip = card(driver, 0).grip
    target = card(driver, 2)
    at = grip.mapFromGlobal(target.mapToGlobal(QPoint(20, target.height() - 4)))
    qtbot.mousePress(grip, Qt.MouseButton.LeftButton, pos=grip.rect().center())
    qtbot.mouseMove(grip, grip.rect().center() + QPoint(0, 30))
    qtbot.mouseMove(grip, at)
    assert driver.document.stack.count() == 0
    qtbot.mouseRelease(grip, Qt.MouseButton.LeftButton, pos=at)
    assert driver.value((0,), "questions") == ("Cake?", "Fruit?", "Tea?")


def test_that_escape_leaves_a_drag_without_a_trace(show_inspector: ShowInspector, qtbot: QtBot) -> None:
    driver = form(show_inspector)
    grip = card(driver, 0).grip
    at = grip.rect().center() + QPoint(0, 300)
    qtbot.mousePress(grip, Qt.MouseButton.LeftButton, pos=grip.rect().center())
    qtbot.mouseMove(grip, at)
    qtbot.keyClick(grip, Key.Key_Escape)
    qtbot.mouseRelease(grip, Qt.MouseButton.LeftButton, pos=at)
    assert driver.document.stack.count() == 0


def test_that_answers_become_own_and_shared_again(show_inspector: ShowInspector) -> None:
    driver = form(show_inspector)
    editor = driver.editor("questions")
    editor.sharing.choose("own")
    assert driver.value((0,), "choices") == (("Yes", "No"),) * 3
    lines = card(driver, 1).answers.lines
    driver.type_into(lines[1].text, "Never", anew=True)
    assert driver.value((0,), "choices") == (("Yes", "No"), ("Yes", "Never"), ("Yes", "No"))
    editor.sharing.choose("shared")
    assert driver.value((0,), "choices") == ("Yes", "No", "Never")
    driver.document.undo()
    assert driver.value((0,), "choices")[1] == ("Yes", "Never")
    assert editor.sharing.current() == "own"


def test_that_answers_are_added_moved_and_deleted_by_keyboard(show_inspector: ShowInspector, qtbot: QtBot) -> None:
    driver = form(show_inspector)
    answers = driver.editor("questions").shared_answers
    driver.type_into(answers.lines[0].text, "")
    qtbot.keyClick(answers.lines[0].text, Key.Key_Return)
    qtbot.waitUntil(lambda: len(answers.lines) == 3 and answers.lines[1].text.hasFocus())
    qtbot.keyClicks(answers.lines[1].text, "Maybe")
    assert driver.value((0,), "choices") == ("Yes", "Maybe", "No")
    qtbot.keyClick(answers.lines[1].text, Key.Key_Down, ALT)
    assert driver.value((0,), "choices") == ("Yes", "No", "Maybe")
    driver.click(answers.lines[0].remove_button)
    assert driver.value((0,), "choices") == ("No", "Maybe")


def test_that_a_problem_of_an_answer_leads_to_it(show_inspector: ShowInspector, qtbot: QtBot) -> None:
    driver = form(show_inspector, choices=(("1", "2"), ("3", ""), ("5", "6")))
    driver.check()
    problem = next(problem for problem in driver.document.problems if problem.field == "choices[1][1]")
    assert any("choices[1][1]" in words for words in driver.row("choices").faults())
    driver.panel.reveal((0,), problem.field)
    qtbot.waitUntil(card(driver, 1).answers.lines[1].text.hasFocus)


def test_that_scales_have_cards_too(show_inspector: ShowInspector) -> None:
    driver = show_inspector(
        ScalesForm(scene_id="scales", text_box_header="Why?", scale_questions=("Hard?",), scale_labels=("no", "yes"))
    )
    driver.document.select([(0,)])
    editor = driver.editor("scale_questions")
    driver.click(editor.add_button)
    driver.type_into(editor.entries[1].text, "Fast?")
    assert driver.value((0,), "scale_questions") == ("Hard?", "Fast?")
    driver.click(editor.shared_answers.add_button)
    assert driver.value((0,), "scale_labels") == ("no", "yes", "")
    assert not editor.entries[0].picture.isVisible()


def test_that_a_picture_of_the_folder_is_taken_and_a_foreign_one_refused(
    show_inspector: ShowInspector, tmp_path: Path
) -> None:
    driver = form(show_inspector)
    card(driver, 0).picture.take(str(tmp_path / "pictures" / "tea.png"))
    assert driver.value((0,), "images") == ("pictures/tea.png", "", "")
    assert any("no served folder" in words for words in driver.said)
    card(driver, 1).picture.take(str(tmp_path.parent / "elsewhere.png"))
    assert driver.value((0,), "images")[1] == ""
    assert any("outside" in words for words in driver.said)


# --- pages ------------------------------------------------------------------------------------------------------------


def page(show: ShowInspector, body: str = "<p>Hello</p>") -> InspectorDriver:
    driver = show(StaticPage(scene_id="page", scene_body=body), GymGame(scene_id="game"))
    driver.document.select([(0,)])
    return driver


def test_that_the_preview_follows_the_source(show_inspector: ShowInspector, qtbot: QtBot) -> None:
    driver = page(show_inspector)
    editor = driver.editor("scene_body")
    driver.click(editor.preview_button)
    assert editor.preview is not None
    assert editor.preview.toPlainText() == "Hello"
    driver.type_into(editor.text, "<h1>Bye</h1><script>alert(1)</script>", anew=True)
    qtbot.waitUntil(lambda: editor.preview.toPlainText().strip() == "Bye")


def test_that_the_preview_shows_pictures_of_the_folder_only(
    show_inspector: ShowInspector, qtbot: QtBot, tmp_path: Path
) -> None:
    picture = QImage(20, 10, QImage.Format.Format_RGB32)
    picture.fill(QColor("red"))
    (tmp_path / "pictures").mkdir()
    picture.save(str(tmp_path / "pictures" / "red.png"))
    outside = tmp_path.parent / "outside.png"
    picture.save(str(outside))
    driver = page(
        show_inspector, '<img src="pictures/red.png"><img src="../outside.png"><img src="http://127.0.0.1:9/x">'
    )
    editor = driver.editor("scene_body")
    driver.click(editor.preview_button)
    preview = editor.preview
    kind = 2  # QTextDocument.ResourceType.ImageResource
    assert preview.loadResource(kind, "pictures/red.png").width() == 20
    assert preview.loadResource(kind, "../outside.png") is None
    assert preview.loadResource(kind, "http://127.0.0.1:9/x.png") is None
    assert preview.loadResource(kind, str(outside)) is None


def test_that_the_large_window_edits_its_page_whatever_is_selected(show_inspector: ShowInspector, qtbot: QtBot) -> None:
    driver = page(show_inspector)
    editor = driver.editor("scene_body")
    driver.click(editor.large_button)
    large = editor.window_of_source
    assert large is not None
    qtbot.addWidget(large)
    assert not large.isModal()
    driver.document.select([(1,)])
    driver.type_into(large.source, "<b>New</b>", anew=True)
    assert driver.value((0,), "scene_body") == "<b>New</b>"
    assert driver.document.stack.count() == 1
    qtbot.waitUntil(lambda: large.preview is not None and large.preview.toPlainText() == "New")
    driver.document.push(insert((0,), [StaticPage(scene_id="before")]))
    driver.type_into(large.source, "Two", anew=True)
    assert driver.value((1,), "scene_body") == "Two"
    driver.document.push(SetField(path=(1,), field="scene_id", value="renamed"))
    assert "renamed" in large.windowTitle()
    driver.document.undo()
    driver.document.undo()
    driver.document.undo()
    assert large.source.toPlainText() == "<b>New</b>"
    with qtbot.waitSignal(large.closed):
        driver.document.push(remove(driver.study, [(0,)]))


def test_that_code_is_written_with_its_colours_and_without_edits_by_them(
    show_inspector: ShowInspector, qtbot: QtBot
) -> None:
    driver = page(show_inspector)
    driver.document.select([(1,)])
    before = driver.study
    editor = driver.editor("runtime.on_game_step_code")
    QApplication.processEvents()
    assert driver.study == before
    driver.type_into(editor.text, 'def f():\nreturn "a"  # b')
    layout = editor.text.document().firstBlock().layout()
    qtbot.waitUntil(lambda: bool(layout.formats()))
    assert driver.document.stack.count() == 1
    driver.panel.surroundings.theme.changed.emit()
    QApplication.processEvents()
    assert driver.document.stack.count() == 1


def test_that_every_step_of_editing_a_form_leaves_it_valid(show_inspector: ShowInspector, qtbot: QtBot) -> None:
    driver = form(show_inspector, images=("a/x.png", "a/y.png", "a/z.png"), question_ids=("a", "b", "c"))
    editor = driver.editor("questions")
    editor.sharing.choose("own")
    editor.move_entry(0, 2)
    editor.double_entry(1)
    editor.remove_entry(0)
    wrong = [problem for problem in validate(driver.study) if problem.code == "wrong_number"]
    assert not wrong
