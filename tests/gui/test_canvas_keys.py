"""The canvas without a mouse: every change has keys, and the clipboard carries scenes as text."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gui.design.canvas.carrying import SCENES_MIME
from gui.widgets.theme import Theme
from mug.study.catalog import NODE_KINDS
from tests.drivers.canvas_hand import ALT, CTRL, SHIFT, CanvasHand
from tests.drivers.canvas_studies import sample

Key = Qt.Key


@pytest.fixture
def hand(qtbot: QtBot, theme: Theme) -> Iterator[CanvasHand]:
    made = CanvasHand(theme)
    QGuiApplication.clipboard().clear()
    yield made
    made.agrees()
    made.close()


def test_that_arrows_go_through_the_chain_and_into_wrappers(hand: CanvasHand) -> None:
    hand.open(sample("start_page", ["repeat", "gym_game", "text_box"], "static_page", "end_page"))
    hand.key(Key.Key_Home)
    seen = [hand.document.current]
    for _ in range(6):
        hand.key(Key.Key_Right)
        seen.append(hand.document.current)
    assert seen == [(0,), (1,), (1, 0), (1, 1), (2,), (3,), (3,)]
    hand.key(Key.Key_Left)
    hand.key(Key.Key_Left)
    assert hand.document.current == (1, 1)
    hand.key(Key.Key_Up)
    assert hand.document.current == (1,)
    hand.key(Key.Key_End)
    assert hand.document.current == (3,)


def test_that_up_and_down_stay_in_the_column(hand: CanvasHand) -> None:
    hand.open(sample("start_page", *["text_box"] * 40, "end_page"))
    columns = hand.canvas.scene.plan.levels[()].rows[0].last
    hand.click(hand.node((1,)))
    hand.key(Key.Key_Down)
    assert hand.document.current == (1 + columns,)
    hand.key(Key.Key_Up)
    assert hand.document.current == (1,)
    hand.key(Key.Key_PageDown)
    current = hand.document.current
    assert current is not None
    assert current[0] % columns == 1
    assert current[0] >= 1 + 2 * columns
    hand.key(Key.Key_PageUp)
    assert hand.document.current == (1,)


def test_that_shift_extends_the_selection_and_takes_it_back(hand: CanvasHand) -> None:
    hand.open(sample("start_page", "text_box", "gym_game", "static_page", "end_page"))
    hand.click(hand.node((1,)))
    hand.key(Key.Key_Right, SHIFT)
    hand.key(Key.Key_Right, SHIFT)
    assert hand.document.selection == ((1,), (2,), (3,))
    hand.key(Key.Key_Left, SHIFT)
    assert hand.document.selection == ((1,), (2,))
    hand.key(Key.Key_A, CTRL)
    assert hand.document.selection == ((0,), (1,), (2,), (3,), (4,))


def test_that_delete_takes_scenes_out_and_goes_on_at_their_place(hand: CanvasHand) -> None:
    hand.open(sample("start_page", "text_box", "gym_game", ["repeat", "static_page"], "end_page"))
    hand.click(hand.node((1,)))
    hand.key(Key.Key_Delete)
    assert hand.outline == ["start", "game", ["repeat", "page"], "end"]
    assert hand.document.selection == ((1,),)
    hand.click(hand.node((2, 0)))
    hand.key(Key.Key_Backspace)
    assert hand.outline == ["start", "game", ["repeat"], "end"]
    assert hand.document.selection == ((2,),)
    hand.key(Key.Key_A, CTRL)
    hand.key(Key.Key_Delete)
    assert hand.outline == []
    for _ in range(3):
        hand.document.undo()
    assert hand.outline == ["start", "text_box", "game", ["repeat", "page"], "end"]


def test_that_scenes_move_by_keys_alone(hand: CanvasHand) -> None:
    hand.open(sample("start_page", "text_box", "gym_game", ["repeat", "static_page"], "end_page"))
    hand.click(hand.node((1,)))
    hand.key(Key.Key_Right, ALT)
    assert hand.outline == ["start", "game", "text_box", ["repeat", "page"], "end"]
    hand.key(Key.Key_Right, ALT | SHIFT)
    assert hand.outline == ["start", "game", ["repeat", "text_box", "page"], "end"]
    hand.key(Key.Key_Down, ALT)
    assert hand.outline == ["start", "game", ["repeat", "page", "text_box"], "end"]
    hand.key(Key.Key_Left, ALT | SHIFT)
    assert hand.outline == ["start", "game", ["repeat", "page"], "text_box", "end"]
    hand.key(Key.Key_Left, ALT)
    assert hand.outline == ["start", "game", "text_box", ["repeat", "page"], "end"]
    hand.key(Key.Key_Up, ALT)
    assert hand.outline == ["start", "text_box", "game", ["repeat", "page"], "end"]
    hand.click(hand.node((3, 0)))
    assert not hand.canvas.actions().move_earlier.isEnabled()
    assert not hand.canvas.actions().move_into_next.isEnabled()
    hand.key(Key.Key_Left, ALT | SHIFT)
    assert hand.outline == ["start", "text_box", "game", ["repeat"], "page", "end"]
    for _ in range(7):
        hand.document.undo()
    assert hand.outline == ["start", "text_box", "game", ["repeat", "page"], "end"]
    for _ in range(7):
        hand.document.redo()
    assert hand.outline == ["start", "text_box", "game", ["repeat"], "page", "end"]


def test_that_wrappers_are_put_around_scenes_and_taken_away(hand: CanvasHand) -> None:
    hand.open(sample("start_page", "text_box", "gym_game", "end_page"))
    hand.click(hand.node((1,)))
    hand.key(Key.Key_Right, SHIFT)
    hand.key(Key.Key_G, CTRL)
    assert hand.outline == ["start", ["randomize_order", "text_box", "game"], "end"]
    hand.key(Key.Key_G, CTRL | ALT)
    assert hand.outline == ["start", ["repeat", ["randomize_order", "text_box", "game"]], "end"]
    hand.key(Key.Key_G, CTRL | SHIFT)
    hand.key(Key.Key_G, CTRL | SHIFT)
    assert hand.outline == ["start", "text_box", "game", "end"]
    assert hand.document.selection == ((1,), (2,))


@pytest.mark.parametrize(("key", "held"), [(Key.Key_Insert, Qt.KeyboardModifier.NoModifier), (Key.Key_Insert, CTRL)])
def test_that_insert_offers_the_kinds_at_the_selection(
    hand: CanvasHand, qtbot: QtBot, key: Qt.Key, held: Qt.KeyboardModifier
) -> None:
    hand.open(sample("start_page", "text_box", "end_page"))
    hand.click(hand.node((0,)))
    hand.key(key, held)
    menu = hand.canvas.kind_menu
    qtbot.waitUntil(menu.isVisible)
    assert menu.kinds() == list(NODE_KINDS)
    QTest.keyClicks(menu.field, "zzz")
    QTest.keyClick(menu.field, Key.Key_Return)
    assert menu.isVisible()
    menu.field.clear()
    QTest.keyClick(menu.field, Key.Key_Down)
    QTest.keyClick(menu.field, Key.Key_Return)
    assert not menu.isVisible()
    assert hand.outline == ["start", "page", "text_box", "end"]
    hand.key(key, held)
    QTest.keyClick(menu.field, Key.Key_Escape)
    assert hand.outline == ["start", "page", "text_box", "end"]


def test_that_the_palette_is_used_with_keys(hand: CanvasHand) -> None:
    hand.open(sample("start_page", "end_page"))
    hand.click(hand.node((0,)))
    first = hand.palette.buttons["start_page"]
    first.setFocus()
    hand.key(Key.Key_Down)
    assert hand.palette.buttons["static_page"].hasFocus()
    hand.key(Key.Key_Return)
    hand.key(Key.Key_Down)
    hand.key(Key.Key_Space)
    assert hand.outline == ["start", "page", "text_box", "end"]
    assert list(hand.palette.buttons) == list(NODE_KINDS)
    hand.palette.fold.click()
    assert hand.palette.is_folded
    assert hand.palette.width() < 60
    assert all(button.toolTip() and button.accessibleName() for button in hand.palette.buttons.values())


def test_that_copied_scenes_are_text_that_another_canvas_takes(hand: CanvasHand, theme: Theme) -> None:
    hand.open(sample("start_page", ["repeat", "gym_game"], "text_box", "end_page"))
    hand.click(hand.node((1,)))
    hand.click(hand.node((2,)), CTRL)
    hand.key(Key.Key_C, CTRL)
    data = QGuiApplication.clipboard().mimeData()
    assert "[[chain]]" in data.text()
    assert data.hasFormat(SCENES_MIME)
    other = CanvasHand(theme)
    try:
        other.open(sample("start_page", "gym_game", "end_page"))
        other.click(other.node((0,)))
        other.key(Key.Key_V, CTRL)
        assert other.outline == ["start", ["repeat", "game_2"], "text_box", "game", "end"]
        assert other.document.selection == ((1,), (2,))
        other.agrees()
        other.document.undo()
        assert other.outline == ["start", "game", "end"]
    finally:
        other.close()


def test_that_cut_and_pasted_scenes_keep_their_ids_and_go_into_a_selected_wrapper(hand: CanvasHand) -> None:
    hand.open(sample("start_page", "gym_game", ["repeat", "text_box"], "end_page"))
    hand.click(hand.node((1,)))
    hand.key(Key.Key_X, CTRL)
    assert hand.outline == ["start", ["repeat", "text_box"], "end"]
    hand.click(hand.node((1,)))
    hand.key(Key.Key_V, CTRL)
    assert hand.outline == ["start", ["repeat", "text_box", "game"], "end"]
    hand.key(Key.Key_V, CTRL)
    assert hand.outline == ["start", ["repeat", "text_box", "game", "game_2"], "end"]
    hand.key(Key.Key_D, CTRL)
    assert hand.outline == ["start", ["repeat", "text_box", "game", "game_2", "game_3"], "end"]


@pytest.mark.parametrize("text", ["", "Dear all", "[[chain]]\nkind = 'nothing'", "x" * 2_000_001])
def test_that_nonsense_is_not_pasted_and_it_is_said_why(hand: CanvasHand, qtbot: QtBot, text: str) -> None:
    study = sample("start_page", "end_page")
    hand.open(study)
    QGuiApplication.clipboard().setText(text)
    hand.canvas.focus()
    with qtbot.waitSignal(hand.canvas.said) as said:
        hand.key(Key.Key_V, CTRL)
    assert said.args is not None
    assert len(said.args[0]) > 20
    assert len(said.args[0]) < 400
    assert hand.document.study is study


def test_that_every_action_has_a_name_and_its_keys_no_other_one_has(hand: CanvasHand) -> None:
    actions = [action for action in vars(hand.canvas.actions()).values() if hasattr(action, "shortcuts")]
    keys = [shortcut.toString() for action in actions for shortcut in action.shortcuts()]
    assert len(actions) == 25
    assert all(action.text() for action in actions)
    assert len(keys) == len(set(keys))


def test_that_keys_of_a_text_field_beside_the_canvas_stay_its_own(hand: CanvasHand) -> None:
    hand.open(sample("start_page", "gym_game", "end_page"))
    hand.click(hand.node((1,)))
    hand.key(Key.Key_F, CTRL)
    field = hand.canvas.find_bar.field
    field.setText("abc")
    hand.key(Key.Key_A, CTRL)
    hand.key(Key.Key_Backspace)
    hand.key(Key.Key_V, CTRL)
    assert hand.outline == ["start", "game", "end"]
    assert field.hasFocus()


def test_that_previews_are_asked_for(hand: CanvasHand, qtbot: QtBot) -> None:
    hand.open(sample("start_page", ["repeat", "gym_game"], "end_page"))
    hand.canvas.reveal((1, 0))
    with qtbot.waitSignal(hand.canvas.preview_asked) as asked:
        hand.canvas.actions().preview_scene.trigger()
    assert asked.args == [(1, 0), "scene"]
    hand.canvas.reveal((1,))
    assert not hand.canvas.actions().preview_scene.isEnabled()
    with qtbot.waitSignal(hand.canvas.preview_asked) as asked:
        hand.canvas.actions().preview_from_here.trigger()
    assert asked.args == [(1,), "from"]
