"""The panel of versions and the visual diff, with real widgets, clicks and keys."""

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication, QFrame, QLabel, QListView, QWidget
from pytestqt.qtbot import QtBot

from gui.design.change_details import LineDiff
from gui.design.diff_view import DiffDialog
from gui.design.versions_view import VersionsView
from gui.models.diff_rows import DiffModel, rows_of_diff
from gui.models.versions import VersionsModel, rows_of
from gui.widgets.theme import Theme, ThemeChoice
from mug.records import participants_by_hash
from mug.study import content_hash
from mug.study.diff import StudyDiff, diff_studies
from mug.study.edits import Compound, ReplaceStudy, SetField, insert, move, remove, wrap
from mug.study.model import EndPage, GymGame, RandomizeOrder, Repeat, StartPage, StaticPage, Study
from mug.study.versions import Version, VersionStore
from tests.drivers.recorded_session import RecordedSession

MODE = QAbstractItemModelTester.FailureReportingMode.Fatal
LEFT = Qt.MouseButton.LeftButton
CTRL = Qt.KeyboardModifier.ControlModifier
AT = "2026-03-01T12:00:00+00:00"


def study(*names: str) -> Study:
    return Study(id="exp", chain=tuple(StaticPage(scene_id=name, scene_header=name.title()) for name in names))


@pytest.fixture
def store(tmp_path: Path) -> VersionStore:
    made = VersionStore(tmp_path / "study")
    for names, comment in ((("a",), "As piloted"), (("a", "b"), ""), (("a", "b", "c"), "")):
        made.keep(study(*names), at=AT, comment=comment)
    return made


@pytest.fixture
def view(qtbot: QtBot, theme: Theme) -> VersionsView:
    made = VersionsView(theme)
    qtbot.addWidget(made)
    made.resize(360, 620)
    with qtbot.waitExposed(made):
        made.show()
    return made


def middle(items: QListView, row: int) -> QPoint:
    index = items.model().index(row, 0)
    items.scrollTo(index)
    rect: QRect = items.visualRect(index)
    return rect.center()


def click(qtbot: QtBot, items: QListView, row: int, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    qtbot.mouseClick(items.viewport(), LEFT, keys, middle(items, row))


# --- versions ---


def test_that_without_versions_the_panel_says_when_there_will_be_some(view: VersionsView) -> None:
    view.show_versions([], {})
    assert not view.list.isVisible()
    assert any("Each time the study is saved" in text.text() for text in view.findChildren(QLabel) if text.isVisible())
    view.show_failure("The folder cannot be read.")
    assert any(text.text() == "The folder cannot be read." for text in view.findChildren(QLabel) if text.isVisible())


def test_that_versions_say_who_took_part_and_which_is_open(
    view: VersionsView, store: VersionStore, tmp_path: Path
) -> None:
    first = store.list()[0]
    with RecordedSession(tmp_path / "data", "s1") as session:
        session.join("anna")
        session.join("ben")
    (recorded_hash,) = participants_by_hash(tmp_path / "data", "exp")
    people = {first.content_hash: participants_by_hash(tmp_path / "data", "exp")[recorded_hash]}
    view.show_versions(store.list(), people, first.content_hash)
    words = [view.model.index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole) for row in range(3)]
    assert words[0].startswith("Version 3, 2026-03-01 ")
    assert words[2].startswith("Version 1, current, locked, 2 participants, 2026-03-01 ")
    assert words[2].endswith(f"{first.content_hash[:8]}, As piloted")
    assert view.locked.isVisible()
    assert "Version 1 has 2 participants. It stays as it is" in view.locked.text()
    assert "version 4" in view.locked.text()
    view.show_versions(store.list(), people, store.list()[1].content_hash)
    assert not view.locked.isVisible()


