"""Before a session starts: the server runs the study as it is saved, so unsaved changes are asked about."""

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMessageBox, QPushButton, QWidget

from gui.models.chain_document import ChainDocument
from gui.shell.study_flow import StudyFlow

__all__ = ["StartGuard", "UnsavedStartQuestion"]


class UnsavedStartQuestion(QMessageBox):
    """Asks which study a session is to run.

    Attributes:
        save, as_saved, stay: The answers.

    Runs on: GUI thread.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Unsaved changes")
        self.setIcon(QMessageBox.Icon.Question)
        self.setText("The study has unsaved changes.")
        self.setInformativeText("A session runs the study as it is saved, and keeps it as it is then.")
        self.save: QPushButton = self.addButton("Save and start", QMessageBox.ButtonRole.AcceptRole)
        self.as_saved: QPushButton = self.addButton("Start as it was saved", QMessageBox.ButtonRole.ActionRole)
        self.stay: QPushButton = self.addButton("Cancel", QMessageBox.ButtonRole.RejectRole)
        self.setDefaultButton(self.save)
        self.setEscapeButton(self.stay)


class StartGuard(QObject):
    """Lets a session start at once when the study is saved; else asks.

    Attributes:
        question: The question, while it is open.

    Runs on: GUI thread.
    """

    def __init__(self, document: ChainDocument, studies: StudyFlow, window: QWidget) -> None:
        super().__init__(window)
        self._document, self._studies, self._window = document, studies, window
        self.question: UnsavedStartQuestion | None = None

    def may_start(self, then: Callable[[], object]) -> bool:
        """Say whether a session may start at once; else ask, and call `then` when it may."""
        if self._document.opened is None or self._document.is_clean:
            return True
        if self.question is None:
            self._ask(then)
        return False

    def _ask(self, then: Callable[[], object]) -> None:
        question = UnsavedStartQuestion(self._window)
        self.question = question

        def answer() -> None:
            clicked = question.clickedButton()
            self.question = None
            question.deleteLater()
            if clicked is question.save:
                self._studies.save_then(then)
            elif clicked is question.as_saved:
                then()

        question.finished.connect(lambda _result: answer())
        question.open()
