"""Looking at the chain: search, zoom, overview, panning, and what is reached by Tab."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.widgets.theme import Theme
from mug.study.edits import SetField
from tests.drivers.canvas_hand import CTRL, SHIFT, CanvasHand
from tests.drivers.canvas_studies import sample

Key = Qt.Key


@pytest.fixture
def hand(qtbot: QtBot, theme: Theme) -> Iterator[CanvasHand]:
    made = CanvasHand(theme)
    yield made
    made.agrees()
    made.close()


def long_study(hand: CanvasHand, scenes: int = 60) -> None:
    hand.open(sample("start_page", *["text_box", ["repeat", "gym_game"], "static_page"] * (scenes // 4), "end_page"))


def wheel(hand: CanvasHand, at: QPoint, steps: int) -> None:
    view = hand.canvas.view.viewport()
    none = Qt.MouseButton.NoButton
    event = QWheelEvent(
        QPointF(at),
        view.mapToGlobal(QPointF(at)),
        QPoint(),
        QPoint(0, 120 * steps),
        none,
        CTRL,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, event)


def test_that_scenes_are_found_by_title_id_kind_and_text(hand: CanvasHand) -> None:
    hand.open(sample("start_page", ["repeat", "gym_game"], "text_box", "gym_game", "end_page"))
    hand.document.push(SetField(path=(2,), field="text_box_header", value="<b>Which</b> strategy &amp; why?"))
    hand.canvas.reveal((0,))
    hand.key(Key.Key_F, CTRL)
    bar = hand.canvas.find_bar
    assert bar.field.hasFocus()
    hand.type("game")
    assert bar.count.text() == "1 of 2"
    assert hand.document.selection == ((1, 0),)
    hand.key(Key.Key_Return)
    assert (bar.count.text(), hand.document.selection) == ("2 of 2", ((3,),))
    hand.key(Key.Key_F3)
    assert (bar.count.text(), hand.document.selection) == ("1 of 2", ((1, 0),))
    hand.key(Key.Key_F3, SHIFT)
    assert bar.count.text() == "2 of 2"
    for text, found in (("STRATEGY & why", (2,)), ("game_2", (3,)), ("welcome", (0,)), ("end page", (4,))):
        bar.field.setText(text)
        assert hand.document.selection == (found,), text
    bar.field.setText("no such thing")
    assert bar.count.text() == "Nothing found"
    assert not bar.next.isEnabled()
    hand.key(Key.Key_Escape)
    assert not bar.isVisible()
    assert hand.canvas.view.hasFocus()
    assert all(item.opacity() == 1.0 for item in hand.canvas.items_by_path().values())


def test_that_what_is_found_follows_the_edits(hand: CanvasHand) -> None:
    hand.open(sample("start_page", "gym_game", "gym_game", "end_page"))
    hand.key(Key.Key_F, CTRL)
    hand.type("game_2")
    assert hand.canvas.find_bar.count.text() == "1 of 1"
    hand.document.push(SetField(path=(1,), field="content.scene_header", value="Not game_2"))
    assert hand.canvas.find_bar.count.text() in ("1 of 2", "2 of 2")
    hand.document.undo()
    assert hand.canvas.find_bar.count.text() in ("1 found", "1 of 1")


def test_that_the_wheel_zooms_at_the_pointer(hand: CanvasHand) -> None:
    long_study(hand)
    view, plan = hand.canvas.view, hand.canvas.scene.plan
    view.verticalScrollBar().setValue(900)
    at = QPoint(300, 300)
    hit = plan.hit(view.mapToScene(at))
    path = hit.path if hit is not None else plan.gap_at(view.mapToScene(at)).place
    before = view.mapFromScene(plan.rects[path].center())
    wheel(hand, at, -3)
    assert view.zoom < 0.7
    after = view.mapFromScene(hand.canvas.scene.plan.rects[path].center())
    assert abs(after.y() - before.y()) < 120
    wheel(hand, at, 40)
    assert view.zoom == 2.0
    wheel(hand, at, -90)
    assert view.zoom == 0.25


def test_that_keys_and_buttons_zoom(hand: CanvasHand) -> None:
    long_study(hand, 120)
    view, bar = hand.canvas.view, hand.canvas.zoom_bar
    hand.key(Key.Key_Minus, CTRL)
    hand.key(Key.Key_Minus, CTRL)
    assert view.zoom == 0.8
    assert bar.percent.text() == "80 %"
    hand.key(Key.Key_Plus, CTRL)
    assert view.zoom == 0.9
    hand.key(Key.Key_0, CTRL)
    assert view.zoom == 1.0
    hand.key(Key.Key_9, CTRL)
    assert view.zoom < 0.6
    bar.percent.click()
    assert view.zoom == 1.0
    for _ in range(20):
        hand.canvas.actions().zoom_in.trigger()
    assert view.zoom == 2.0
    assert not hand.canvas.actions().zoom_in.isEnabled()


def test_that_everything_is_seen_after_fitting_a_short_chain(hand: CanvasHand) -> None:
    long_study(hand, 24)
    assert hand.canvas.minimap.isVisible()
    hand.key(Key.Key_9, CTRL)
    assert not hand.canvas.minimap.isVisible()
    view = hand.canvas.view
    seen = view.mapToScene(view.viewport().rect()).boundingRect()
    assert all(seen.contains(rect) for rect in hand.canvas.scene.plan.rects.values())


def test_that_the_overview_scrolls(hand: CanvasHand) -> None:
    long_study(hand, 120)
    view, overview = hand.canvas.view, hand.canvas.minimap
    assert overview.isVisible()
    assert overview.frame().top() < 10
    inside = overview.mapTo(hand.window, overview.frame().center().toPoint())
    bottom = overview.mapTo(hand.window, QPoint(overview.width() // 2, overview.height() - 6))
    hand.drag(inside, bottom)
    assert view.verticalScrollBar().value() > view.verticalScrollBar().maximum() * 0.9
    hand.click(overview.mapTo(hand.window, QPoint(overview.width() // 2, 8)))
    assert view.verticalScrollBar().value() < 100
    hand.open(sample("start_page"))
    assert not overview.isVisible()


def test_that_the_middle_button_and_space_push_the_canvas(hand: CanvasHand) -> None:
    long_study(hand)
    bar = hand.canvas.view.verticalScrollBar()
    at = hand.on_window(QPointF(200, 400))
    hand.press(at, button=Qt.MouseButton.MiddleButton)
    hand.move(at - QPoint(0, 150))
    hand.release(at - QPoint(0, 150), button=Qt.MouseButton.MiddleButton)
    assert bar.value() == 150
    QTest.keyPress(hand.window.windowHandle(), Key.Key_Space)
    hand.press(at)
    hand.move(at - QPoint(0, 100))
    assert bar.value() == 250
    hand.release(at - QPoint(0, 100))
    QTest.keyRelease(hand.window.windowHandle(), Key.Key_Space)
    assert hand.document.stack.count() == 0


def test_that_rows_are_as_wide_as_the_window(hand: CanvasHand) -> None:
    long_study(hand)
    wide = len(hand.canvas.scene.plan.levels[()].rows)
    hand.window.resize(560, 760)
    QApplication.processEvents()
    assert len(hand.canvas.scene.plan.levels[()].rows) > wide
    hand.agrees()
    assert hand.canvas.view.horizontalScrollBar().maximum() == 0


def test_that_a_node_is_scrolled_to_when_it_is_revealed_or_undone(hand: CanvasHand) -> None:
    long_study(hand, 120)
    view = hand.canvas.view

    def is_seen(path: tuple[int, ...]) -> bool:
        place = view.mapFromScene(hand.canvas.scene.plan.sign_of(path).center())
        return bool(view.viewport().rect().contains(place))

    hand.canvas.reveal((40,))
    assert is_seen((40,))
    assert hand.document.selection == ((40,),)
    hand.canvas.reveal((999,))
    hand.key(Key.Key_Delete)
    hand.canvas.reveal((0,))
    assert not is_seen((40,))
    hand.document.undo()
    assert is_seen((40,))


def test_that_tab_reaches_palette_canvas_and_zoom(hand: CanvasHand) -> None:
    hand.open(sample("start_page", "end_page"))
    reached = []
    hand.palette.buttons["start_page"].setFocus(Qt.FocusReason.TabFocusReason)
    for _ in range(30):
        focused = QApplication.focusWidget()
        assert focused is not None
        assert focused.accessibleName(), focused
        reached.append(focused)
        hand.key(Key.Key_Tab)
    assert hand.canvas.view in reached
    assert hand.canvas.zoom_bar.percent in reached
    assert set(hand.palette.buttons.values()) <= set(reached)
