"""What the mouse does on the canvas, one class for each gesture.

A gesture draws feedback only, and pushes at most one edit when it is finished; cancelled, it leaves no trace.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtWidgets import QApplication
from typing_extensions import override

from gui.design.canvas.carrying import Cargo, CargoOfScenes, CarryTarget, name_of_nodes, sentence, target_at
from gui.design.canvas.layout import Gap
from mug.study.clipboard import nodes_to_text
from mug.study.edits import insert, move, with_fresh_ids
from mug.study.errors import EditError
from mug.study.traversal import NodePath

if TYPE_CHECKING:
    from gui.design.canvas.view import ChainCanvasView

__all__ = ["Gesture", "IncomingGesture", "MoveGesture", "PanGesture", "Pointer", "PressGesture", "RubberBandGesture"]


@dataclass(frozen=True)
class Pointer:
    """Where the mouse is, and which keys are held.

    Attributes:
        at: In the scene.
        on_view: In the viewport.
        on_screen: On the screen.
    """

    at: QPointF
    on_view: QPoint
    on_screen: QPoint
    modifiers: Qt.KeyboardModifier

    @property
    def copies(self) -> bool:
        """Whether what is dropped is a copy."""
        return bool(self.modifiers & Qt.KeyboardModifier.ControlModifier)

    @property
    def extends(self) -> bool:
        """Whether a selection is extended."""
        return bool(self.modifiers & Qt.KeyboardModifier.ShiftModifier)


class Gesture:
    """From a button's press to its release.

    Attributes:
        scrolls: Whether the canvas scrolls by itself while the pointer is at its edge.
    """

    scrolls = False

    def __init__(self, view: "ChainCanvasView", pressed: Pointer) -> None:
        self.view = view
        self.pressed = pressed

    def move(self, pointer: Pointer) -> None:
        """Follow the pointer."""

    def finish(self, pointer: Pointer) -> None:
        """The button was released."""

    def cancel(self) -> None:
        """Leave everything as it was."""

    def is_far(self, pointer: Pointer) -> bool:
        """Whether the pointer has gone farther than a click wavers."""
        way = pointer.on_view - self.pressed.on_view
        return way.manhattanLength() >= QApplication.startDragDistance()


class PressGesture(Gesture):
    """A click on a node; it becomes a move when the pointer goes on."""

    def __init__(self, view: "ChainCanvasView", pressed: Pointer, path: NodePath) -> None:
        super().__init__(view, pressed)
        self._path = path
        self._was_selected = path in view.document.selection
        if pressed.extends:
            view.cursor_.go(path, extend=True)
        elif not pressed.copies and not self._was_selected:
            view.cursor_.go(path)

    @override
    def move(self, pointer: Pointer) -> None:
        if not self.is_far(pointer):
            return
        view = self.view
        if not any(self._path[: len(path)] == path for path in view.document.selection):
            view.cursor_.go(self._path)
        view.begin(MoveGesture(view, self.pressed, view.document.selection))
        view.follow(pointer)

    @override
    def finish(self, pointer: Pointer) -> None:
        if self.pressed.copies:
            self.view.cursor_.toggle(self._path)
        elif self._was_selected and not self.pressed.extends:
            self.view.cursor_.go(self._path)


class MoveGesture(Gesture):
    """Nodes are moved, or copied, to another gap; over another canvas they are copied there."""

    scrolls = True

    def __init__(self, view: "ChainCanvasView", pressed: Pointer, paths: tuple[NodePath, ...]) -> None:
        super().__init__(view, pressed)
        self._paths = paths
        self._nodes = tuple(view.document.node(path) for path in paths)
        self._icon, self._words = name_of_nodes(self._nodes)
        self._other: CarryTarget | None = None
        self._cargo: CargoOfScenes | None = None
        self._gap: Gap | None = None

    @override
    def move(self, pointer: Pointer) -> None:
        view = self.view
        try:
            if not view.is_over(pointer.on_screen) and self._go_elsewhere(pointer):
                return
        except EditError as error:  # what cannot be written as text stays here
            view.end_gesture()
            view.said.emit(sentence(error))
            return
        self._leave_other()
        self._gap = self._gap_at(pointer)
        view.scene_.show_carried(() if pointer.copies else self._paths)
        view.show_drop(self._gap)
        view.scene_.ghost.show_at(pointer.at, self._icon, self._words, is_copy=pointer.copies)

    def _gap_at(self, pointer: Pointer) -> Gap | None:
        """Return the gap that is meant; None: nothing would change there."""
        study = self.view.document.study
        assert study is not None
        gap = self.view.scene_.plan.gap_at(pointer.at, self._paths)
        if not pointer.copies and move(study, self._paths, gap.place) is None:
            return None
        return gap

    def _go_elsewhere(self, pointer: Pointer) -> bool:
        """Show the nodes over another canvas, or give them to the system's drag and drop."""
        target = target_at(pointer.on_screen)
        if target is not None and target is not self.view:
            self._show_nothing()
            if target is not self._other:
                self._leave_other()
            if self._cargo is None:
                self._cargo = CargoOfScenes(nodes_to_text(self._nodes), self._icon, self._words)
            self._other = target
            target.carried_over(self._cargo, pointer.on_screen)
            return True
        if QApplication.widgetAt(pointer.on_screen) is None and self.view.can_drag_out:
            self.view.end_gesture()
            self.view.drag_out(self._paths)
            return True
        return False

    def _leave_other(self) -> None:
        if self._other is not None:
            self._other.carried_away()
            self._other = None

    def _show_nothing(self) -> None:
        self._gap = None
        self.view.show_drop(None)
        self.view.scene_.ghost.hide()
        self.view.scene_.show_carried(())

    @override
    def finish(self, pointer: Pointer) -> None:
        if self._other is not None:
            assert self._cargo is not None
            self._other.carried_in(self._cargo, pointer.on_screen)
            self._other = None
        elif self.view.is_over(pointer.on_screen):
            self._gap = self._gap_at(pointer)
            if self._gap is not None:
                self._drop(self._gap, copies=pointer.copies)
        self._show_nothing()

    def _drop(self, gap: Gap, *, copies: bool) -> None:
        document = self.view.document
        assert document.study is not None
        if copies:
            made = with_fresh_ids(document.study, self._nodes)
            document.push(insert(gap.place, made, verb="Copy"))
        else:
            document.push(move(document.study, self._paths, gap.place))

    @override
    def cancel(self) -> None:
        self._leave_other()
        self._show_nothing()


