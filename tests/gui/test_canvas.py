"""The canvas with the hand of a person: scenes inserted, moved, nested, copied, deleted, all of it undone."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QContextMenuEvent, QDragEnterEvent, QDragMoveEvent, QDropEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

from gui.models.opened_study import OpenedStudy
from gui.widgets.theme import Theme, ThemeChoice
from mug.study.clipboard import nodes_to_text
from mug.study.edits import SetField
from mug.study.model import AssetsSection, GymGame, Node, RenderingSection, StaticPage, Study
from mug.study.traversal import walk
from mug.study.validation import validate
from tests.drivers.canvas_hand import CTRL, SHIFT, CanvasHand
from tests.drivers.canvas_studies import sample


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


def test_that_several_cards_move_together_and_stay_in_order(hand: CanvasHand) -> None:
    hand.open(sample("start_page", "static_page", "text_box", "gym_game", "multiple_choice", "end_page"))
    hand.click(hand.node((1,)))
    hand.click(hand.node((3,)), CTRL)
    assert hand.document.selection == ((1,), (3,))
    hand.drag(hand.node((3,)), lambda: hand.gap((5,)))
    assert hand.outline == ["start", "text_box", "multiple_choice", "page", "game", "end"]
    assert hand.document.selection == ((3,), (4,))
    hand.document.undo()
    assert hand.outline == ["start", "page", "text_box", "game", "multiple_choice", "end"]


def test_that_clicks_with_shift_and_ctrl_and_on_nothing_select_as_everywhere(hand: CanvasHand) -> None:
    hand.open(sample("start_page", "static_page", "text_box", "gym_game", "end_page"))
    hand.click(hand.node((1,)))
    hand.click(hand.node((3,)), SHIFT)
    assert hand.document.selection == ((1,), (2,), (3,))
    hand.click(hand.node((2,)), CTRL)
    assert hand.document.selection == ((1,), (3,))
    hand.click(hand.node((3,)))
    assert hand.document.selection == ((3,),)
    hand.click(hand.on_window(QPointF(5, hand.canvas.scene.plan.height - 8)))
    assert hand.document.selection == ()


def test_that_a_rectangle_selects_what_it_touches_and_esc_takes_it_back(hand: CanvasHand) -> None:
    hand.open(sample("start_page", "static_page", "text_box", "gym_game", "end_page"))
    hand.click(hand.node((4,)))
    rects = hand.canvas.scene.plan.rects
    begin = hand.on_window(rects[(0,)].topLeft() + QPointF(-6, -8))
    end = hand.on_window(rects[(1,)].center())
    hand.press(begin)
    hand.move(begin + QPoint(30, 20))
    hand.move(end)
    assert hand.document.selection == ((0,), (1,))
    hand.key(Qt.Key.Key_Escape)
    assert hand.document.selection == ((4,),)
    hand.release(end)
    hand.drag(begin, end)
    assert hand.document.selection == ((0,), (1,))


def test_that_a_wrapper_offers_no_place_inside_itself(hand: CanvasHand) -> None:
    hand.open(sample("start_page", ["randomize_order", "text_box", ["repeat", "gym_game"]], "end_page"))
    before = hand.document.study
    header = hand.node((1,))
    inside = hand.gap((1, 1, 0))
    hand.press(header)
    hand.move(header + QPoint(20, 12))
    hand.move(inside)
    caret = hand.canvas.scene.caret
    assert caret.gap is None or len(caret.gap.place) == 1
    hand.release(inside)
    hand.agrees()
    assert before is not None
    assert all(problem.code != "empty_wrapper" for problem in validate(hand.document.study or before))
    assert [node.kind for _, node in walk(hand.document.study or before)].count("repeat") == 1


def test_that_what_is_carried_to_the_edge_scrolls(hand: CanvasHand, qtbot: QtBot) -> None:
    hand.open(sample("start_page", *["text_box"] * 40, "end_page"))
    view = hand.canvas.view
    begin = hand.node((1,))
    hand.press(begin)
    hand.move(begin + QPoint(20, 20))
    edge = view.viewport().mapTo(hand.window, QPoint(300, view.viewport().height() - 4))
    hand.move(edge)
    qtbot.waitUntil(lambda: view.verticalScrollBar().value() > 300)
    hand.release(edge)
    assert hand.outline.index("text_box") > 5


def test_that_a_card_can_be_carried_to_another_window(hand: CanvasHand, theme: Theme) -> None:
    hand.window.setGeometry(0, 0, 420, 700)  # the offscreen display has 800 pixels
    hand.palette.hide()
    other = CanvasHand(theme, (360, 700), at=(430, 0))
    other.palette.hide()
    QApplication.processEvents()
    try:
        hand.open(sample("start_page", "gym_game", "end_page"))
        other.open(sample("start_page", "gym_game", "end_page"))
        hand.window.activateWindow()
        target = hand.window.mapFromGlobal(other.window.mapToGlobal(other.gap((1,))))
        hand.drag(hand.node((1,)), target)
        assert hand.outline == ["start", "game", "end"]
        assert other.outline == ["start", "game_2", "game", "end"]
        other.agrees()
        other.document.undo()
        assert other.outline == ["start", "game", "end"]
    finally:
        other.close()


def test_that_a_study_without_scenes_says_what_to_do_and_takes_the_first_one(hand: CanvasHand) -> None:
    hand.open(sample())
    assert hand.canvas.empty.isVisible()
    middle = hand.canvas.mapTo(hand.window, hand.canvas.rect().center())
    hand.drag(hand.kind("start_page"), middle)
    assert hand.outline == ["start"]
    assert not hand.canvas.empty.isVisible()


def test_that_the_plus_in_a_gap_opens_the_menu_of_kinds(hand: CanvasHand, qtbot: QtBot) -> None:
    hand.open(sample("start_page", "end_page"))
    gap = hand.canvas.scene.plan.gap_of((1,))
    plus = hand.on_window(QPointF(gap.x, gap.top + 66))
    hand.move(plus + QPoint(0, 3))
    hand.move(plus)
    assert hand.canvas.scene.plus.isVisible()
    hand.click(plus)
    menu = hand.canvas.kind_menu
    qtbot.waitUntil(menu.isVisible)
    assert hand.canvas.scene.caret.isVisible()
    QTest.keyClicks(menu.field, "game")
    assert menu.kinds()[0] == "gym_game"
    QTest.keyClick(menu.field, Qt.Key.Key_Return)
    assert hand.outline == ["start", "game", "end"]
    assert not hand.canvas.scene.caret.isVisible()


def test_that_a_right_click_selects_and_opens_a_menu_of_what_can_be_done(hand: CanvasHand, qtbot: QtBot) -> None:
    hand.open(sample("start_page", ["repeat", "gym_game"], "end_page"))
    at = hand.node((1,))
    hand.press(at, button=Qt.MouseButton.RightButton)
    hand.release(at, button=Qt.MouseButton.RightButton)
    view = hand.canvas.view
    on_view = view.viewport().mapFrom(hand.window, at)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, on_view, view.viewport().mapToGlobal(on_view))
    QApplication.sendEvent(view.viewport(), event)
    assert hand.document.selection == ((1,),)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    enabled = {action.text().replace("&", "") for action in menu.actions() if action.isEnabled()}
    assert {"Take scenes out", "Duplicate", "Preview from here"} <= enabled
    assert not {"Rename", "Preview this scene", "Move out of the wrapper"} & enabled
    hand.canvas.actions().unwrap.trigger()
    menu.close()
    assert hand.outline == ["start", "game", "end"]


def test_that_double_click_and_enter_ask_for_the_properties(hand: CanvasHand, qtbot: QtBot) -> None:
    hand.open(sample("start_page", "gym_game", "end_page"))
    with qtbot.waitSignal(hand.canvas.edit_wanted) as asked:
        hand.double_click(hand.node((1,)))
    assert asked.args == [(1,), ""]
    hand.click(hand.node((0,)))
    with qtbot.waitSignal(hand.canvas.edit_wanted) as asked:
        hand.key(Qt.Key.Key_Return)
    assert asked.args == [(0,), ""]
    with qtbot.waitSignal(hand.canvas.edit_wanted) as asked:
        hand.key(Qt.Key.Key_F2)
    assert asked.args == [(0,), "scene_id"]


def test_that_badges_and_participants_are_on_the_cards_and_in_words(hand: CanvasHand) -> None:
    hand.open(sample("start_page", "gym_game", "end_page"))
    hand.canvas.show_presence({"game": 2})
    item = hand.canvas.items_by_path()[(1,)]
    assert item.badge == ("1", "error")
    assert item.present == 2
    hand.canvas.reveal((1,))
    assert hand.canvas.view.accessibleDescription() == "Game New game, 2 of 3, 1 error, 2 participants here"
    tip = hand.canvas.view.tip_at(hand.canvas.scene.plan.rects[(1,)].center())
    assert "has no environment" in tip
    assert "2 participants here now" in tip
    hand.canvas.show_presence({})
    assert item.present == 0


def test_that_a_field_changes_its_card_and_no_other(hand: CanvasHand) -> None:
    hand.open(sample("start_page", ["repeat", "gym_game", "text_box"], "end_page"))
    before = hand.canvas.items_by_path()
    hand.document.push(SetField(path=(1, 0), field="content.scene_header", value="Tag"))
    after = hand.canvas.items_by_path()
    assert after[(1, 0)].look.title == "Tag"
    assert before == after
    hand.document.push(SetField(path=(1,), field="n", value=5))
    assert after[(1,)].look.title == "Repeat · 5 rounds"


def test_that_another_study_takes_the_place_of_the_one_before(hand: CanvasHand) -> None:
    hand.open(sample("start_page", ["repeat", "gym_game"], "end_page"))
    hand.open(sample("text_box"))
    hand.agrees()
    hand.document.load(None)
    hand.agrees()
    assert not hand.canvas.empty.isVisible()
    assert not hand.canvas.actions().paste.isEnabled()


def test_that_light_and_dark_are_painted_in_their_own_colours(hand: CanvasHand, theme: Theme) -> None:
    hand.open(sample("start_page", ["repeat", "gym_game"], "end_page"))
    place = hand.canvas.view.mapFromScene(hand.canvas.scene.plan.rects[(0,)].bottomLeft() + QPointF(30, -6))
    light = hand.canvas.view.grab().toImage().pixelColor(place)
    theme.choose(ThemeChoice.DARK)
    try:
        dark = hand.canvas.view.grab().toImage().pixelColor(place)
    finally:
        theme.choose(ThemeChoice.LIGHT)
    assert light.name() == "#ffffff"
    assert dark.lightnessF() < 0.2


def test_that_scenes_are_dropped_as_text_from_another_program(hand: CanvasHand, qtbot: QtBot) -> None:
    hand.open(sample("start_page", "end_page"))
    view = hand.canvas.view.viewport()
    assert view.acceptDrops()
    at = view.mapFrom(hand.window, hand.gap((1,)))
    data = QMimeData()
    data.setText(nodes_to_text(sample("gym_game").chain))
    drop_on(view, at, data)
    assert hand.outline == ["start", "game", "end"]
    data.setText("a sentence of some mail")
    with qtbot.waitSignal(hand.canvas.said) as said:
        drop_on(view, at, data)
    assert said.args is not None
    assert "a sentence of some mail" in said.args[0]
    assert hand.outline == ["start", "game", "end"]
    assert not hand.canvas.scene.caret.isVisible()


def drop_on(widget: QWidget, at: QPoint, data: QMimeData) -> None:
    """Send what a system's drag and drop sends: the offscreen display has none of its own."""
    copies, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(widget, QDragEnterEvent(at, copies, data, left, none))
    QApplication.sendEvent(widget, QDragMoveEvent(at, copies, data, left, none))
    QApplication.sendEvent(widget, QDropEvent(QPointF(at), copies, data, left, none))