def test_that_one_version_is_compared_with_now_and_brought_back(
    view: VersionsView, store: VersionStore, qtbot: QtBot
) -> None:
    versions = store.list()
    view.show_versions(versions, {}, versions[2].content_hash)
    assert not view.compare.isEnabled()
    assert not view.restore.isEnabled()
    click(qtbot, view.list, 0)
    assert not view.restore.isEnabled()  # the study is so already
    click(qtbot, view.list, 2)
    assert view.compare.text() == "Compare with now"
    with qtbot.waitSignal(view.compare_asked) as compared:
        qtbot.mouseClick(view.compare, LEFT)
    assert compared.args == [versions[0], None]
    with qtbot.waitSignal(view.restore_asked) as restored:
        qtbot.mouseClick(view.restore, LEFT)
    assert restored.args == [versions[0]]
    assert store.read(restored.args[0]) == study("a")


def test_that_two_versions_are_compared_the_older_first(view: VersionsView, store: VersionStore, qtbot: QtBot) -> None:
    versions = store.list()
    view.show_versions(versions, {}, versions[2].content_hash)
    click(qtbot, view.list, 0)
    click(qtbot, view.list, 2, CTRL)
    assert view.compare.text() == "Compare the two"
    assert not view.restore.isEnabled()
    with qtbot.waitSignal(view.compare_asked) as compared:
        qtbot.mouseClick(view.compare, LEFT)
    assert compared.args == [versions[0], versions[2]]
    click(qtbot, view.list, 1, CTRL)
    assert not view.compare.isEnabled()


