"""New study…: the question, and what follows the answer."""

from pathlib import Path

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from gui.design.new_study_dialog import NewStudyDialog, NewStudyRequest
from gui.shell.settings import LabSettings
from gui.shell.study_flow import StudyFlow
from gui.widgets.theme import Theme

__all__ = ["NewStudyFlow"]


class NewStudyFlow(QObject):
    """Asks for a new study and has it made.

    Attributes:
        dialog: The question, while it is open.

    Runs on: GUI thread.
    """

    def __init__(self, theme: Theme, settings: LabSettings, studies: StudyFlow, window: QWidget) -> None:
        super().__init__(window)
        self._theme, self._settings, self._studies, self._window = theme, settings, studies, window
        self.dialog: NewStudyDialog | None = None

    @Slot()
    def ask(self) -> None:
        """Ask for a new study."""
        self.ask_for("")

    @Slot(str)
    def ask_for(self, template_key: str) -> None:
        """Ask for a new study from a template; unsaved changes of the open one are asked about first."""
        if self.dialog is None and self._studies.may_leave(lambda: self._ask(template_key)):
            self._ask(template_key)

    def _ask(self, template_key: str) -> None:
        recent = self._settings.recent
        place = recent[0].parent if recent else Path.home()
        dialog = NewStudyDialog(self._theme, place, template_key, self._window)
        self.dialog = dialog
        dialog.answered.connect(self._on_answered)
        dialog.finished.connect(lambda _result: self._forget(dialog))
        dialog.open()

    @Slot(object)
    def _on_answered(self, request: NewStudyRequest) -> None:
        dialog = self.dialog
        if dialog is not None:
            self._studies.new_study(request, dialog.accept, dialog.say_failure)

    def _forget(self, dialog: NewStudyDialog) -> None:
        if self.dialog is dialog:
            self.dialog = None
        dialog.deleteLater()
