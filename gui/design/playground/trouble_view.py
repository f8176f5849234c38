"""Why an environment cannot be stepped, in the picture's place."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from gui.models.playground_messages import Trouble
from gui.widgets.basics import Button, Icon, label
from gui.widgets.theme import Theme

__all__ = ["TroubleView"]

_STAGES = {
    "load": "The environment could not be made",
    "reset": "The environment failed at its reset",
    "step": "The environment failed at a step",
    "render": "The environment failed at drawing",
}


class TroubleView(QWidget):
    """The sentence, the traceback, and the way on.

    Attributes:
        restart: The button.

    Runs on: GUI thread.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.setSpacing(12)
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(Icon(theme, "error", "error", 24))
        self._title = label("", "heading", wrap=True)
        head.addWidget(self._title, 1)
        layout.addLayout(head)
        self._message = label("", wrap=True, selectable=True)
        layout.addWidget(self._message)
        self._trace = QPlainTextEdit()
        self._trace.setReadOnly(True)
        self._trace.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._trace.setAccessibleName("Traceback")
        layout.addWidget(self._trace, 1)
        self._rest = QWidget()
        layout.addWidget(self._rest, 1)
        row = QHBoxLayout()
        self.restart = Button(theme, "Restart", "refresh", role="primary", name="Restart the environment")
        row.addWidget(self.restart, 0, Qt.AlignmentFlag.AlignLeft)
        row.addStretch(1)
        layout.addLayout(row)

    def text(self) -> str:
        """Return what is said, the traceback too."""
        return "\n".join((self._title.text(), self._message.text(), self._trace.toPlainText()))

    def show_trouble(self, trouble: Trouble) -> None:
        """Say what happened."""
        self._title.setText(_STAGES.get(trouble.stage, "The environment cannot be stepped"))
        self._message.setText(trouble.message)
        self._trace.setPlainText(trouble.traceback)
        self._trace.setVisible(bool(trouble.traceback))
        self._rest.setVisible(not trouble.traceback)
        self._trace.verticalScrollBar().setValue(self._trace.verticalScrollBar().maximum())
