"""The Data page's work: reading the library, exporting, looking into tables; all beside the GUI thread."""

from pathlib import Path

from PySide6.QtCore import QObject, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices

from gui.data.page import DataPage
from gui.models.export_tables import read_preview, tables_of
from gui.runtime.export_process import ExportProcess
from gui.runtime.tasks import Tasks
from gui.shell.settings import LabSettings
from mug.records import exports_dir
from mug.records.export_layout import manifest_of
from mug.records.library import SessionSummary, library

__all__ = ["DataFlow"]


class DataFlow(QObject):
    """Joins the Data page with the records.

    Signals:
        said: A short message and its icon.

    Runs on: GUI thread.
    """

    said = Signal(str, str)

    def __init__(self, settings: LabSettings, tasks: Tasks, export: ExportProcess, page: DataPage) -> None:
        super().__init__(page)
        self._settings, self._tasks, self._export, self._page = settings, tasks, export, page
        self._experiment = ""
        self._is_reading = False
        export.progressed.connect(page.show_progress)
        export.failed.connect(page.show_export_failed)
        export.finished.connect(self._on_exported)
        page.refresh_asked.connect(self.refresh)
        page.export_asked.connect(self._start_export)
        page.cancel_asked.connect(export.cancel)
        page.open_folder_asked.connect(self._open_folder)
        page.preview_asked.connect(self._preview)
        page.table.selectionModel().selectionChanged.connect(lambda _new, _old: self._on_selected())

    @Slot()
    def refresh(self) -> None:
        """Read the data folder again."""
        if self._is_reading:
            return
        self._is_reading = True
        folder = self._settings.data_dir
        self._page.show_data_dir(folder)
        self._tasks.run("read the sessions", lambda: library(folder), self._on_read, self._on_read_failed)

    def _on_read(self, summaries: list[SessionSummary]) -> None:
        self._is_reading = False
        self._page.show_sessions(summaries)

    def _on_read_failed(self, error: Exception) -> None:
        self._is_reading = False
        self._page.show_failure(f"The sessions in {self._settings.data_dir} could not be read: {error}")

    def _on_selected(self) -> None:
        summary = self._page.selected()
        if summary is not None and summary.experiment_id != self._experiment:
            self._experiment = summary.experiment_id
            self._list_exports()

    def _list_exports(self) -> None:
        folder = exports_dir(self._settings.data_dir, self._experiment)

        def look() -> tuple[list[Path], dict[str, Path]]:
            if not folder.is_dir():
                return [], {}
            found = [path for path in folder.iterdir() if manifest_of(path) is not None]
            found.sort(key=lambda path: path.stat().st_mtime, reverse=True)
            return found, tables_of(found[0]) if found else {}

        def show(found: tuple[list[Path], dict[str, Path]]) -> None:
            self._page.show_exports(found[0])
            self._page.show_tables(found[1])

        self._tasks.run("list the exports", look, show, lambda error: self._page.show_failure(str(error)))

    @Slot(object)
    def _start_export(self, summary: SessionSummary) -> None:
        self._page.show_export_started(summary)
        self._export.start(self._settings.data_dir, summary.experiment_id, summary.session_id, pilot=summary.pilot)

    @Slot(str)
    def _on_exported(self, text: str) -> None:
        folder = Path(text)
        self._tasks.run(
            "look at the export", lambda: tables_of(folder), lambda tables: self._page.show_export_done(folder, tables)
        )
        self._list_exports()
        self.said.emit("Export complete", "check")

    @Slot(str)
    def _open_folder(self, folder: str) -> None:
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(folder)):
            self.said.emit(f"The folder is {folder}", "folder")

    @Slot(str)
    def _preview(self, path: str) -> None:
        self._tasks.run(
            "read a table",
            lambda: read_preview(Path(path)),
            self._page.show_preview,
            lambda error: self._page.show_failure(f"{Path(path).name} could not be read: {error}"),
        )
