"""Keeps the document's problems true while it is edited."""

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from gui.models.chain_document import ChainDocument
from gui.models.opened_study import OpenedStudy
from gui.models.standing_problems import StandingProblems
from mug.study.validation import Validator

__all__ = ["LiveCheck"]

_AFTER_MS = 30
"""So that a burst of edits, as undoing many, is looked at once."""


class LiveCheck(QObject):
    """Looks at what the study's data tell after each edit, and carries along what the thorough check found.

    Attributes:
        is_thorough: Whether files, packages and environments of this very study were looked at.

    Signals:
        looked: The document's problems are true again.

    Runs on: GUI thread; one look at 200 scenes takes a few milliseconds, for unchanged nodes are not looked at again.
    """

    looked = Signal()

    def __init__(self, document: ChainDocument, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._standing = StandingProblems()
        self.is_thorough = False
        self._timer = QTimer(self)
        self._timer.setObjectName("live check")
        self._timer.setSingleShot(True)
        self._timer.setInterval(_AFTER_MS)
        self._timer.timeout.connect(self.look)
        document.loaded.connect(self._on_loaded)
        document.edit_applied.connect(self._on_edit_applied)

    @Slot()
    def look(self) -> None:
        """Look now."""
        self._timer.stop()
        study = self._document.study
        if study is None:
            return
        self._document.show_problems([*self._validator.problems(study), *self._standing.at(study)])
        self.looked.emit()

    def take_checked(self, opened: OpenedStudy) -> None:
        """Take what the thorough check of a study found, when it is the one that the document's file holds."""
        held = self._document.opened
        if held is None or held.study != opened.study:
            return
        self._standing.take(held.study, opened.problems, self._validator.problems(held.study))
        self.is_thorough = self._document.study == held.study
        self.look()

    @Slot()
    def _on_loaded(self) -> None:
        self._timer.stop()
        self._standing.clear()
        self.is_thorough = False

    @Slot(object)
    def _on_edit_applied(self, _change: object) -> None:
        held = self._document.opened
        self.is_thorough = self.is_thorough and held is not None and self._document.study == held.study
        self._timer.start()
