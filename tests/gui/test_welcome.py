"""The welcome page and the question for a new study, with real clicks, keys and drops."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from gui.design.new_study_dialog import NewStudyDialog, NewStudyRequest
from gui.design.welcome import Welcome
from gui.places import examples
from gui.widgets.theme import Theme, ThemeChoice
from mug.study import read_study
from mug.study.templates import TEMPLATES, create_study

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def welcome(qtbot: QtBot, theme: Theme) -> Welcome:
    made = Welcome(theme)
    qtbot.addWidget(made)
    made.resize(1180, 740)
    with qtbot.waitExposed(made):
        made.show()
    return made


@pytest.fixture
def dialog(qtbot: QtBot, theme: Theme, tmp_path: Path) -> Iterator[NewStudyDialog]:
    made = NewStudyDialog(theme, tmp_path, "two_players")
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.open()
    yield made
    made.reject()


def shown_texts(welcome: Welcome) -> list[str]:
    return [text.text() for row in welcome.rows() for text in row.findChildren(QLabel) if text.text()]


def test_that_each_template_is_a_card_that_asks_for_it(welcome: Welcome, qtbot: QtBot) -> None:
    asked: list[str] = []
    welcome.new_asked.connect(asked.append)
    for template in TEMPLATES:
        card = welcome.templates[template.key]
        assert template.title in card.accessibleName()
        assert card.height() >= card.heightForWidth(card.width())  # nothing is cut off
        words = next(text for text in card.findChildren(QLabel) if text.text() == template.description)
        under = words.mapTo(welcome, QPoint(4, 4))
        assert welcome.childAt(under) is card  # the words let a click through
        qtbot.mouseClick(card, LEFT, pos=card.mapFrom(welcome, under))
    assert asked == [template.key for template in TEMPLATES]


def test_that_recent_studies_that_are_there_are_listed(welcome: Welcome, qtbot: QtBot, tmp_path: Path) -> None:
    study, script = tmp_path / "my_study", tmp_path / "experiment.py"
    study.mkdir()
    script.touch()
    welcome.show_recent([study, tmp_path / "gone", script], {study: "2026-03-01T12:00:00+00:00"})
    texts = shown_texts(welcome)
    assert texts[:2] == ["My study", str(tmp_path)]
    assert texts[2].startswith("2026-03-01")
    assert "experiment.py" in texts
    assert not any("gone" in text for text in texts)
    with qtbot.waitSignal(welcome.open_asked) as opened:
        qtbot.mouseClick(welcome.rows()[0], LEFT)
    assert opened.args == [str(study)]
    with qtbot.waitSignal(welcome.open_asked) as opened:
        qtbot.keyClick(welcome.rows()[1], Qt.Key.Key_Space)
    assert opened.args == [str(script)]
    welcome.show_recent([])
    qtbot.waitUntil(lambda: welcome.rows() == [])


def test_that_examples_are_listed_and_their_place_is_empty_without_any(welcome: Welcome, qtbot: QtBot) -> None:
    welcome.show_examples(examples())
    assert [row.toolTip() for row in welcome.rows()] == [str(path) for path in examples()]
    with qtbot.waitSignal(welcome.open_asked) as opened:
        qtbot.mouseClick(welcome.rows()[-1], LEFT)
    assert opened.args == [str(examples()[-1])]


def test_that_the_keyboard_reaches_everything(welcome: Welcome, qtbot: QtBot, tmp_path: Path) -> None:
    welcome.show_recent([tmp_path])
    welcome.show_examples(examples())
    qtbot.waitUntil(lambda: all(row.isVisible() for row in welcome.rows()))
    welcome.activateWindow()
    welcome.open_folder.setFocus()
    qtbot.waitUntil(welcome.open_folder.hasFocus)
    reached = set()
    for _ in range(30):
        focused = QApplication.focusWidget()
        assert focused is not None
        assert focused.accessibleName()
        reached.add(focused)
        qtbot.keyClick(focused, Qt.Key.Key_Tab)
    wanted = {welcome.open_folder, welcome.open_script, *welcome.templates.values(), *welcome.rows()}
    assert {w.accessibleName() for w in wanted} - {w.accessibleName() for w in reached} == set()
    with qtbot.waitSignals([welcome.open_folder_asked, welcome.open_script_asked, welcome.new_asked]):
        for button in (welcome.open_folder, welcome.open_script, welcome.templates["survey"]):
            qtbot.keyClick(button, Qt.Key.Key_Space)


def dropped(welcome: Welcome, *paths: Path) -> bool:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    no_keys = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 50), Qt.DropAction.CopyAction, mime, LEFT, no_keys)
    enter.ignore()
    QApplication.sendEvent(welcome, enter)
    if not enter.isAccepted():
        QApplication.sendEvent(welcome, QDragLeaveEvent())
        return False
    drop = QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, mime, LEFT, no_keys)
    QApplication.sendEvent(welcome, drop)
    return drop.isAccepted()


def test_that_a_study_can_be_dropped(welcome: Welcome, tmp_path: Path) -> None:
    asked: list[str] = []
    welcome.open_asked.connect(asked.append)
    study = create_study("survey", tmp_path / "mine")
    (tmp_path / "script.py").touch()
    (tmp_path / "picture.png").touch()
    assert dropped(welcome, study)
    assert dropped(welcome, study / "study.toml")
    assert dropped(welcome, tmp_path / "picture.png", tmp_path / "script.py")
    assert not dropped(welcome, tmp_path / "picture.png")
    assert not dropped(welcome, tmp_path / "nowhere")
    assert asked == [str(study), str(study), str(tmp_path / "script.py")]


@pytest.mark.parametrize("width", [700, 1180, 2460])
def test_that_cards_share_the_width_there_is(welcome: Welcome, qtbot: QtBot, width: int) -> None:
    welcome.resize(width, 740)
    rows = 1 if width > 900 else 2
    qtbot.waitUntil(lambda: len({card.y() for card in welcome.templates.values()}) == rows)
    assert len({card.width() for card in welcome.templates.values()}) <= 2  # but for a pixel of rounding
    assert all(card.height() >= card.heightForWidth(card.width()) for card in welcome.templates.values())


def test_that_both_looks_are_painted(welcome: Welcome, theme: Theme) -> None:
    light = welcome.grab().toImage()
    theme.choose(ThemeChoice.DARK)
    dark = welcome.grab().toImage()
    theme.choose(ThemeChoice.LIGHT)
    card = welcome.templates["survey"]
    at = card.mapTo(welcome, QPoint(card.width() - 12, card.height() - 12))
    assert light.pixelColor(at).lightness() > 200
    assert dark.pixelColor(at).lightness() < 80


# --- the question for a new study ---


def test_that_names_follow_the_title_until_they_are_ones_own(dialog: NewStudyDialog, qtbot: QtBot) -> None:
    assert dialog.template_key == "two_players"
    assert not dialog.confirm.isEnabled()
    qtbot.keyClicks(dialog.title, "My 1st Grosse!")
    assert (dialog.study_id.text(), dialog.folder_name.text()) == ("my-1st-grosse", "my_1st_grosse")
    assert dialog.confirm.isEnabled()
    dialog.study_id.selectAll()
    qtbot.keyClicks(dialog.study_id, "pilot.2")
    qtbot.keyClicks(dialog.title, " again")
    assert (dialog.study_id.text(), dialog.folder_name.text()) == ("pilot.2", "my_1st_grosse_again")
    dialog.study_id.selectAll()
    qtbot.keyClick(dialog.study_id, Qt.Key.Key_Delete)
    assert not dialog.confirm.isEnabled()
    qtbot.keyClicks(dialog.title, "!")
    assert dialog.study_id.text() == "my-1st-grosse-again"  # an emptied field follows again
    dialog.title.setText("协作")
    assert (dialog.study_id.text(), dialog.folder_name.text()) == ("two-players", "two_players")
    dialog.choose_template("survey")
    assert (dialog.study_id.text(), dialog.folder_name.text()) == ("survey", "survey")


def test_that_the_answer_makes_the_study(dialog: NewStudyDialog, qtbot: QtBot, tmp_path: Path) -> None:
    qtbot.keyClicks(dialog.title, "Gathering")
    with qtbot.waitSignal(dialog.answered) as answer:
        qtbot.keyClick(dialog.title, Qt.Key.Key_Return)
    (request,) = answer.args
    assert request == NewStudyRequest(
        template_key="two_players", folder=tmp_path / "gathering", study_id="gathering", title="Gathering"
    )
    assert dialog.isVisible()
    assert not dialog.confirm.isEnabled()  # once is enough
    folder = create_study(request.template_key, request.folder, study_id=request.study_id, title=request.title)
    assert read_study(folder / "study.toml").title == "Gathering"
    dialog.say_failure("The disk is full.")
    assert dialog.failure.text() == "The disk is full."
    assert dialog.folder_note.problem().startswith("“gathering” holds a study already")
    suggestion = dialog.folder_note.suggestion()
    assert suggestion is not None
    qtbot.mouseClick(suggestion, LEFT)
    assert dialog.folder_name.text() == "gathering_2"
    assert dialog.folder_note.problem() == ""
    assert dialog.confirm.isEnabled()


@pytest.mark.parametrize(
    ("name", "said", "better"),
    [
        ("CON", "device", "study_CON"),
        ("aux.txt", "device", "study_aux.txt"),
        ("what?", "Windows does not allow", "what_"),
        ("pilot.", "ends with a dot", "pilot"),
        ("a" * 90, "too long", "a" * 40),
    ],
)
def test_that_a_forbidden_name_is_said_beside_it(
    dialog: NewStudyDialog, qtbot: QtBot, name: str, said: str, better: str
) -> None:
    dialog.title.setText("Title")
    dialog.folder_name.selectAll()
    height = dialog.folder_note.height()
    qtbot.keyClicks(dialog.folder_name, name)
    assert said in dialog.folder_note.problem()
    assert not dialog.confirm.isEnabled()
    qtbot.wait(0)
    assert dialog.folder_note.height() == height or len(name) > 80  # nothing jumps
    suggestion = dialog.folder_note.suggestion()
    assert suggestion is not None
    qtbot.mouseClick(suggestion, LEFT)
    assert dialog.folder_name.text() == better
    assert dialog.confirm.isEnabled()


def test_that_a_wrong_id_or_place_is_said(dialog: NewStudyDialog, qtbot: QtBot, tmp_path: Path) -> None:
    dialog.title.setText("Title")
    dialog.study_id.selectAll()
    qtbot.keyClicks(dialog.study_id, "two words")
    assert dialog.id_note.problem()
    suggestion = dialog.id_note.suggestion()
    assert suggestion is not None
    qtbot.mouseClick(suggestion, LEFT)
    assert dialog.study_id.text() == "two-words"
    (tmp_path / "file").touch()
    dialog.place.setText(str(tmp_path / "file"))
    assert "is not a folder" in dialog.folder_note.problem()
    dialog.place.setText("")
    assert "Choose where" in dialog.folder_note.problem()
    dialog.place.setText(str(tmp_path))
    assert dialog.confirm.isEnabled()


def test_that_templates_are_chosen_with_the_keyboard(dialog: NewStudyDialog, qtbot: QtBot) -> None:
    dialog.activateWindow()
    button = dialog.chosen_template()
    button.setFocus()
    qtbot.keyClick(button, Qt.Key.Key_Down)
    assert dialog.template_key == "human_ai"
    qtbot.keyClick(dialog.chosen_template(), Qt.Key.Key_Down)
    assert dialog.template_key == "survey"