class IncomingGesture:
    """Something from elsewhere is over the canvas: from the palette, another canvas, another program."""

    def __init__(self, view: "ChainCanvasView", cargo: Cargo) -> None:
        self.view = view
        self.cargo = cargo
        self._gap: Gap | None = None

    def move(self, at: QPointF) -> None:
        """Show where it would go."""
        self._gap = self.view.scene_.plan.gap_at(at)
        self.view.show_drop(self._gap)
        self.view.scene_.ghost.show_at(at, self.cargo.icon, self.cargo.words, is_copy=False)

    def finish(self, at: QPointF) -> bool:
        """Put it there; returns whether it was."""
        self.move(at)
        gap = self._gap
        self.cancel()
        study = self.view.document.study
        if study is None or gap is None:
            return False
        try:
            nodes = self.cargo.nodes(study)
        except EditError as error:
            self.view.said.emit(sentence(error))
            return False
        return self.view.document.push(insert(gap.place, nodes))

    def cancel(self) -> None:
        """Show nothing any more."""
        self._gap = None
        self.view.show_drop(None)
        self.view.scene_.ghost.hide()


class RubberBandGesture(Gesture):
    """A rectangle is drawn; what it touches is selected. Without a rectangle it is a click on nothing, or on a box."""

    scrolls = True

    def __init__(self, view: "ChainCanvasView", pressed: Pointer, box: NodePath | None) -> None:
        super().__init__(view, pressed)
        self._box = box
        self._before = view.document.selection
        self._kept = self._before if pressed.copies or pressed.extends else ()
        self._drawn = False

    @override
    def move(self, pointer: Pointer) -> None:
        if not self._drawn and not self.is_far(pointer):
            return
        self._drawn = True
        rect = QRectF(self.pressed.at, pointer.at).normalized()
        self.view.scene_.band.show_rect(rect)
        self.view.document.select((*self._kept, *self.view.scene_.plan.inside(rect)))

    @override
    def finish(self, pointer: Pointer) -> None:
        self.view.scene_.band.show_rect(None)
        if not self._drawn:
            if self._box is not None and self.pressed.copies:
                self.view.cursor_.toggle(self._box)
            elif not self._kept or self._box is not None:
                self.view.cursor_.go(self._box, extend=self.pressed.extends and self._box is not None)

    @override
    def cancel(self) -> None:
        self.view.scene_.band.show_rect(None)
        self.view.document.select(self._before)


class PanGesture(Gesture):
    """The canvas is pushed about."""

    def __init__(self, view: "ChainCanvasView", pressed: Pointer) -> None:
        super().__init__(view, pressed)
        self._begun = (view.horizontalScrollBar().value(), view.verticalScrollBar().value())
        view.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)

    @override
    def move(self, pointer: Pointer) -> None:
        way = pointer.on_view - self.pressed.on_view
        self.view.horizontalScrollBar().setValue(self._begun[0] - way.x())
        self.view.verticalScrollBar().setValue(self._begun[1] - way.y())

    @override
    def finish(self, pointer: Pointer) -> None:
        self.view.viewport().unsetCursor()

    @override
    def cancel(self) -> None:
        self.view.horizontalScrollBar().setValue(self._begun[0])
        self.view.verticalScrollBar().setValue(self._begun[1])
        self.view.viewport().unsetCursor()