def test_that_a_badge_is_there_again_when_a_deletion_is_undone(hand: CanvasHand) -> None:
    hand.open(sample("start_page", "gym_game", "end_page"))
    hand.click(hand.node((1,)))
    hand.key(Qt.Key.Key_Delete)
    hand.document.undo()
    assert hand.canvas.items_by_path()[(1,)].badge == ("1", "error")


def test_that_small_pictures_are_made_of_texts_and_files_of_the_study_only(
    hand: CanvasHand, qtbot: QtBot, tmp_path: Path
) -> None:
    red = QImage(40, 40, QImage.Format.Format_RGB32)
    red.fill(QColor("red"))
    folder = tmp_path / "study"
    (folder / "static").mkdir(parents=True)
    red.save(str(folder / "static" / "car.png"))
    red.save(str(tmp_path / "outside.png"))
    game = GymGame(
        scene_id="a",
        rendering=RenderingSection(background="#00ff00"),
        assets=AssetsSection(preload_specs=({"img_path": "static/car.png"},)),
    )
    outside = msgspec.structs.replace(
        game, scene_id="b", assets=AssetsSection(preload_specs=({"img_path": "../outside.png"},))
    )
    page = StaticPage(scene_id="c", scene_body="<h1>Read</h1><img src='file:///etc/hostname'><p>this</p>")
    study = Study(id="s", chain=(game, outside, page))
    hand.document.load(OpenedStudy(path=folder, study=study, folder=folder, content_hash="", problems=()))
    pictures = hand.canvas.scene.thumbnails

    def colours(node: Node) -> set[str]:
        qtbot.waitUntil(lambda: pictures.of(node, lambda: None) is not None)
        picture = pictures.of(node, lambda: None)
        assert picture is not None
        image = picture.toImage()
        return {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}

    assert {"#ff0000", "#00ff00"} <= colours(game)
    assert "#ff0000" not in colours(outside)
    assert len(colours(page)) > 3
