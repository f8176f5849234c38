"""The keys that move a window in time."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from gui.models.time_window import TimeWindow

__all__ = ["move_by_key"]


def move_by_key(window: TimeWindow, event: QKeyEvent) -> bool:
    """Move or stretch a window in time by a key: arrows, plus and minus, Space, End; returns whether it was one."""
    match Qt.Key(event.key()):
        case Qt.Key.Key_Left:
            window.pan(-window.span_s / 10)
        case Qt.Key.Key_Right:
            window.pan(window.span_s / 10)
        case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
            window.zoom(0.8)
        case Qt.Key.Key_Minus:
            window.zoom(1.25)
        case Qt.Key.Key_Space:
            window.hold() if window.follows else window.follow()
        case Qt.Key.Key_End:
            window.follow()
        case _:
            return False
    return True
