"""The window onto the chain: scrolling and zooming, and which gesture the mouse begins."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import (
    QContextMenuEvent,
    QDrag,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QGuiApplication,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsView, QStyle, QToolTip, QWidget
from typing_extensions import override

from gui.design.canvas.carrying import Cargo, CargoOfScenes, sentence, text_of, to_mime
from gui.design.canvas.cursor import Cursor
from gui.design.canvas.gestures import (
    Gesture,
    IncomingGesture,
    MoveGesture,
    PanGesture,
    Pointer,
    PressGesture,
    RubberBandGesture,
)
from gui.design.canvas.layout import LINE_AT, ChainLayout, Gap
from gui.design.canvas.scene import ChainScene
from gui.models.chain_document import ChainDocument
from mug.study.edits import move
from mug.study.errors import EditError
from mug.study.traversal import NodePath

__all__ = ["ZOOMS", "ChainCanvasView"]

ZOOMS: Final = (0.25, 0.33, 0.5, 0.67, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0)
_EDGE_PX: Final = 34
_BUTTONS_PX: Final = 50
_CORNER_PX: Final = 260
_SCROLL_EVERY_MS: Final = 16
_WHEEL_STEP: Final = 1.0015


class ChainCanvasView(QGraphicsView):
    """Shows a `ChainScene`, and turns events of the mouse into gestures.

    Attributes:
        zoom: 1.0: a logical pixel of the layout is one of the screen.
        can_drag_out: Whether the system's drag and drop is there to take scenes to another program.

    Signals:
        zoomed: The zoom is another.
        scrolled: Another part is seen, or the chain has another size.
        insert_menu_asked: The menu of kinds is wanted at a gap (`Gap`).
        menu_asked: The context menu is wanted at a point of the screen.
        edit_asked: A node's properties are wanted.
        escaped: Esc was pressed, and no gesture was there to be cancelled.
        said: Something to tell the person, in a sentence.

    Runs on: GUI thread.
    """

    zoomed = Signal(float)
    scrolled = Signal()
    insert_menu_asked = Signal(object)
    menu_asked = Signal(QPoint)
    edit_asked = Signal(tuple)
    escaped = Signal()
    said = Signal(str)

    def __init__(self, scene: ChainScene, document: ChainDocument, parent: QWidget | None = None) -> None:
        super().__init__(scene, parent)
        self.scene_ = scene
        self.document = document
        scene.space_below = self._space_below
        self.cursor_ = Cursor(document, lambda: scene.plan, self)
        self.zoom = 1.0
        self.can_drag_out = QGuiApplication.platformName() not in ("offscreen", "minimal")
        self._gesture: Gesture | None = None
        self._incoming: IncomingGesture | None = None
        self._dragged_out: tuple[NodePath, ...] = ()
        self._last: Pointer | None = None
        self._space = False
        self._pressed_plus: Gap | None = None
        self._scroller = QTimer(self)
        self._scroller.setInterval(_SCROLL_EVERY_MS)
        self._scroller.timeout.connect(self._scroll_at_edge)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.SmartViewportUpdate)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontAdjustForAntialiasing)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setMouseTracking(True)
        self.viewport().setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setObjectName("canvas")
        self.setAccessibleName("Chain of scenes")
        self.verticalScrollBar().valueChanged.connect(self.scrolled)
        self.horizontalScrollBar().valueChanged.connect(self.scrolled)
        document.selection_changed.connect(self._on_selection_changed)
        self.cursor_.moved.connect(self._on_cursor_moved)

    # --- size and zoom -----------------------------------------------------------------------------------------------

    def _space_below(self, plan: ChainLayout) -> float:
        """Return how far the last row can be scrolled up: out from under the zoom's buttons and the overview."""
        scrolls = plan.height * self.zoom + _BUTTONS_PX > self.viewport().height()
        return (_CORNER_PX if scrolls else _BUTTONS_PX) / self.zoom

    def fit_room(self) -> None:
        """Let the rows be as wide as what is seen; the scroll bar's place is kept free."""
        bar = self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent, None, self)
        self.scene_.set_room((self.width() - bar) / self.zoom)
        self.scrolled.emit()

    def set_zoom(self, zoom: float, at: QPoint | None = None) -> None:
        """Zoom; what lies at a point of the viewport (not given: the current node, or the middle) stays there."""
        zoom = max(ZOOMS[0], min(ZOOMS[-1], zoom))
        if abs(zoom - self.zoom) < 1e-6:
            return
        path, within, place = self._held(at)
        self.zoom = zoom
        self.resetTransform()
        self.scale(zoom, zoom)
        self.fit_room()
        rect = self.scene_.plan.rects.get(path) if path is not None else None
        if rect is not None:
            x, y = rect.left() + within.x() * rect.width(), rect.top() + within.y() * rect.height()
            self.horizontalScrollBar().setValue(round(x * zoom - place.x()))
            self.verticalScrollBar().setValue(round(y * zoom - place.y()))
        self.zoomed.emit(zoom)
        self.scrolled.emit()

    def _held(self, at: QPoint | None) -> tuple[NodePath | None, QPointF, QPoint]:
        """Return the node that stays in place while zooming, the point within it, and where that is seen."""
        current = self.cursor_.current
        if at is None:
            item = self.scene_.item(current)
            seen = self.viewport().rect()
            middle = self.mapFromScene(item.sceneBoundingRect().center()) if item is not None else seen.center()
            at = middle if seen.contains(middle) else seen.center()
        point = self.mapToScene(at)
        plan = self.scene_.plan
        hit = plan.hit(point)
        path: NodePath | None = hit.path if hit is not None else None
        if path is None:
            place = plan.gap_at(point).place
            path = next((near for near in (place, (*place[:-1], place[-1] - 1)) if near in plan.rects), None)
        if path is None:
            return None, QPointF(), at
        rect = plan.rects[path]
        within = QPointF((point.x() - rect.left()) / rect.width(), (point.y() - rect.top()) / rect.height())
        return path, within, at

    def zoom_step(self, *, closer: bool) -> None:
        """Zoom to the next of `ZOOMS`."""
        if closer:
            self.set_zoom(next((zoom for zoom in ZOOMS if zoom > self.zoom + 1e-3), ZOOMS[-1]))
        else:
            self.set_zoom(next((zoom for zoom in reversed(ZOOMS) if zoom < self.zoom - 1e-3), ZOOMS[0]))

    def zoom_to_fit(self) -> None:
        """Take the largest zoom up to 100 % at which everything is seen, or the smallest there is."""
        for zoom in sorted((zoom for zoom in ZOOMS if zoom <= 1.0), reverse=True):
            self.set_zoom(zoom)
            plan = self.scene_.plan
            if plan.height * zoom + _BUTTONS_PX <= self.viewport().height() and plan.width * zoom <= self.width():
                break
        self.verticalScrollBar().setValue(0)

    def show_node(self, path: NodePath) -> None:
        """Scroll until a node is seen."""
        if path in self.scene_.plan.rects:
            self.ensureVisible(self.scene_.plan.sign_of(path), 16, 28)

    # --- gestures ----------------------------------------------------------------------------------------------------

    def begin(self, gesture: Gesture) -> None:
        """Let a gesture take the mouse."""
        self._gesture = gesture
        if gesture.scrolls:
            self._scroller.start()

    def end_gesture(self) -> None:
        """Cancel the gesture, if there is one."""
        gesture, self._gesture = self._gesture, None
        self._scroller.stop()
        if gesture is not None:
            gesture.cancel()

    @property
    def is_busy(self) -> bool:
        """Whether a gesture is going on, or something is carried over the canvas."""
        return self._gesture is not None or self._incoming is not None

    def follow(self, pointer: Pointer) -> None:
        """Let the gesture go to where the pointer is."""
        self._last = pointer
        if self._gesture is not None:
            self._gesture.move(pointer)

    def is_over(self, on_screen: QPoint) -> bool:
        """Whether a point of the screen lies on the canvas."""
        return self.viewport().rect().contains(self.viewport().mapFromGlobal(on_screen))

    def show_drop(self, gap: Gap | None) -> None:
        """Show the caret in a gap, and which wrapper it is in."""
        self.scene_.caret.show_at(gap)
        self.scene_.show_target(gap.place[:-1] if gap is not None else None)

    def _pointer(self, event: QMouseEvent) -> Pointer:
        on_view = event.position().toPoint()
        return Pointer(self.mapToScene(on_view), on_view, event.globalPosition().toPoint(), event.modifiers())

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if self._gesture is not None or self.document.study is None:
            return  # a second button while one is held
        pointer = self._pointer(event)
        self._last = pointer
        pans = event.button() is Qt.MouseButton.MiddleButton or (
            self._space and event.button() is Qt.MouseButton.LeftButton
        )
        if pans:
            self.begin(PanGesture(self, pointer))
        elif event.button() is Qt.MouseButton.LeftButton:
            self._press(pointer)
        elif event.button() is Qt.MouseButton.RightButton:
            hit = self.scene_.plan.hit(pointer.at)
            if hit is not None and hit.path not in self.document.selection:
                self.cursor_.go(hit.path)

    def _press(self, pointer: Pointer) -> None:
        plus = self.scene_.plus
        if plus.isVisible() and plus.gap is not None and plus.sceneBoundingRect().contains(pointer.at):
            self._pressed_plus = plus.gap
            return
        hit = self.scene_.plan.hit(pointer.at)
        if hit is None or hit.part == "inside":
            self.begin(RubberBandGesture(self, pointer, hit.path if hit is not None else None))
        else:
            self.begin(PressGesture(self, pointer, hit.path))

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        event.accept()
        pointer = self._pointer(event)
        if self._gesture is not None:
            self.follow(pointer)
        elif event.buttons() is Qt.MouseButton.NoButton or not event.buttons():
            self._hover(pointer)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()
        pointer = self._pointer(event)
        if self._pressed_plus is not None:
            gap, self._pressed_plus = self._pressed_plus, None
            self.insert_menu_asked.emit(gap)
            return
        gesture, self._gesture = self._gesture, None
        self._scroller.stop()
        if gesture is not None:
            gesture.finish(pointer)

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.accept()
        hit = self.scene_.plan.hit(self._pointer(event).at)
        if event.button() is Qt.MouseButton.LeftButton and hit is not None:
            self.edit_asked.emit(hit.path)

    def _hover(self, pointer: Pointer) -> None:
        plan = self.scene_.plan
        hit = plan.hit(pointer.at)
        self.scene_.show_hovered(hit.path if hit is not None and hit.part != "inside" else None)
        gap = plan.gap_between(pointer.at) if self.document.study is not None else None
        if gap != self.scene_.plus.gap:
            self.scene_.plus.show_at(gap, gap.top + LINE_AT if gap is not None else 0.0)

    @override
    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.scene_.show_hovered(None)
        self.scene_.plus.show_at(None)

    @Slot()
    def _scroll_at_edge(self) -> None:
        pointer = self._last
        if pointer is None:
            return
        seen = self.viewport().rect()
        bar, at = self.verticalScrollBar(), pointer.on_view.y()
        before = bar.value()
        if at < _EDGE_PX:
            bar.setValue(before - min(28, (_EDGE_PX - at) // 2 + 1))
        elif at > seen.height() - _EDGE_PX:
            bar.setValue(before + min(28, (at - seen.height() + _EDGE_PX) // 2 + 1))
        if bar.value() != before:
            moved = Pointer(self.mapToScene(pointer.on_view), pointer.on_view, pointer.on_screen, pointer.modifiers)
            if self._incoming is not None:
                self._incoming.move(moved.at)
            else:
                self.follow(moved)

    # --- carried here ------------------------------------------------------------------------------------------------

    def carried_over(self, cargo: Cargo, at: QPoint) -> None:
        """Show where `cargo` would go, at a point of the screen."""
        if self.document.study is None:
            return
        if self._incoming is None or self._incoming.cargo != cargo:
            self._incoming = IncomingGesture(self, cargo)
            self._scroller.start()
        on_view = self.viewport().mapFromGlobal(at)
        self._last = Pointer(self.mapToScene(on_view), on_view, at, Qt.KeyboardModifier.NoModifier)
        self._incoming.move(self._last.at)

    def carried_away(self) -> None:
        """Show nothing any more."""
        incoming, self._incoming = self._incoming, None
        self._scroller.stop()
        if incoming is not None:
            incoming.cancel()

    def carried_in(self, cargo: Cargo, at: QPoint) -> bool:
        """Take it; returns whether it was taken."""
        self.carried_over(cargo, at)
        incoming, self._incoming = self._incoming, None
        self._scroller.stop()
        if incoming is None:
            return False
        done = incoming.finish(self.mapToScene(self.viewport().mapFromGlobal(at)))
        if done:
            self.setFocus(Qt.FocusReason.OtherFocusReason)
        return done

    def drag_out(self, paths: Sequence[NodePath]) -> None:
        """Give nodes to the system's drag and drop: to other programs they are text."""
        try:
            data = to_mime(tuple(self.document.node(path) for path in paths))
        except EditError as error:
            self.said.emit(sentence(error))
            return
        self._dragged_out = tuple(paths)
        drag = QDrag(self)
        drag.setMimeData(data)
        # The system's drag and drop has no other form than this call; it returns when the button is released, and
        # lets the window go on meanwhile.
        drag.exec(Qt.DropAction.CopyAction | Qt.DropAction.MoveAction, Qt.DropAction.CopyAction)
        self._dragged_out = ()

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        text = text_of(event.mimeData())
        if text is not None and self.document.study is not None:
            event.acceptProposedAction()
            self._carry_event(text, event)

    @override
    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        text = text_of(event.mimeData())
        if text is not None and self.document.study is not None:
            event.acceptProposedAction()
            self._carry_event(text, event)

    @override
    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        event.accept()
        self.carried_away()

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        text, study = text_of(event.mimeData()), self.document.study
        if text is None or study is None:
            return
        at = self.viewport().mapToGlobal(event.position().toPoint())
        if event.source() is self and self._dragged_out and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.carried_away()
            gap = self.scene_.plan.gap_at(self.mapToScene(event.position().toPoint()), self._dragged_out)
            self.document.push(move(study, self._dragged_out, gap.place))
        elif not self.carried_in(CargoOfScenes(text), at):
            return
        event.acceptProposedAction()

    def _carry_event(self, text: str, event: QDragMoveEvent) -> None:
        self.carried_over(CargoOfScenes(text), self.viewport().mapToGlobal(event.position().toPoint()))

    # --- keys, wheel, menus ------------------------------------------------------------------------------------------

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, held = event.key(), event.modifiers()
        if key == Qt.Key.Key_Escape:
            if self.is_busy:
                self.end_gesture()
                self.carried_away()
            else:
                self.escaped.emit()
        elif key == Qt.Key.Key_Control and self._gesture is not None and self._last is not None:
            self._hold(Qt.KeyboardModifier.ControlModifier)
        elif key == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = True
            self.viewport().setCursor(Qt.CursorShape.OpenHandCursor)
        elif held & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier) or not self._go(event):
            event.ignore()
            return
        event.accept()

    def _go(self, event: QKeyEvent) -> bool:
        """Move the cursor as a key says; returns whether it was such a key."""
        cursor, extend = self.cursor_, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        page = max(1.0, self.viewport().height() / self.zoom - 100)
        match event.key():
            case Qt.Key.Key_Left:
                cursor.step(-1, extend=extend)
            case Qt.Key.Key_Right:
                cursor.step(1, extend=extend)
            case Qt.Key.Key_Up | Qt.Key.Key_Down:
                cursor.step_rows(down=event.key() == Qt.Key.Key_Down, extend=extend)
            case Qt.Key.Key_PageUp | Qt.Key.Key_PageDown:
                cursor.step_rows(down=event.key() == Qt.Key.Key_PageDown, at_least=page, extend=extend)
            case Qt.Key.Key_Home | Qt.Key.Key_End:
                cursor.go_to_end(first=event.key() == Qt.Key.Key_Home, extend=extend)
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                if cursor.current is not None:
                    self.edit_asked.emit(cursor.current)
            case _:
                return False
        return True

    def _hold(self, modifiers: Qt.KeyboardModifier) -> None:
        last = self._last
        if last is not None:
            self.follow(Pointer(last.at, last.on_view, last.on_screen, modifiers))

    @override
    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = False
            if not isinstance(self._gesture, PanGesture):
                self.viewport().unsetCursor()
        elif event.key() == Qt.Key.Key_Control and isinstance(self._gesture, MoveGesture):
            self._hold(Qt.KeyboardModifier.NoModifier)
        else:
            super().keyReleaseEvent(event)

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            event.accept()
            self.set_zoom(self.zoom * _WHEEL_STEP ** event.angleDelta().y(), event.position().toPoint())
        else:
            super().wheelEvent(event)

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        event.accept()
        at = event.globalPos()
        if event.reason() is QContextMenuEvent.Reason.Keyboard and self.cursor_.current in self.scene_.plan.rects:
            assert self.cursor_.current is not None
            self.show_node(self.cursor_.current)
            sign = self.scene_.plan.sign_of(self.cursor_.current)
            at = self.viewport().mapToGlobal(self.mapFromScene(sign.center()))
        self.menu_asked.emit(at)

    @override
    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip:
            assert isinstance(event, QHelpEvent)
            QToolTip.showText(event.globalPos(), self.tip_at(self.mapToScene(event.pos())), self)
            return True
        return super().viewportEvent(event)

    def tip_at(self, point: QPointF) -> str:
        """Return what is told of the node at a point of the scene: its name, who is there, its problems."""
        hit = self.scene_.plan.hit(point)
        item = self.scene_.item(hit.path) if hit is not None and hit.part != "inside" else None
        if item is None:
            return ""
        look = item.look
        lines = [f"{look.title} ({look.label})" if look.label and look.label != look.title else look.title]
        lines += [look.summary, *look.details]
        if item.present:
            lines.append(f"{item.present} participant{'s'[: item.present != 1]} here now")
        lines += [f"{problem.severity.capitalize()}: {problem.message}" for problem in item.problems[:6]]
        if len(item.problems) > 6:
            lines.append(f"… and {len(item.problems) - 6} more")
        return "\n".join(lines)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit_room()

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if self.cursor_.current is None and event.reason() in (
            Qt.FocusReason.TabFocusReason,
            Qt.FocusReason.BacktabFocusReason,
        ):
            self.cursor_.step(1)
        self.show_marks()

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._space = False
        self.show_marks()

    def show_marks(self) -> None:
        """Mark what is selected, and what has the keyboard while the canvas has it."""
        current = self.cursor_.current if self.hasFocus() else None
        self.scene_.show_selection(self.document.selection, current)

    @Slot()
    def _on_selection_changed(self) -> None:
        self.cursor_.follow()
        self.show_marks()

    @Slot()
    def _on_cursor_moved(self) -> None:
        self.show_marks()
        if self.cursor_.current is not None and self._gesture is None:
            self.show_node(self.cursor_.current)
