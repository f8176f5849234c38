"""The picture of an environment, and the keys that are pressed while it has the focus."""

from collections.abc import Collection

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from gui.design.playground.keys import browser_key
from gui.widgets.packet_painter import PacketPainter
from gui.widgets.theme import Theme

__all__ = ["PictureView"]

_RING_PX = 3
_ANIMATION_MS = 33


class PictureView(QWidget):
    """Shows the painter's picture as large as it fits; the game's keys go to the game while it has the focus.

    Attributes:
        painter: What is drawn; None while there is nothing.
        captured: The keys that the game has; all others are left to the window.
        held: The keys that are down now, in the order in which they went down.

    Signals:
        keys_changed: `held` is another.
        focus_changed: It takes keys now, or takes none any more.

    Runs on: GUI thread.
    """

    keys_changed = Signal()
    focus_changed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.painter: PacketPainter | None = None
        self.captured: frozenset[str] = frozenset()
        self.held: tuple[str, ...] = ()
        self._pressed: list[str] = []
        self._down: dict[int, str] = {}
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(320, 200)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Picture of the environment: takes the game's keys")
        self._animation = QTimer(self)
        self._animation.setObjectName("playground picture")
        self._animation.setInterval(_ANIMATION_MS)
        self._animation.timeout.connect(self.update)
        theme.changed.connect(self.update)

    def show_picture(self, painter: PacketPainter | None) -> None:
        """Draw this one, as it is now."""
        self.painter = painter
        if painter is not None and painter.plays():
            self._animation.start()
        else:
            self._animation.stop()
        self.update()

    def capture(self, keys: Collection[str]) -> None:
        """Take these keys for the game."""
        self.captured = frozenset(keys)
        self.let_go()

    def take_pressed(self) -> tuple[str, ...]:
        """Return the keys that went down since the last call, in order."""
        pressed, self._pressed = tuple(self._pressed), []
        return pressed

    @Slot()
    def let_go(self) -> None:
        """Let no key be down."""
        self._down.clear()
        self._pressed.clear()
        self._hold(())

    @override
    def sizeHint(self) -> QSize:
        return QSize(720, 480)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = browser_key(event)
        if key not in self.captured:
            super().keyPressEvent(event)
            return
        if not event.isAutoRepeat():
            self._down[event.key()] = key
            self._pressed.append(key)
            self._hold((*(held for held in self.held if held != key), key))
        event.accept()

    @override
    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.isAutoRepeat() or event.key() not in self._down:
            super().keyReleaseEvent(event)
            return
        key = self._down.pop(event.key())
        self._hold(tuple(held for held in self.held if held != key))
        event.accept()

    @override
    def focusNextPrevChild(self, next: bool) -> bool:
        return "Tab" not in self.captured and super().focusNextPrevChild(next)

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focus_changed.emit()
        self.update()

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.let_go()
        self.focus_changed.emit()
        self.update()

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        event.accept()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        target = self._target()
        if self.painter is not None:
            self.painter.paint(painter, target)
        else:
            painter.fillRect(target, self._theme.colour("sunken"))
        role = "focus" if self.hasFocus() else "border"
        pen = QPen(self._theme.colour(role), _RING_PX if self.hasFocus() else 1)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(target.adjusted(-1, -1, 1, 1))
        painter.end()

    def _target(self) -> QRectF:
        """Where the picture is: in the game's proportions, in the middle."""
        room = QRectF(self.rect()).adjusted(_RING_PX, _RING_PX, -_RING_PX, -_RING_PX)
        if self.painter is None:
            return room
        scale = min(room.width() / self.painter.width, room.height() / self.painter.height)
        w, h = self.painter.width * scale, self.painter.height * scale
        return QRectF(room.center().x() - w / 2, room.center().y() - h / 2, w, h)

    def _hold(self, held: tuple[str, ...]) -> None:
        if held != self.held:
            self.held = held
            self.keys_changed.emit()
