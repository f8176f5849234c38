"""A long text that grows at its end: the last lines stay, in batches, with buttons to copy and to clear it."""

from PySide6.QtCore import QTimer, Slot
from PySide6.QtGui import QFont, QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from gui.widgets.basics import Button, label
from gui.widgets.theme import Theme

__all__ = ["TextLog"]

_LINES = 2_000
_LINE_CHARS = 1_000
_BATCH_MS = 120
_BATCH_CHARS = 64_000


class TextLog(QWidget):
    """Keeps the last 2,000 lines; a line that does not end is broken after 1,000 characters.

    Runs on: GUI thread.
    """

    def __init__(self, theme: Theme, name: str, hint: str) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        self.edit = QPlainTextEdit()
        self.edit.setReadOnly(True)
        self.edit.setMaximumBlockCount(_LINES)
        self.edit.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.edit.setPlaceholderText(hint)
        self.edit.setAccessibleName(name)
        self.edit.setFont(QFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)))
        layout.addWidget(self.edit, 1)
        row = QHBoxLayout()
        self._note = label("", "small", wrap=True)
        row.addWidget(self._note, 1)
        self.copy = Button(theme, "Copy", "copy", role="quiet", name=f"Copy: {name}", on_click=self._copy)
        self.clear = Button(theme, "Clear", "close", role="quiet", name=f"Clear: {name}", on_click=self.empty)
        row.addWidget(self.copy)
        row.addWidget(self.clear)
        layout.addLayout(row)
        self._waiting: list[str] = []
        self._waiting_chars = 0
        self._skipped = 0
        self._line = 0
        self._timer = QTimer(self)
        self._timer.setObjectName("text log")
        self._timer.setSingleShot(True)
        self._timer.setInterval(_BATCH_MS)
        self._timer.timeout.connect(self.settle)

    def text(self) -> str:
        """Return what is kept."""
        self.settle()
        return self.edit.toPlainText()

    def note(self) -> str:
        """Return what is said below the text."""
        return self._note.text()

    def add(self, text: str, skipped: int = 0) -> None:
        """Add to the end; `skipped`: so many bytes before it were left out."""
        self._skipped += skipped
        self._waiting.append(text)
        self._waiting_chars += len(text)
        while self._waiting_chars > _BATCH_CHARS and len(self._waiting) > 1:
            gone = self._waiting.pop(0)
            self._waiting_chars -= len(gone)
            self._skipped += len(gone)
        if not self._timer.isActive():
            self._timer.start()

    @Slot()
    def empty(self) -> None:
        """Forget everything."""
        self._waiting.clear()
        self._waiting_chars = self._skipped = self._line = 0
        self.edit.clear()
        self._note.setText("")

    @Slot()
    def settle(self) -> None:
        """Show what waits now."""
        if not self._waiting:
            return
        text = "".join(self._waiting)[-_BATCH_CHARS:]
        self._waiting.clear()
        self._waiting_chars = 0
        bar = self.edit.verticalScrollBar()
        at_end = bar.value() >= bar.maximum() - 2
        cursor = self.edit.textCursor()
        cursor.movePosition(cursor.MoveOperation.End)
        cursor.insertText(self._broken(text))
        if at_end:
            bar.setValue(bar.maximum())
        if self._skipped:
            self._note.setText(f"{_size(self._skipped)} in between were left out, because they came too fast.")

    def _broken(self, text: str) -> str:
        """Break lines that do not end."""
        pieces: list[str] = []
        for line in text.replace("\r\n", "\n").splitlines(keepends=True):
            rest = line
            while self._line + len(rest.rstrip("\n")) > _LINE_CHARS:
                room = _LINE_CHARS - self._line
                pieces.append(rest[:room] + "\n")
                rest, self._line = rest[room:], 0
            pieces.append(rest)
            self._line = 0 if rest.endswith("\n") else self._line + len(rest)
        return "".join(pieces)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text())


def _size(count: int) -> str:
    for unit, size in (("MB", 1_000_000), ("kB", 1_000)):
        if count >= size:
            return f"{count / size:.0f} {unit}"
    return f"{count} bytes"
