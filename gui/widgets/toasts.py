"""Short messages at the lower edge of the window; they go by themselves and never take the focus."""

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Slot
from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget
from typing_extensions import override

from gui.widgets.basics import Icon, label
from gui.widgets.theme import Theme
from gui.widgets.tips import breakable

__all__ = ["Toasts"]

_SHOWN_MS = 5_000
_WIDEST_PX = 640
_EDGE_PX = 8


class Toasts(QObject):
    """The place of the short messages of one window; the newest replaces the one before.

    Runs on: GUI thread.
    """

    def __init__(self, theme: Theme, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._frame = QFrame(window)
        self._frame.setObjectName("toast")
        self._frame.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        layout = QHBoxLayout(self._frame)
        layout.setContentsMargins(14, 10, 18, 10)
        layout.setSpacing(10)
        self._icon = Icon(theme, "check", "tooltip_text", 18)
        self._text = label("")
        layout.addWidget(self._icon)
        layout.addWidget(self._text)
        self._frame.hide()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SHOWN_MS)
        self._timer.timeout.connect(self._frame.hide)
        window.installEventFilter(self)

    def text(self) -> str:
        """Return the message in sight, or nothing."""
        return self._frame.accessibleName() if self._frame.isVisible() else ""

    @Slot(str, str)
    def say(self, text: str, icon: str = "check") -> None:
        """Show `text` for a few seconds."""
        self._icon.show_icon(icon, "tooltip_text")
        self._text.setText(breakable(text))
        self._frame.setAccessibleName(text)
        self._place()
        self._frame.show()
        self._frame.raise_()
        QAccessible.updateAccessibility(QAccessibleEvent(self._frame, QAccessible.Event.Alert))
        self._timer.start()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._window and event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _place(self) -> None:
        room = min(_WIDEST_PX, self._window.width() - 2 * _EDGE_PX)
        layout = self._frame.layout()
        assert layout is not None
        self._text.setWordWrap(False)
        wraps = layout.sizeHint().width() > room
        self._text.setWordWrap(wraps)  # only then: a label that wraps makes itself narrow
        if wraps:
            self._frame.resize(room, layout.heightForWidth(room))
        else:
            self._frame.adjustSize()
        x = (self._window.width() - self._frame.width()) // 2
        self._frame.move(max(_EDGE_PX, x), self._window.height() - self._frame.height() - 44)