def test_that_the_keyboard_is_enough(view: VersionsView, store: VersionStore, qtbot: QtBot) -> None:
    versions = store.list()
    view.show_versions(versions, {}, versions[2].content_hash)
    view.list.setFocus()
    view.list.setCurrentIndex(view.model.index(0, 0))
    qtbot.keyClick(view.list, Qt.Key.Key_Down)
    with qtbot.waitSignal(view.compare_asked) as compared:
        qtbot.keyClick(view.list, Qt.Key.Key_Return)
    assert compared.args == [versions[1], None]
    qtbot.keyClick(view.list, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    with qtbot.waitSignal(view.compare_asked) as compared:
        qtbot.keyClick(view.list, Qt.Key.Key_Return)
    assert compared.args == [versions[0], versions[1]]


def test_that_a_damaged_version_is_marked_and_not_used(view: VersionsView, store: VersionStore, qtbot: QtBot) -> None:
    store.list()[1].path.write_text("gone")
    view.show_versions(store.list(), {})
    click(qtbot, view.list, 1)
    assert not view.compare.isEnabled()
    assert not view.restore.isEnabled()
    assert any("Version 2 is damaged" in text.text() for text in view.findChildren(QLabel))


def test_that_the_models_keep_qts_rules(store: VersionStore, theme: Theme) -> None:
    versions, model = store.list(), VersionsModel()
    testers = [QAbstractItemModelTester(model, MODE)]
    for people, current in (({}, ""), ({versions[0].content_hash: 3}, versions[1].content_hash)):
        model.replace_all(rows_of(versions, people, current))
        model.replace_all(rows_of(versions[:1], people, current))
    model.replace_all(())
    diffs = DiffModel()
    testers.append(QAbstractItemModelTester(diffs, MODE))
    for only_changes in (False, True):
        diffs.replace_all(rows_of_diff(diff_studies(study("a", "b"), study("b", "c")), only_changes=only_changes))
    diffs.replace_all(())
    assert len(testers) == 2


def test_that_of_two_versions_with_one_content_the_newer_is_the_current(store: VersionStore) -> None:
    store.keep(study("a"), at=AT)
    versions: list[Version] = store.list()
    rows = rows_of(versions, {}, content_hash(study("a")))
    assert [row.is_current for row in rows] == [True, False, False, False]


# --- the diff ---

BEFORE = Study(
    id="exp",
    chain=(
        StartPage(scene_id="start", scene_header="Welcome"),
        StaticPage(scene_id="how", scene_header="How", scene_body="one\ntwo\nthree\nfour\nfive\nsix\nseven"),
        RandomizeOrder(
            scenes=(StaticPage(scene_id="apple", scene_header="Apple"), StaticPage(scene_id="pear", scene_body="P"))
        ),
        GymGame(scene_id="game"),
        EndPage(scene_id="end"),
    ),
)


def changed() -> Study:
    after = BEFORE
    for edit in (
        SetField(path=(1,), field="scene_body", value="one\ntwo\nthree\nfour\nfive\n6\nseven"),
        SetField(path=(3,), field="gameplay.num_episodes", value=4),
        SetField(path=(), field="title", value="Fruit"),
        insert((1,), [StaticPage(scene_id="consent", scene_header="Consent", scene_body="Yes?")]),
    ):
        after, _ = edit.apply(after)
    inner = move(after, [(4,)], (3, 1))  # the game, into the wrapper
    assert inner is not None
    after, _ = inner.apply(after)
    after, _ = remove(after, [(3, 2)]).apply(after)  # the pear
    return after


@pytest.fixture
def dialog(qtbot: QtBot, theme: Theme) -> DiffDialog:
    made = DiffDialog(theme, diff_studies(BEFORE, changed()), "Version 1", "now")
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.open()
    return made


def told(dialog: DiffDialog) -> list[str]:
    """The texts of the details."""
    QApplication.processEvents()  # what was put into a layout is shown then
    return [text.text() for text in dialog.view.details.findChildren(QLabel) if text.text() and text.isVisible()]


def place(dialog: DiffDialog, title: str) -> int:
    return next(number for number, row in enumerate(dialog.view.model.rows) if row.title == title)


def test_that_the_strip_shows_both_studies_as_one(dialog: DiffDialog) -> None:
    view = dialog.view
    assert view.summary.text() == "1 added · 1 removed · 1 moved · 3 fields changed"
    assert [(row.sign, row.title, row.depth) for row in view.model.rows] == [
        ("~", "Study", 0),
        (" ", "Welcome", 0),
        ("+", "Consent", 0),
        ("~", "How", 0),
        (" ", "Random order", 0),
        (" ", "Apple", 1),
        ("−", "pear", 1),
        ("↕", "game", 1),
        (" ", "end", 0),
    ]
    words = view.model.index(7, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert words == "Moved · 1 field: game, Game · game, 1 deep"
    assert view.list.hasFocus() or view.list.focusPolicy() is not Qt.FocusPolicy.NoFocus


def test_that_a_click_on_a_card_shows_what_has_changed(dialog: DiffDialog, qtbot: QtBot) -> None:
    view = dialog.view
    assert "Fruit" in told(dialog)  # the first change is shown at once
    click(qtbot, view.list, place(dialog, "game"))
    texts = told(dialog)
    assert texts[:2] == ["game", "Game · game"]
    assert any("moved into a wrapper" in text for text in texts)
    at = texts.index("Gameplay · Episodes")
    assert texts[at : at + 6] == ["Gameplay · Episodes", "gameplay.num_episodes", "Before", "1", "default", "After"]
    assert "4" in texts[at:]
    click(qtbot, view.list, place(dialog, "Consent"))
    texts = told(dialog)
    assert "Before" not in texts
    assert "Yes?" in texts
    click(qtbot, view.list, place(dialog, "pear"))
    assert "After" not in told(dialog)
    click(qtbot, view.list, place(dialog, "Welcome"))
    assert "It is the same in both." in told(dialog)
    qtbot.keyClick(view.list, Qt.Key.Key_Down)
    assert "Consent" in told(dialog)


def test_that_long_texts_are_compared_line_by_line(dialog: DiffDialog, qtbot: QtBot) -> None:
    click(qtbot, dialog.view.list, place(dialog, "How"))
    told(dialog)
    (lines,) = [found for found in dialog.view.details.findChildren(LineDiff) if found.isVisible()]
    assert lines.lines == [
        ("…", "3 equal lines"),
        (" ", "four"),
        (" ", "five"),
        ("-", "six"),
        ("+", "6"),
        (" ", "seven"),
    ]
    card = lines.parentWidget()
    assert isinstance(card, QFrame)
    qtbot.waitUntil(lambda: card.rect().contains(lines.geometry()))  # nothing is cut off


def test_that_only_changes_can_be_shown(dialog: DiffDialog, qtbot: QtBot) -> None:
    view = dialog.view
    click(qtbot, view.list, place(dialog, "game"))
    view.shown.choose("changes")
    assert [row.title for row in view.model.rows] == ["Study", "Consent", "How", "Random order", "pear", "game"]
    assert view.list.currentIndex().row() == 5  # what was chosen stays chosen
    view.shown.choose("all")
    assert len(view.model.rows) == 9


def test_that_the_text_is_copied_and_saved(dialog: DiffDialog, qtbot: QtBot, tmp_path: Path) -> None:
    qtbot.mouseClick(dialog.view.copy_button, LEFT)
    copied = QGuiApplication.clipboard().text()
    assert copied.startswith("Version 1 → now\n1 added · 1 removed · 1 moved · 3 fields changed\n")
    assert "  ↕ moved, changed Game “game”\n" in copied
    dialog.view.save_text(str(tmp_path / "diff.txt"))
    assert (tmp_path / "diff.txt").read_text(encoding="utf-8") == copied
    with qtbot.waitSignal(dialog.view.said) as said:
        dialog.view.save_text(str(tmp_path / "nowhere" / "diff.txt"))
    assert "cannot be written" in said.args[0]


def test_that_equal_studies_are_said_to_be_equal(dialog: DiffDialog) -> None:
    dialog.view.show_diff(diff_studies(BEFORE, BEFORE), "Version 1", "Version 2")
    assert not dialog.view.list.isVisible()
    assert any(text.text() == "No differences" for text in dialog.view.findChildren(QLabel) if text.isVisible())
    assert not dialog.view.copy_button.isEnabled()


def test_that_both_looks_are_painted_without_a_word(dialog: DiffDialog, view: VersionsView, theme: Theme) -> None:
    grounds = []
    for choice in (ThemeChoice.DARK, ThemeChoice.LIGHT):
        theme.choose(choice)
        image = dialog.view.list.grab().toImage()
        at = dialog.view.list.visualRect(dialog.view.model.index(1, 0)).center()
        grounds.append(image.pixelColor(at.x(), at.y() + 18).lightness())
        assert not view.grab().isNull()
    assert grounds[0] < 80
    assert grounds[1] > 200


def test_that_a_wrapper_that_went_stands_with_what_was_in_it(theme: Theme, qtbot: QtBot) -> None:
    after, _ = remove(BEFORE, [(2,)]).apply(BEFORE)
    rows = rows_of_diff(diff_studies(BEFORE, after), only_changes=True)
    assert [(row.status, row.title, row.depth) for row in rows] == [
        ("removed", "Random order", 0),
        ("removed", "Apple", 1),
        ("removed", "pear", 1),
    ]
    wrapped, _ = wrap(BEFORE, [(0,), (1,)], Repeat(n=2, scenes=())).apply(BEFORE)
    rows = rows_of_diff(diff_studies(BEFORE, wrapped), only_changes=True)
    assert [(row.status, row.depth) for row in rows] == [("added", 0), ("moved", 1), ("moved", 1)]


def test_that_the_diff_of_500_scenes_is_painted_and_not_made_of_widgets(theme: Theme, qtbot: QtBot) -> None:
    before = study(*(f"s{number}" for number in range(500)))
    edits = tuple(SetField(path=(number,), field="scene_header", value="Other") for number in range(0, 500, 3))
    after, _ = Compound(edits=edits, label="").apply(before)
    diff: StudyDiff = diff_studies(before, after)
    dialog = DiffDialog(theme, diff, "a", "b")
    qtbot.addWidget(dialog)
    with qtbot.waitExposed(dialog):
        dialog.show()
    assert len(dialog.findChildren(QWidget)) < 100
    assert len(dialog.view.model.rows) == 500


def test_that_bringing_a_version_back_can_be_undone(store: VersionStore) -> None:
    now = store.read(store.list()[2])
    old = store.read(store.list()[0])
    after, inverse = ReplaceStudy(study=old, label="Bring back version 1").apply(now)
    assert after == old
    assert inverse.apply(after)[0] == now
