"""A person at the canvas: events of mouse and keys that go through the window, as the system sends them."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QHBoxLayout, QWidget

from gui.design.canvas import ChainCanvas, Palette
from gui.models.chain_document import ChainDocument
from gui.models.opened_study import OpenedStudy
from gui.widgets.theme import Theme
from mug.study.model import Study
from mug.study.traversal import NodePath, walk
from mug.study.validation import validate
from tests.drivers.canvas_studies import outline

__all__ = ["ALT", "CTRL", "LEFT", "NONE", "SHIFT", "CanvasHand"]

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
ALT = Qt.KeyboardModifier.AltModifier


class CanvasHand:
    """A window with palette and canvas, and the hand that works there.

    Attributes:
        window, palette, canvas, document: What is on the screen.
    """

    def __init__(self, theme: Theme, size: tuple[int, int] = (940, 760), at: tuple[int, int] = (0, 0)) -> None:
        self.document = ChainDocument()
        self.window = QWidget()
        self.window.setObjectName("page")
        row = QHBoxLayout(self.window)
        self.palette = Palette(theme)
        self.canvas = ChainCanvas(theme, self.document)
        self.palette.insert_asked.connect(self.canvas.insert_kind)
        row.addWidget(self.palette)
        row.addWidget(self.canvas, 1)
        self.window.setGeometry(*at, *size)
        self.window.show()
        assert QTest.qWaitForWindowExposed(self.window)
        self.window.activateWindow()
        self.canvas.focus()

    def close(self) -> None:
        """Close the window."""
        self.window.hide()
        self.window.deleteLater()

    def open(self, study: Study) -> None:
        """Open a study, with its problems."""
        problems = tuple(validate(study))
        opened = OpenedStudy(path=Path(), study=study, folder=Path(), content_hash="", problems=problems)
        self.document.load(opened)

    @property
    def outline(self) -> list[object]:
        """The study's chain."""
        return outline(self.document.study)

    # --- places ------------------------------------------------------------------------------------------------------

    def on_window(self, point: QPointF) -> QPoint:
        """Where a point of the scene is seen, in the window; it is scrolled into sight before."""
        view = self.canvas.view
        return view.viewport().mapTo(self.window, view.mapFromScene(point))

    def node(self, path: NodePath) -> QPoint:
        """The middle of a card, or of a wrapper's header."""
        self.canvas.view.show_node(path)
        return self._uncovered(self.canvas.scene.plan.sign_of(path).center())

    def gap(self, place: NodePath) -> QPoint:
        """The gap before `place`; its last index may be one past the end."""
        gap = self.canvas.scene.plan.gap_of(place)
        self.canvas.view.ensureVisible(gap.x - 20, gap.top, 40, gap.bottom - gap.top, 4, 4)
        return self._uncovered(gap.centre)

    def _uncovered(self, point: QPointF) -> QPoint:
        """Scroll on when a point lies below the overview or the zoom's buttons."""
        view, canvas = self.canvas.view, self.canvas
        seen = self.on_window(point)
        on_canvas = canvas.mapFrom(self.window, seen)
        if any(
            cover.isVisible() and cover.geometry().contains(on_canvas) for cover in (canvas.minimap, canvas.zoom_bar)
        ):
            view.verticalScrollBar().setValue(view.verticalScrollBar().value() + view.height() // 2)
            if self.on_window(point) == seen:
                raise AssertionError("the point stays covered")
        return self.on_window(point)

    def kind(self, kind: str) -> QPoint:
        """The button of a kind in the palette."""
        button = self.palette.buttons[kind]
        return button.mapTo(self.window, button.rect().center())

    # --- the mouse ---------------------------------------------------------------------------------------------------

    def press(self, at: QPoint, held: Qt.KeyboardModifier = NONE, button: Qt.MouseButton = LEFT) -> None:
        """Press a button."""
        QTest.mousePress(self.window.windowHandle(), button, held, at)

    def move(self, to: QPoint, held: Qt.KeyboardModifier = NONE) -> None:
        """Move the mouse, as far as it is pressed: with it."""
        del held  # the system sends no modifiers with a move but those of the keys that are held
        QTest.mouseMove(self.window.windowHandle(), to)

    def release(self, at: QPoint, held: Qt.KeyboardModifier = NONE, button: Qt.MouseButton = LEFT) -> None:
        """Release a button."""
        QTest.mouseRelease(self.window.windowHandle(), button, held, at)

    def click(self, at: QPoint, held: Qt.KeyboardModifier = NONE) -> None:
        """Click."""
        QTest.mouseClick(self.window.windowHandle(), LEFT, held, at)

    def double_click(self, at: QPoint) -> None:
        """Click twice."""
        QTest.mouseDClick(self.window.windowHandle(), LEFT, NONE, at)

    def drag(self, begin: QPoint, end: Callable[[], QPoint] | QPoint, held: Qt.KeyboardModifier = NONE) -> None:
        """Press, move in steps, release."""
        self.press(begin)
        self.move(begin + QPoint(3, 2))
        self.move(begin + QPoint(14, 8))
        target = end() if callable(end) else end
        self.move((begin + target) / 2)
        self.move(target - QPoint(2, 1))
        self.move(target)
        self.release(target, held)

    # --- keys --------------------------------------------------------------------------------------------------------

    def key(self, key: Qt.Key, held: Qt.KeyboardModifier = NONE) -> None:
        """Press a key, in whatever has the focus."""
        QTest.keyClick(self.window.windowHandle(), key, held)

    def type(self, text: str) -> None:
        """Type letters."""
        for letter in text:
            QTest.keyClick(self.window.windowHandle(), letter)

    # --- looking -----------------------------------------------------------------------------------------------------

    def agrees(self) -> None:
        """Check that the canvas shows what the document holds: nodes, places, nesting, selection.

        Raises:
            AssertionError: It does not.
        """
        study = self.document.study
        expected = dict(walk(study)) if study is not None else {}
        items, plan = self.canvas.items_by_path(), self.canvas.scene.plan
        assert list(items) == list(expected) == list(plan.order)
        for path, node in expected.items():
            item = items[path]
            assert item.node is node
            assert item.path == path
            assert item.scene() is self.canvas.scene
            assert item.sceneBoundingRect().contains(plan.rects[path])
            if len(path) > 1:
                assert plan.rects[path[:-1]].contains(plan.rects[path])
            assert item.selected == (path in self.document.selection)
        shown = [item for item in self.canvas.scene.items() if hasattr(item, "node")]
        assert len(shown) == len(items)
