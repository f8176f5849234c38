"""The Data page: the library of sessions, and what is in one of them."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QByteArray, Qt, Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from gui.data.detail_view import DetailView
from gui.data.export_dialog import ExportDialog
from gui.data.library_view import LibraryView
from gui.data.withdraw_dialog import WithdrawDialog
from gui.models.export_settings import ExportSettings
from gui.models.export_tables import Preview
from gui.models.made_exports import MadeExport
from gui.widgets.basics import Button, Elided, Notice, label
from gui.widgets.empty_state import EmptyState
from gui.widgets.theme import Theme
from mug.records.library import SessionSummary
from mug.records.quality_figures import PersonQuality, SessionQuality

__all__ = ["DataPage"]

_NOTES = 3
"""So many notes on an export are shown; all of them are in its manifest."""

_NAMES = "data-"
"""Before the names under which columns and splitters are kept."""


_DROP_TEXTS = "the option “Leave out free texts”"


class DataPage(QWidget):
    """The recorded sessions.

    Attributes:
        library: The list of sessions.
        detail: The selected session.
        notice: What happened last.
        settings_of: Experiment -> what its exports held last.
        place_of: Experiment -> where its exports go by themselves.
        export_dialog: The last dialog of options.
        withdraw_dialog: The last dialog of a withdrawal.

    Signals:
        refresh_asked: Read the data folder again.
        selected_changed: A `SessionSummary`, or None.
        export_asked: A `SessionSummary` and `ExportSettings`.
        cancel_asked: End the export that runs.
        open_folder_asked: A folder (str) to show.
        preview_asked: A `SessionSummary`, a source (a folder, or empty for the records) and a table.
        preview_cancelled: The table is not wanted any more.
        verify_asked: A `SessionSummary` and the folder of an export.
        withdraw_asked: A `SessionSummary`, the participant's id, how, and why.
        annotated: A `SessionSummary`, its tags (a tuple) and notes.
        replay_asked: A `SessionSummary` and the id of a match to show again.
        run_asked: Go to the Run page.

    Runs on: GUI thread.
    """

    refresh_asked = Signal()
    selected_changed = Signal(object)
    export_asked = Signal(object, object)
    cancel_asked = Signal()
    open_folder_asked = Signal(str)
    preview_asked = Signal(object, str, str)
    preview_cancelled = Signal()
    verify_asked = Signal(object, str)
    withdraw_asked = Signal(object, str, str, str)
    annotated = Signal(object, tuple, str)
    replay_asked = Signal(object, str)
    run_asked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("page")
        self._theme = theme
        self._folder = ""
        self._people: tuple[PersonQuality, ...] = ()
        self.settings_of: Callable[[str], ExportSettings] = lambda _experiment: ExportSettings()
        self.place_of: Callable[[str], str] = lambda _experiment: ""
        self.export_dialog: ExportDialog | None = None
        self.withdraw_dialog: WithdrawDialog | None = None
        self.library, self.detail = LibraryView(theme), DetailView(theme)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(28, 18, 28, 14)
        layout.setSpacing(10)
        layout.addLayout(self._make_head())
        self.notice = Notice(theme)
        self._open_folder = Button(theme, "Open folder", "folder-open", on_click=self._ask_open_folder)
        self.notice.add_button(self._open_folder)
        self.notice.add_button(
            Button(theme, "", "close", role="quiet", name="Close this message", on_click=lambda: self.notice.say(""))
        )
        layout.addWidget(self.notice)
        empty = EmptyState(
            theme,
            "data",
            "No sessions yet",
            "Every session that is run is recorded here by itself.",
            Button(theme, "Go to Run", "run", role="primary", on_click=self.run_asked.emit),
        )
        self.split = QSplitter(Qt.Orientation.Vertical)
        self.split.setChildrenCollapsible(False)
        self.split.setHandleWidth(14)
        self.split.addWidget(self.library)
        self.split.addWidget(self.detail)
        self.split.setStretchFactor(0, 2)
        self.split.setStretchFactor(1, 3)
        self.split.setSizes([230, 400])
        self.library.setMinimumHeight(110)
        self._stack = QStackedWidget()
        self._stack.addWidget(empty)
        self._stack.addWidget(self.split)
        layout.addWidget(self._stack, 1)
        self._join()

    @property
    def table(self) -> QWidget:
        """The list of sessions."""
        return self.library.table

    # What the page is told

    def show_data_dir(self, data_dir: Path) -> None:
        """Show which folder is read."""
        self._where.say(str(data_dir))

    def show_sessions(self, summaries: Sequence[SessionSummary]) -> None:
        """Show these sessions, the newest first."""
        self._stack.setCurrentIndex(1 if summaries else 0)
        for widget in (self.library.search, self.library.kinds):
            widget.setVisible(bool(summaries))
        self.library.show_sessions(summaries)

    def show_failure(self, sentence: str) -> None:
        """Say why something could not be done."""
        self._open_folder.hide()
        self.notice.say(sentence, "error", "error")

    def selected(self) -> SessionSummary | None:
        """Return the selected session."""
        return self.library.selected()

    def select(self, session_id: str) -> None:
        """Select a session."""
        self.library.select(session_id)

    @Slot()
    def ask_export(self) -> None:
        """Export the selected session as the last one of its experiment."""
        summary = self.selected()
        if summary is not None and not summary.problem:
            self.export_asked.emit(summary, self.settings_of(summary.experiment_id))

    @Slot()
    def ask_options(self) -> None:
        """Ask what the export of the selected session holds."""
        summary = self.selected()
        if summary is None or summary.problem:
            return
        dialog = ExportDialog(
            self._theme,
            summary.label or summary.session_id,
            self.settings_of(summary.experiment_id),
            [person.participant_id for person in self._people],
            self.place_of(summary.experiment_id),
            self,
            is_open=summary.state == "open",
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.confirmed.connect(lambda settings: self.export_asked.emit(summary, settings))
        dialog.destroyed.connect(self._on_export_dialog_gone)
        self.export_dialog = dialog
        dialog.open()

    def show_export_started(self, words: str) -> None:
        """Show that an export runs, and of what."""
        self.notice.say("")
        self.detail.show_exporting(words)

    def show_progress(self, share: float, text: str) -> None:
        """Show how far the export is."""
        self.detail.show_progress(share, text)

    def show_export_failed(self, sentence: str) -> None:
        """Say why there is no export."""
        self.detail.show_exporting("")
        self.show_failure(sentence)

    def show_export_done(
        self, folder: Path, problems: Sequence[str] = (), warnings: Sequence[str] = (), keys: str = ""
    ) -> None:
        """Show where the export is, what the records lacked, and what is to be thought of before it is shared."""
        self.detail.show_exporting("")
        self._folder = str(folder)
        self._open_folder.show()
        words = f"The export is complete: {folder}"
        if keys:
            words += f"\nThe key file, which is no part of it: {keys}"
        for title, notes in (("The records lacked something:", problems), ("Before you share it:", warnings)):
            if notes:
                shown = "\n".join(f"· {note.replace('--drop-texts', _DROP_TEXTS)}" for note in notes[:_NOTES])
                more = f"\n· and {len(notes) - _NOTES} more, in its manifest.json" if len(notes) > _NOTES else ""
                words += f"\n{title}\n{shown}{more}"
        self.notice.say(words, *(("warning", "warning") if problems or warnings else ("check-circle", "good")))

    def show_exports(self, exports: Sequence[MadeExport]) -> None:
        """List the exports of the selected session, and offer them for a look."""
        self.detail.exports.show_exports(exports)

    def show_quality(self, quality: SessionQuality | None, words: str = "") -> None:
        """Show how good the selected session's data are; None: not known, and why (`words`)."""
        self._people = tuple(quality.people) if quality is not None else ()
        self.detail.overview.show_quality(quality, words)
        self.detail.people.show_people(self._people, words)

    def show_preview(self, preview: Preview, count: int | None = None) -> None:
        """Show the head of a table that has `count` rows."""
        self.detail.tables.show_preview(preview, count)

    def show_withdrawn(self, words: str, left: Sequence[tuple[str, str]]) -> None:
        """Say that a withdrawal is done, and what is left to do by hand."""
        if self.withdraw_dialog is not None:
            self.withdraw_dialog.show_failure("")
            self.withdraw_dialog.accept()
        self._open_folder.hide()
        lines = [words, *(f"· {path}: {why}" for path, why in left)]
        lines.append("Copies elsewhere (backups, exports on other computers) are not reached: delete them yourself.")
        self.notice.say("\n".join(lines), "check-circle", "good")

    def show_withdrawal_failed(self, sentence: str) -> None:
        """Say why nobody was withdrawn."""
        if self.withdraw_dialog is not None:
            self.withdraw_dialog.show_failure(sentence)
        else:
            self.show_failure(sentence)

    def restore(self, state: Callable[[str], QByteArray]) -> None:
        """Bring columns and splitters back; `state` is asked by name."""
        self.library.restore(state(f"{_NAMES}library"))
        if not (sizes := state(f"{_NAMES}page")).isEmpty():
            self.split.restoreState(sizes)
        self.detail.restore(lambda name: state(f"{_NAMES}{name}"))

    def arrangement(self) -> dict[str, QByteArray]:
        """Return columns and splitters by name."""
        own = {"library": self.library.arrangement(), "page": self.split.saveState()} | self.detail.arrangement()
        return {f"{_NAMES}{name}": kept for name, kept in own.items()}

    # Inside

    def _make_head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setSpacing(10)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addWidget(label("Data", "title"))
        self._where = Elided("muted")
        texts.addWidget(self._where)
        head.addLayout(texts, 1)
        head.addWidget(self.library.kinds, 0, Qt.AlignmentFlag.AlignVCenter)
        head.addWidget(self.library.search, 1, Qt.AlignmentFlag.AlignVCenter)
        tip = "Read the data folder again (F5)"
        head.addWidget(Button(self._theme, "Refresh", "refresh", tip=tip, on_click=self.refresh_asked.emit))
        return head

    def _join(self) -> None:
        detail = self.detail
        self.library.selected_changed.connect(self._on_selected)
        detail.export_asked.connect(self.ask_export)
        detail.options_asked.connect(self.ask_options)
        detail.cancel_asked.connect(self.cancel_asked)
        detail.annotated.connect(self._on_annotated)
        detail.tables.preview_asked.connect(self._on_preview_asked)
        detail.tables.cancel_asked.connect(self.preview_cancelled)
        detail.exports.open_asked.connect(self.open_folder_asked)
        detail.exports.verify_asked.connect(self._on_verify_asked)
        detail.people.withdraw_asked.connect(self._on_withdraw_asked)
        detail.overview.replay_asked.connect(self._on_replay_asked)
        for keys, slot in (("Ctrl+F", self._on_find), ("Ctrl+Shift+E", self.ask_options)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.activated.connect(slot)

    @Slot()
    def _on_find(self) -> None:
        self.library.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.library.search.selectAll()

    @Slot()
    def _ask_open_folder(self) -> None:
        self.open_folder_asked.emit(self._folder)

    @Slot(object)
    def _on_selected(self, summary: SessionSummary | None) -> None:
        words = self.settings_of(summary.experiment_id).sentence if summary is not None else ""
        known = tuple({tag for session in self.library.sessions for tag in session.tags})
        self.detail.show_session(summary, words, known)
        self.selected_changed.emit(summary)

    @Slot(tuple, str)
    def _on_annotated(self, tags: tuple[str, ...], notes: str) -> None:
        if (summary := self.detail.session()) is not None:
            self.annotated.emit(summary, tags, notes)

    @Slot(str, str)
    def _on_preview_asked(self, source: str, table: str) -> None:
        if (summary := self.detail.session()) is not None:
            self.preview_asked.emit(summary, source, table)

    @Slot(str)
    def _on_verify_asked(self, folder: str) -> None:
        if (summary := self.detail.session()) is not None:
            self.verify_asked.emit(summary, folder)

    @Slot(str)
    def _on_replay_asked(self, match_id: str) -> None:
        if (summary := self.detail.session()) is not None:
            self.replay_asked.emit(summary, match_id)

    @Slot(object)
    def _on_withdraw_asked(self, person: PersonQuality) -> None:
        summary = self.detail.session()
        if summary is None:
            return
        dialog = WithdrawDialog(self._theme, person, summary.label or summary.session_id, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.confirmed.connect(
            lambda how, reason: self.withdraw_asked.emit(summary, person.participant_id, how, reason)
        )
        dialog.destroyed.connect(self._on_withdraw_dialog_gone)
        self.withdraw_dialog = dialog
        dialog.open()

    @Slot()
    def _on_export_dialog_gone(self) -> None:
        self.export_dialog = None

    @Slot()
    def _on_withdraw_dialog_gone(self) -> None:
        self.withdraw_dialog = None
