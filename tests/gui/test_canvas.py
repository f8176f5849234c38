"""The canvas with the hand of a person: scenes inserted, moved, nested, copied, deleted, all of it undone."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from gui.widgets.theme import Theme
from tests.drivers.canvas_hand import CTRL, CanvasHand, sample


@pytest.fixture
def hand(qtbot: QtBot, theme: Theme) -> Iterator[CanvasHand]:
    made = CanvasHand(theme)
    yield made
    made.agrees()
    made.close()


def test_that_a_new_scene_is_dragged_from_the_palette_into_a_gap(hand: CanvasHand) -> None:
    hand.open(sample("start_page", "end_page"))
    hand.drag(hand.kind("gym_game"), lambda: hand.gap((1,)))
    assert hand.outline == ["start", "game", "end"]
    assert hand.document.selection == ((1,),)
    hand.document.undo()
    assert hand.outline == ["start", "end"]


def test_that_a_card_is_dragged_to_another_place_in_one_step(hand: CanvasHand) -> None:
    hand.open(sample("start_page", "static_page", "text_box", "gym_game", "end_page"))
    hand.drag(hand.node((3,)), lambda: hand.gap((1,)))
    assert hand.outline == ["start", "game", "page", "text_box", "end"]
    assert hand.document.stack.count() == 1
    hand.document.undo()
    assert hand.outline == ["start", "page", "text_box", "game", "end"]
    hand.document.redo()
    assert hand.outline == ["start", "game", "page", "text_box", "end"]


def test_that_a_card_goes_into_a_wrapper_and_out_again(hand: CanvasHand) -> None:
    hand.open(sample("start_page", "gym_game", ["randomize_order", "text_box"], ["repeat"], "end_page"))
    hand.drag(hand.node((1,)), lambda: hand.gap((2, 1)))
    assert hand.outline == ["start", ["randomize_order", "text_box", "game"], ["repeat"], "end"]
    hand.drag(hand.node((1, 0)), lambda: hand.gap((2, 0)))
    assert hand.outline == ["start", ["randomize_order", "game"], ["repeat", "text_box"], "end"]
    hand.drag(hand.node((1, 0)), lambda: hand.gap((1,)))
    assert hand.outline == ["start", "game", ["randomize_order"], ["repeat", "text_box"], "end"]


def test_that_ctrl_while_dropping_makes_a_copy(hand: CanvasHand) -> None:
    hand.open(sample("start_page", "gym_game", "end_page"))
    hand.drag(hand.node((1,)), lambda: hand.gap((2,)), CTRL)
    assert hand.outline == ["start", "game", "game_2", "end"]


def test_that_esc_leaves_no_trace_of_a_drag(hand: CanvasHand) -> None:
    study = sample("start_page", "gym_game", "text_box", "end_page")
    hand.open(study)
    begin = hand.node((1,))
    hand.press(begin)
    hand.move(hand.gap((3,)))
    assert hand.canvas.scene.caret.isVisible()
    hand.key(Qt.Key.Key_Escape)
    assert not hand.canvas.scene.caret.isVisible()
    hand.release(hand.gap((3,)))
    assert hand.document.study is study
    assert hand.document.stack.count() == 0
