"""Keeps the document's problems true while it is edited."""

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from gui.models.chain_document import ChainDocument
from gui.models.opened_study import OpenedStudy
from gui.models.standing_problems import StandingProblems
from mug.study import Problem
from mug.study.model import Study
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
        self._validator = Validator()
        self._standing = StandingProblems()
        self._saved: Study | None = None  # the very objects that were loaded or saved, which edits share
        self._found: tuple[Problem, ...] = ()  # what the thorough check said of it
        self._was_checked = False
        self.is_thorough = False
        self._timer = QTimer(self)
        self._timer.setObjectName("live check")
        self._timer.setSingleShot(True)
        self._timer.setInterval(_AFTER_MS)
        self._timer.timeout.connect(self.look)
        document.loaded.connect(self._on_loaded)
        document.edit_applied.connect(self._on_edit_applied)
        document.clean_changed.connect(self._on_clean_changed)

    @Slot()
    def look(self) -> None:
        """Look now."""
        self._timer.stop()
        study = self._document.study
        if study is None:
            return
        self._document.show_problems([*self._validator.validate(study), *self._standing.at(study)])
        self.looked.emit()

    def take_checked(self, opened: OpenedStudy) -> None:
        """Take what the thorough check of a study found, when it is the one here, or the one in the document's file."""
        saved = next((study for study in (self._document.study, self._saved) if study == opened.study), None)
        if saved is None:
            return
        self._saved = saved
        self._found, self._was_checked = opened.problems, True
        self._standing.take(saved, self._found, Validator().validate(saved))
        self.is_thorough = self._document.study == saved
        self.look()

    @Slot()
    def _on_loaded(self) -> None:
        self._timer.stop()
        self._standing.clear()
        self._saved = self._document.study
        self._was_checked = self.is_thorough = False

    @Slot(bool)
    def _on_clean_changed(self, is_clean: bool) -> None:
        study = self._document.study
        if not is_clean or study is None:
            return
        if study != self._saved:  # it was saved: the next check is on its way
            self._was_checked = False
        elif self._was_checked:  # undone to what was checked; what edits touched are other objects now
            self._standing.take(study, self._found, Validator().validate(study))
            self.is_thorough = True
            self._timer.start()
        self._saved = study

    @Slot(object)
    def _on_edit_applied(self, _change: object) -> None:
        self.is_thorough = False
        self._timer.start()
