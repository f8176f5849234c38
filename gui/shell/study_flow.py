"""Opening studies: the questions, the loading, what is remembered."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QFileDialog

from gui.design.page import DesignPage
from gui.models.opened_study import OpenedStudy
from gui.runtime.study_loading import StudyLoading
from gui.shell.settings import LabSettings

__all__ = ["StudyFlow"]


class StudyFlow(QObject):
    """Joins the Design page with the loading.

    Signals:
        opened: An `OpenedStudy`.

    Runs on: GUI thread.
    """

    opened = Signal(object)

    def __init__(self, settings: LabSettings, loading: StudyLoading, page: DesignPage) -> None:
        super().__init__(page)
        self._settings, self._loading, self._page = settings, loading, page
        self._path: Path | None = None
        loading.busy_changed.connect(page.show_busy)
        loading.failed.connect(page.show_failure)
        loading.loaded.connect(self._on_loaded)
        page.open_asked.connect(self.open_path)
        page.open_folder_asked.connect(self.ask_folder)
        page.open_script_asked.connect(self.ask_script)
        page.reload_asked.connect(self.reload)

    @Slot(str)
    def open_path(self, path: str) -> None:
        """Open the study at `path`."""
        self._loading.open(Path(path))

    @Slot()
    def ask_folder(self) -> None:
        """Ask for a study folder."""
        dialog = QFileDialog(self._page, "Open a study folder", self._start_folder())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self.open_path)
        dialog.open()

    @Slot()
    def ask_script(self) -> None:
        """Ask for a Python script."""
        dialog = QFileDialog(self._page, "Open a Python script", self._start_folder(), "Python scripts (*.py)")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.open_path)
        dialog.open()

    @Slot()
    def reload(self) -> None:
        """Load the open study again."""
        if self._path is not None:
            self._loading.open(self._path)

    def _start_folder(self) -> str:
        recent = self._settings.recent
        return str(recent[0].parent if recent else Path.cwd())

    @Slot(object)
    def _on_loaded(self, opened: OpenedStudy) -> None:
        self._path = opened.path
        self._page.show_study(opened)
        if not opened.checked:
            self._settings.remember_study(opened.path)
        self.opened.emit(opened)
