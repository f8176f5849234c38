"""What is asked before the app closes: what becomes of a running server, and of what no server got."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QPushButton, QWidget

__all__ = ["CloseQuestion", "UndeliveredQuestion"]

_LISTED = 6


class CloseQuestion(QMessageBox):
    """Asks, while a server runs, what becomes of it when the app goes.

    A server without the app goes on only while participants are present, so leaving is offered only then.

    Attributes:
        leave: Leave it running; None when nobody is present.
        stop, stay: The other answers.

    Runs on: GUI thread.
    """

    def __init__(self, present: int, parent: QWidget, undelivered: Sequence[str] = ()) -> None:
        """Ask.

        Args:
            present: How many participants are here.
            parent: The window.
            undelivered: What the server has not got yet, one line each: it is lost when the app goes.
        """
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWindowTitle("A session is running")
        self.setIcon(QMessageBox.Icon.Question)
        self.leave: QPushButton | None = None
        saved = "Everything that has arrived is saved, and the session can be started again later."
        if present:
            people = "1 participant is" if present == 1 else f"{present} participants are"
            self.setText(f"A session is running, and {people} present.")
            self.setInformativeText(
                "If you leave it running, they notice nothing, and MUG Lab finds the session again on its next start. "
                f"If you stop it, they have to wait until it is started again. {saved}"
            )
            self.leave = self.addButton("Leave it running", QMessageBox.ButtonRole.AcceptRole)
        else:
            self.setText("A session is running, and no participant is present.")
            self.setInformativeText(f"It is stopped when MUG Lab closes. {saved}")
        if undelivered:
            self.setInformativeText(f"{_lost_words(undelivered)}\n\n{self.informativeText()}")
        self.stop: QPushButton = self.addButton("Stop it", QMessageBox.ButtonRole.DestructiveRole)
        self.stay: QPushButton = self.addButton("Cancel", QMessageBox.ButtonRole.RejectRole)
        self.setDefaultButton(self.stay if undelivered else self.leave or self.stop)
        self.setEscapeButton(self.stay)


class UndeliveredQuestion(QMessageBox):
    """Asks, where no server runs any more, whether what it did not get may be lost.

    Attributes:
        leave, stay: The answers.

    Runs on: GUI thread.
    """

    def __init__(self, undelivered: Sequence[str], parent: QWidget) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWindowTitle("Not delivered yet")
        self.setIcon(QMessageBox.Icon.Warning)
        self.setText("The server did not get everything that you asked for.")
        self.setInformativeText(
            f"{_lost_words(undelivered)}\n\nIf you start the session again first, they are sent then."
        )
        self.leave: QPushButton = self.addButton("Close all the same", QMessageBox.ButtonRole.DestructiveRole)
        self.stay: QPushButton = self.addButton("Cancel", QMessageBox.ButtonRole.RejectRole)
        self.setDefaultButton(self.stay)
        self.setEscapeButton(self.stay)


def _lost_words(undelivered: Sequence[str]) -> str:
    count = len(undelivered)
    what = "1 thing is not delivered yet, and is" if count == 1 else f"{count} things are not delivered yet, and are"
    shown = undelivered if count <= _LISTED else [*undelivered[: _LISTED - 1], f"and {count - _LISTED + 1} more"]
    return "\n".join([f"{what} lost when MUG Lab closes:", *(f"– {line}" for line in shown)])
