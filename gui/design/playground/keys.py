"""Keys as the browser names them, made of Qt's; and as people read them."""

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from mug.play.inputs import normal_key

__all__ = ["browser_key", "shown_key"]

_KEY: Final = Qt.Key
_NAMES: Final = {
    _KEY.Key_Left: "ArrowLeft",
    _KEY.Key_Right: "ArrowRight",
    _KEY.Key_Up: "ArrowUp",
    _KEY.Key_Down: "ArrowDown",
    _KEY.Key_Space: " ",
    _KEY.Key_Return: "Enter",
    _KEY.Key_Enter: "Enter",
    _KEY.Key_Escape: "Escape",
    _KEY.Key_Tab: "Tab",
    _KEY.Key_Backtab: "Tab",
    _KEY.Key_Backspace: "Backspace",
    _KEY.Key_Delete: "Delete",
    _KEY.Key_Insert: "Insert",
    _KEY.Key_Home: "Home",
    _KEY.Key_End: "End",
    _KEY.Key_PageUp: "PageUp",
    _KEY.Key_PageDown: "PageDown",
    _KEY.Key_Shift: "Shift",
    _KEY.Key_Control: "Control",
    _KEY.Key_Alt: "Alt",
    _KEY.Key_AltGr: "AltGraph",
    _KEY.Key_Meta: "Meta",
    _KEY.Key_CapsLock: "CapsLock",
    **{_KEY(_KEY.Key_F1.value + number): f"F{number + 1}" for number in range(12)},
}
_SHOWN: Final = {"ArrowLeft": "←", "ArrowRight": "→", "ArrowUp": "↑", "ArrowDown": "↓", " ": "Space"}


def browser_key(event: QKeyEvent) -> str:
    """Return the key as ``KeyboardEvent.key`` has it, in MUG's one spelling; empty for one that has no name."""
    try:
        known = _NAMES.get(_KEY(event.key()))
    except ValueError:
        known = None
    if known is not None:
        return known
    text = event.text()
    if text.isprintable() and text:
        return normal_key(text)
    code = event.key()  # with Ctrl or Alt held there is no text
    return normal_key(chr(code)) if 0x20 < code < 0x110000 and chr(code).isprintable() and code < 0x01000000 else ""


def shown_key(key: str) -> str:
    """Return a key as it stands on the keyboard."""
    return _SHOWN.get(key, key.upper() if len(key) == 1 else key)
