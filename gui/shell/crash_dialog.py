"""What happens with an exception that nobody caught: it is logged and shown, and the server runs on."""

import logging
import sys
import traceback
from collections import deque
from collections.abc import Callable
from types import TracebackType

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication, QDialog, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from gui.widgets.basics import Button, Icon, label
from gui.widgets.theme import Theme

__all__ = ["CrashDialog", "CrashReporter", "LogTail"]

_TAIL = 200
_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


class LogTail(logging.Handler):
    """Keeps the last lines of the app's own log in memory."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: deque[str] = deque(maxlen=_TAIL)
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line."""
        self._lines.append(self.format(record))

    def text(self) -> str:
        """Return the lines."""
        return "\n".join(self._lines)


class CrashDialog(QDialog):
    """Shows what went wrong, with the log's tail, to be copied into a report.

    Runs on: GUI thread.
    """

    def __init__(self, theme: Theme, details: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Something went wrong in MUG Lab")
        self.setMinimumSize(680, 460)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 20)
        layout.setSpacing(12)
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(Icon(theme, "error", "error", 28))
        head.addWidget(label("Something went wrong in MUG Lab", "heading"), 1)
        layout.addLayout(head)
        layout.addWidget(
            label(
                "The window goes on working as well as it can. The experiment server is a program of its own: "
                "a running session and its data are not touched. Please send the text below to the developers.",
                wrap=True,
            )
        )
        self._text = QPlainTextEdit(details)
        self._text.setReadOnly(True)
        self._text.setAccessibleName("Error details and the end of the log")
        layout.addWidget(self._text, 1)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(Button(theme, "Copy", "copy", on_click=self._copy))
        close = Button(theme, "Close", role="primary", on_click=self.accept)
        close.setDefault(True)
        row.addWidget(close)
        layout.addLayout(row)

    def details(self) -> str:
        """Return the text that is shown."""
        return self._text.toPlainText()

    def _copy(self) -> None:
        QApplication.clipboard().setText(self._text.toPlainText())


class CrashReporter:
    """The one place where uncaught exceptions end.

    Attributes:
        dialog: The dialog in sight, if any; later exceptions are only logged while it is open.
    """

    def __init__(self, theme: Theme, tail: LogTail, parent_of: Callable[[], QWidget | None]) -> None:
        self._theme, self._tail, self._parent_of = theme, tail, parent_of
        self.dialog: CrashDialog | None = None

    def install(self) -> None:
        """Become the handler of uncaught exceptions and of Qt's own messages."""
        sys.excepthook = self.on_uncaught
        qInstallMessageHandler(_on_qt_message)

    def uninstall(self) -> None:
        """Give both back."""
        sys.excepthook = sys.__excepthook__
        qInstallMessageHandler(None)

    def on_uncaught(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Log an exception and show it."""
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
            return
        text = "".join(traceback.format_exception(kind, error, trace))
        logging.getLogger("gui").error("uncaught exception\n%s", text)
        if self.dialog is None:
            self.dialog = CrashDialog(self._theme, f"{text}\n--- log ---\n{self._tail.text()}", self._parent_of())
            self.dialog.finished.connect(self._on_closed)
            self.dialog.open()

    def report(self, error: BaseException) -> None:
        """Take an exception that a task or a thread sent."""
        self.on_uncaught(type(error), error, error.__traceback__)

    def _on_closed(self) -> None:
        self.dialog = None


def _on_qt_message(kind: QtMsgType, _context: QMessageLogContext, message: str) -> None:
    logging.getLogger("qt").log(_LEVELS.get(kind, logging.WARNING), "%s", message)
