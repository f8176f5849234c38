"""What is shown of the selected session: its quality, and the heads of its tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from PySide6.QtCore import QObject, QTimer, Slot

from gui.data.page import DataPage
from gui.data.tables_tab import RECORDS
from gui.models.export_tables import Preview, read_preview, tables_of
from gui.models.made_exports import MadeExport, read_export_head
from gui.models.moments import short_moment
from gui.runtime.records_work import LookExport, QualityReading
from gui.runtime.tasks import Tasks
from gui.shell.settings import LabSettings
from mug.records.codebook import TABLES
from mug.records.library import SessionSummary
from mug.records.quality_figures import SessionQuality
from mug.records.scratch import remove_old_scratch

__all__ = ["DataLook"]

_SETTLE_MS = 200
_HELD = 50


@dataclass(frozen=True)
class _Key:
    """A session as it was when the journal's last entry was `head`."""

    path: Path
    session_id: str
    head: str
    table: str = ""


class DataLook(QObject):
    """Reads what the tabs of the selected session show; what did not change is not read again.

    Runs on: GUI thread.
    """

    def __init__(self, settings: LabSettings, tasks: Tasks, page: DataPage, parent: QObject) -> None:
        super().__init__(parent)
        self._settings, self._tasks, self._page = settings, tasks, page
        self._summary: SessionSummary | None = None
        self._qualities: dict[_Key, SessionQuality] = {}
        self._looks: dict[_Key, Path] = {}
        self._exports: tuple[MadeExport, ...] = ()
        self._quality, self._look = QualityReading(self), LookExport(self)
        self._quality.read.connect(self._on_quality)
        self._quality.failed.connect(self._on_quality_failed)
        self._look.progressed.connect(page.detail.tables.show_progress)
        self._look.made.connect(self._on_look)
        self._look.failed.connect(self._on_look_failed)
        self._settling = QTimer(self)
        self._settling.setObjectName("settling of the selected session")
        self._settling.setSingleShot(True)
        self._settling.setInterval(_SETTLE_MS)
        self._settling.timeout.connect(self._read_quality)
        page.preview_asked.connect(self._preview)
        page.preview_cancelled.connect(self._look.cancel)
        tasks.run("remove what a killed app left", remove_old_scratch, lambda _none: None, lambda _error: None)

    def close(self) -> None:
        """End what was begun, and remove what was made for a look."""
        self._settling.stop()
        self._quality.close()
        self._look.close()

    def forget(self) -> None:
        """Remove what was made for a look: somebody withdraws."""
        self._looks.clear()
        self._qualities.clear()
        self._look.forget()

    def show_session(self, summary: SessionSummary | None) -> None:
        """Show another session, or what became of it."""
        before, self._summary = self._summary, summary
        if summary is None or summary.problem:
            self._exports = ()
            self._page.show_exports(())
            self._page.show_quality(None, summary.problem if summary is not None else "")
            self._page.detail.tables.show_sources((), RECORDS)
            self._page.detail.tables.show_words("No table", "Select a session.")
            return
        if before is not None and _of(before) == _of(summary) and _of(summary) in self._qualities:
            return
        known = self._qualities.get(_of(summary))
        if known is not None:
            self._page.show_quality(known)
        else:
            if before is None or before.session_id != summary.session_id:
                self._page.show_quality(None, "Looking at the data…")
            self._settling.start()
        if before is None or (before.path, before.session_id) != (summary.path, summary.session_id):
            self.show_exports(summary, ())
        elif self._page.detail.tables.wanted()[0] == RECORDS:
            self._offer(summary)

    def show_exports(self, summary: SessionSummary, exports: Sequence[MadeExport]) -> None:
        """Offer the exports of the session for a look into their tables."""
        if tuple(exports) == self._exports and exports:
            return
        self._exports = tuple(exports)
        self._offer(summary)

    def _offer(self, summary: SessionSummary) -> None:
        records = [name for name in TABLES if name != "ticks"]
        sources: list[tuple[str, str, Sequence[str]]] = [("From the records now", RECORDS, records)]
        sources += [(f"Export of {short_moment(made.at)}", str(made.folder), made.tables) for made in self._exports]
        self._page.detail.tables.show_sources(sources, self._page.detail.tables.wanted()[0])

    # ------------------------------------------------------------------ quality

    @Slot()
    def _read_quality(self) -> None:
        if self._summary is not None and not self._summary.problem:
            self._quality.start(_of(self._summary), self._place(self._summary))

    @Slot(object, dict)
    def _on_quality(self, key: _Key, data: dict[str, Any]) -> None:
        try:
            quality = SessionQuality.from_data(data)
        except msgspec.ValidationError as error:
            self._on_quality_failed(key, f"The data could not be looked at: {error}")
            return
        while len(self._qualities) >= _HELD:
            del self._qualities[next(iter(self._qualities))]
        self._qualities[key] = quality
        if self._is_shown(key):
            self._page.show_quality(quality)

    @Slot(object, str)
    def _on_quality_failed(self, key: _Key, sentence: str) -> None:
        if self._is_shown(key):
            self._page.show_quality(None, sentence)

    # ------------------------------------------------------------------ tables

    @Slot(object, str, str)
    def _preview(self, summary: SessionSummary, source: str, table: str) -> None:
        if source != RECORDS:
            self._read(Path(source), table)
            return
        key = _Key(summary.path, summary.session_id, summary.head, table)
        if (folder := self._looks.get(key)) is not None:
            self._read(folder, table)
            return
        self._page.detail.tables.show_progress(0.0, table)
        self._look.start(key, self._place(summary), table)

    @Slot(object, object)
    def _on_look(self, key: _Key, folder: Path) -> None:
        self._looks[key] = folder
        if self._is_shown(key) and self._page.detail.tables.wanted() == (RECORDS, key.table):
            self._read(folder, key.table)

    @Slot(object, str)
    def _on_look_failed(self, key: _Key, sentence: str) -> None:
        if self._page.detail.tables.wanted() == (RECORDS, key.table):
            self._page.detail.tables.show_words("The table could not be made", sentence)

    def _read(self, folder: Path, table: str) -> None:
        def read() -> tuple[Preview, int | None]:
            made = read_export_head(folder)
            path = tables_of(folder).get(table)
            return read_preview(path) if path is not None else Preview(), made.counts.get(table) if made else None

        def show(found: tuple[Preview, int | None]) -> None:
            if self._page.detail.tables.wanted()[1] == table:
                self._page.show_preview(*found)

        def failed(error: Exception) -> None:
            self._page.detail.tables.show_words("The table could not be read", str(error))

        self._tasks.run("read a table", read, show, failed)

    def _is_shown(self, key: _Key) -> bool:
        now = self._summary
        return now is not None and (now.path, now.session_id) == (key.path, key.session_id)

    def _place(self, summary: SessionSummary) -> list[str]:
        place = ["--data", str(self._settings.data_dir), "--experiment", summary.experiment_id]
        return [*place, "--session", summary.session_id, *(["--pilot"] if summary.pilot else [])]


def _of(summary: SessionSummary) -> _Key:
    return _Key(summary.path, summary.session_id, summary.head)
