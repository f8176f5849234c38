"""The Data page's work: the library, exports, tags and notes; all beside the GUI thread."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QObject, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices

from gui.data.page import DataPage
from gui.models.export_settings import ExportSettings
from gui.models.made_exports import MadeExport, exports_of, read_export_head
from gui.runtime.export_process import ExportAnswer, ExportProcess, ExportRequest
from gui.runtime.records_work import VerifyProcess, WithdrawProcess
from gui.runtime.tasks import Tasks
from gui.shell.data_look import DataLook
from gui.shell.settings import LabSettings
from mug.records import experiment_dir, exports_dir
from mug.records.annotations import Annotation, annotate
from mug.records.export_place import remove_left_behind
from mug.records.library import SessionSummary, library
from mug.records.pseudonyms import anonymised_session

__all__ = ["DataFlow"]

_MADE_BEFORE = "an export that was made before: delete it, and export again"


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
        self._is_reading = self._is_due = False
        self._withdraw, self._verify = WithdrawProcess(self), VerifyProcess(self)
        self._look = DataLook(settings, tasks, page, self)
        self._withdrawn_from: SessionSummary | None = None
        self._exporting_into: Path | None = None
        self._shown: tuple[Path, str] | None = None
        self._verified: tuple[SessionSummary, Path] | None = None
        page.settings_of = self._settings_of
        page.place_of = lambda experiment: str(exports_dir(settings.data_dir, experiment))
        export.begun.connect(self._on_export_begun)
        export.progressed.connect(page.show_progress)
        export.failed.connect(self._on_export_failed)
        export.finished.connect(self._on_exported)
        export.waiting_changed.connect(self._on_waiting_changed)
        page.refresh_asked.connect(self.refresh)
        page.selected_changed.connect(self._on_selected)
        page.export_asked.connect(self._start_export)
        page.cancel_asked.connect(export.cancel)
        page.open_folder_asked.connect(self._open_folder)
        page.annotated.connect(self._annotate)
        page.verify_asked.connect(self._start_verify)
        page.withdraw_asked.connect(self._start_withdrawal)
        self._withdraw.progressed.connect(self._on_withdrawal_progressed)
        self._withdraw.finished.connect(self._on_withdrawn)
        self._withdraw.failed.connect(page.show_withdrawal_failed)
        self._verify.finished.connect(self._on_verified)

    def close(self) -> None:
        """End what was begun before the app goes."""
        self._page.detail.overview.save_notes()
        self._look.close()
        self._withdraw.close()
        self._verify.close()

    # ------------------------------------------------------------------ the library

    @Slot()
    def refresh(self) -> None:
        """Read the data folder again."""
        if self._is_reading:
            self._is_due = True
            return
        self._is_reading = True
        folder = self._settings.data_dir
        self._page.show_data_dir(folder)
        self._tasks.run("read the sessions", lambda: library(folder), self._on_read, self._on_read_failed)

    def _on_read(self, summaries: list[SessionSummary]) -> None:
        self._is_reading = False
        self._page.show_sessions(summaries)
        if self._is_due:
            self._is_due = False
            self.refresh()

    def _on_read_failed(self, error: Exception) -> None:
        self._is_reading = self._is_due = False
        self._page.show_failure(f"The sessions in {self._settings.data_dir} could not be read: {error}")

    @Slot(object)
    def _on_selected(self, summary: SessionSummary | None) -> None:
        now = (summary.path, summary.session_id) if summary is not None else None
        if now != self._shown:
            self._shown = now
            self._page.detail.exports.notice.say("")  # it is about an export of another session
        self._look.show_session(summary)
        if summary is not None and not summary.problem:
            self._list_exports(summary)

    def _list_exports(self, summary: SessionSummary) -> None:
        folder = self._settings.data_dir
        others = self._settings.export_places(summary.experiment_id)

        def show(found: list[MadeExport]) -> None:
            now = self._page.selected()
            if now is not None and (now.path, now.session_id) == (summary.path, summary.session_id):
                self._page.show_exports(found)
                self._look.show_exports(summary, found)

        def look() -> list[MadeExport]:
            return _exports_of_session(folder, others, summary)

        self._tasks.run("list the exports", look, show, lambda error: self._page.show_failure(str(error)))

    @Slot(object, tuple, str)
    def _annotate(self, summary: SessionSummary, tags: tuple[str, ...], notes: str) -> None:
        folder = self._settings.data_dir

        def write() -> None:
            annotate(folder, summary.experiment_id, summary.session_id, Annotation(tags, notes), pilot=summary.pilot)

        def failed(error: Exception) -> None:
            self._page.show_failure(_sentence(str(error)))
            self.refresh()

        self._tasks.run("write tags and notes", write, lambda _none: self.refresh(), failed)

    # ------------------------------------------------------------------ exports

    def _settings_of(self, experiment_id: str) -> ExportSettings:
        return ExportSettings.from_text(self._settings.export_settings(experiment_id))

    @Slot(object, object)
    def _start_export(self, summary: SessionSummary, settings: ExportSettings) -> None:
        self._settings.keep_export_settings(summary.experiment_id, settings.as_text())
        request = ExportRequest(
            self._settings.data_dir,
            summary.experiment_id,
            summary.session_id,
            pilot=summary.pilot,
            options=tuple(settings.arguments()),
            out=_folder_in(Path(settings.place).expanduser(), summary) if settings.place else None,
        )
        if not self._export.start(request):
            self.said.emit("This export runs already", "clock")

    @Slot(object)
    def _on_export_begun(self, request: ExportRequest) -> None:
        own = exports_dir(self._settings.data_dir, request.experiment_id)
        self._exporting_into = request.out.parent if request.out is not None else own
        self._page.show_export_started(f"Exporting {request.session_id}")

    @Slot(str)
    def _on_export_failed(self, sentence: str) -> None:
        """Say so, and remove what the export had made: a process that was ended could not do it itself."""
        self._page.show_export_failed(sentence)
        if (folder := self._exporting_into) is not None:
            self._tasks.run(
                "remove half an export", lambda: remove_left_behind(folder), lambda _none: None, lambda _error: None
            )

    @Slot(int)
    def _on_waiting_changed(self, number: int) -> None:
        if number:
            self.said.emit(f"{number} export{'s wait' if number > 1 else ' waits'} until this one is done", "clock")

    @Slot(object)
    def _on_exported(self, answer: ExportAnswer) -> None:
        folder = Path(answer.folder)
        if answer.request.out is not None:
            self._settings.remember_export(answer.request.experiment_id, folder)
        self._page.show_export_done(folder, answer.problems, answer.warnings, answer.keys)
        if (summary := self._page.selected()) is not None:
            self._list_exports(summary)
        self.said.emit("Export complete", "check")

    @Slot(str)
    def _open_folder(self, folder: str) -> None:
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(folder)):
            self.said.emit(f"The folder is {folder}", "folder")

    # ------------------------------------------------------------------ checks and withdrawals

    def _place_of(self, summary: SessionSummary) -> list[str]:
        place = ["--data", str(self._settings.data_dir), "--experiment", summary.experiment_id]
        return [*place, "--session", summary.session_id, *(["--pilot"] if summary.pilot else [])]

    @Slot(object, str)
    def _start_verify(self, summary: SessionSummary, folder: str) -> None:
        if self._verify.is_running:
            self.said.emit("A check runs already", "clock")
            return
        self._verified = summary, Path(folder)
        self._verify.start([*self._place_of(summary), "--export", folder])

    @Slot(bool, list)
    def _on_verified(self, is_good: bool, lines: list[str]) -> None:
        if self._verified is None:
            return
        summary, folder = self._verified
        if self._shown != (summary.path, summary.session_id):
            words = "nothing is wrong" if is_good else "it is not as it was exported: verify it again to read why"
            self.said.emit(f"{folder.name}: {words}", "check-circle" if is_good else "error")
            return
        notice = self._page.detail.exports.notice
        if is_good:
            notice.say(f"Nothing is wrong: {folder.name} is what the records give.", "check-circle", "good")
            notice.setToolTip(lines[-1])
        else:
            more = f"\n… and {len(lines) - 6} more lines" if len(lines) > 6 else ""
            notice.say("\n".join(lines[:6]) + more, "error", "error")

    @Slot(object, str, str, str)
    def _start_withdrawal(self, summary: SessionSummary, participant_id: str, how: str, reason: str) -> None:
        self._look.forget()
        if not self._withdraw.is_running:
            self._withdrawn_from = summary
        self._withdraw.start(self._place_of(summary), participant_id, how, reason)

    @Slot(float, str)
    def _on_withdrawal_progressed(self, fraction: float, text: str) -> None:
        if self._page.withdraw_dialog is not None:
            self._page.withdraw_dialog.show_progress(fraction, text)

    @Slot(dict, list)
    def _on_withdrawn(self, done: dict[str, object], left: list[tuple[str, str]]) -> None:
        words = "are removed" if done.get("how") == "removed" else "are anonymised"
        sentence = f"The data {words}. In the tables the participant is {done['done']} now."
        summary, folder = self._withdrawn_from, self._settings.data_dir
        others = self._settings.export_places(summary.experiment_id) if summary is not None else ()

        def look() -> list[MadeExport]:
            return _exports_of_session(folder, others, summary) if summary is not None else []

        def show(found: list[MadeExport]) -> None:
            known = {Path(path).resolve() for path, _ in left}
            more = [str(made.folder) for made in found if made.folder.resolve() not in known]
            self._page.show_withdrawn(sentence, [*left, *((path, _MADE_BEFORE) for path in more)])

        failed = f"{sentence} Exports that were made elsewhere could not be looked for: delete them yourself."
        self._tasks.run("look for earlier exports", look, show, lambda _error: self._page.show_withdrawn(failed, left))
        self.refresh()


def _exports_of_session(folder: Path, others: Iterable[str], summary: SessionSummary) -> list[MadeExport]:
    """Return a session's exports, the newest first: beside its records, and at the places that are remembered."""
    found = {made.folder: made for made in exports_of(folder, summary.experiment_id)}
    for place in others:
        if (made := read_export_head(Path(place))) is not None:
            found.setdefault(made.folder, made)
    keys = experiment_dir(folder, summary.experiment_id) / "keys"
    ids = (summary.session_id, anonymised_session(keys, summary.session_id))
    own = [made for made in found.values() if made.session_id in ids and made.pilot == summary.pilot]
    return sorted(own, key=lambda made: made.at, reverse=True)


def _folder_in(place: Path, summary: SessionSummary) -> Path:
    """Return a folder that is not there yet."""
    today = datetime.now().astimezone().strftime("%Y-%m-%d")
    name = f"{summary.experiment_id}_{summary.session_id}_{today}"
    folder, number = place / name, 2
    while folder.exists():
        folder = place / f"{name}_{number}"
        number += 1
    return folder


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:] + ("" if words.endswith(".") else ".")
