"""A button that records the keys that are pressed together, by the names that browsers give them."""

from typing import Final

from PySide6.QtCore import QEvent, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QMenu, QPushButton
from typing_extensions import override

from gui.models.key_names import SPECIAL_KEYS, chord_of, shown_chord, shown_key, spoken_chord
from gui.widgets.basics import restyle

__all__ = ["KeyCapture", "browser_key"]

_ESCAPE_MS: Final = 1_200
_K = Qt.Key
_NAMED: Final = {
    _K.Key_Left: "ArrowLeft",
    _K.Key_Right: "ArrowRight",
    _K.Key_Up: "ArrowUp",
    _K.Key_Down: "ArrowDown",
    _K.Key_Space: " ",
    _K.Key_Return: "Enter",
    _K.Key_Enter: "Enter",
    _K.Key_Escape: "Escape",
    _K.Key_Tab: "Tab",
    _K.Key_Backtab: "Tab",
    _K.Key_Backspace: "Backspace",
    _K.Key_Delete: "Delete",
    _K.Key_Insert: "Insert",
    _K.Key_Home: "Home",
    _K.Key_End: "End",
    _K.Key_PageUp: "PageUp",
    _K.Key_PageDown: "PageDown",
    _K.Key_Shift: "Shift",
    _K.Key_Control: "Control",
    _K.Key_Alt: "Alt",
    _K.Key_AltGr: "AltGraph",
    _K.Key_Meta: "Meta",
    _K.Key_Super_L: "Meta",
    _K.Key_Super_R: "Meta",
    _K.Key_CapsLock: "CapsLock",
    _K.Key_NumLock: "NumLock",
    _K.Key_ScrollLock: "ScrollLock",
    _K.Key_Pause: "Pause",
    _K.Key_Print: "PrintScreen",
    _K.Key_Menu: "ContextMenu",
    **{_K(_K.Key_F1.value + index): f"F{index + 1}" for index in range(24)},
}


def browser_key(event: QKeyEvent) -> str | None:
    """Return the KeyboardEvent.key value that a browser gives for the same press; None: it has no name.

    Signs come from the layout in force, as in a browser: it is the sign that counts, not the place on the keyboard.
    """
    named = _NAMED.get(Qt.Key(event.key())) if event.key() in _VALUES else None
    if named is not None:
        return named
    text = event.text()
    if text and text.isprintable():
        return text.lower() if len(text) == 1 else text
    if 0x20 < event.key() < 0x110000 and chr(event.key()).isprintable():
        return chr(event.key()).lower()  # with Ctrl held, the text is a control sign
    return None


_VALUES: Final = frozenset(key.value for key in Qt.Key)


class KeyCapture(QPushButton):
    """Shows a chord; a click, Enter or Space starts recording the next one.

    While it records, every key is taken, Tab too; the chord is complete when the first key is let go. Escape stops
    the recording after a moment; pressed twice, it is the key that is recorded. A right click, or the Menu key, offers
    keys by name.

    Signals:
        recorded: The keys (a tuple of names).

    Runs on: GUI thread.
    """

    recorded = Signal(object)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName("keyCapture")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._name = name
        self._keys: tuple[str, ...] = ()
        self._pressed: list[str] = []
        self._down: dict[int, str] = {}
        self._escaped = False
        self.is_recording = False
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_ESCAPE_MS)
        self._pause.timeout.connect(self._on_escape_meant)
        self.clicked.connect(self.record)
        self._show()

    @property
    def keys(self) -> tuple[str, ...]:
        """The chord that is shown."""
        return self._keys

    def show_keys(self, keys: tuple[str, ...]) -> None:
        """Show a chord."""
        if keys != self._keys:
            self._keys = keys
            self._show()

    @Slot()
    def record(self) -> None:
        """Begin to record."""
        self._pressed, self._down, self._escaped = [], {}, False
        self._set_recording(True)
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot()
    def _on_escape_meant(self) -> None:
        if self.is_recording and self._escaped:
            self._set_recording(False)

    def _set_recording(self, on: bool) -> None:
        self._pause.stop()
        self.is_recording = on
        self.setProperty("recording", on)
        restyle(self)
        self._show()

    def _show(self) -> None:
        if self.is_recording:
            words = "Esc again for Esc" if self._escaped else shown_chord(chord_of(self._pressed)) or "Press keys…"
            self.setText(words)
        else:
            self.setText(shown_chord(self._keys) or "Choose keys…")
        state = "recording, press keys" if self.is_recording else spoken_chord(self._keys)
        self.setAccessibleName(f"{self._name}: {state}")
        self.setToolTip("" if self.is_recording else "Press Enter, then the keys; right click for keys by name")

    @override
    def event(self, event: QEvent) -> bool:
        if self.is_recording and isinstance(event, QKeyEvent):
            if event.type() is QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() is QEvent.Type.KeyPress:
                self._take(event)
                return True
            if event.type() is QEvent.Type.KeyRelease:
                self._let_go(event)
                return True
        return super().event(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        elif event.key() == Qt.Key.Key_Menu:
            self.open_menu()
        else:
            super().keyPressEvent(event)

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        if self.is_recording and event.reason() is not Qt.FocusReason.PopupFocusReason:
            self._set_recording(False)
        super().focusOutEvent(event)

    @override
    def contextMenuEvent(self, event: object) -> None:
        self.open_menu()

    @Slot()
    def open_menu(self) -> None:
        """Offer the keys that are hard to press where they mean something else."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for key in SPECIAL_KEYS:
            action = menu.addAction(shown_key(key))
            action.triggered.connect(lambda _checked=False, key=key: self.recorded.emit((key,)))
        menu.popup(self.mapToGlobal(self.rect().bottomLeft()))

    def _take(self, event: QKeyEvent) -> None:
        if event.isAutoRepeat():
            return
        key = browser_key(event)
        if key is None:
            return
        if key == "Escape" and not self._down and not self._escaped:
            self._escaped = True
            self._pause.start()
            self._show()
            return
        self._escaped = False
        self._pause.stop()
        self._down[event.key()] = key
        self._pressed.append(key)
        self._show()

    def _let_go(self, event: QKeyEvent) -> None:
        if event.isAutoRepeat() or not self._pressed:
            return
        keys = chord_of(self._pressed)
        self._set_recording(False)
        self.recorded.emit(keys)
