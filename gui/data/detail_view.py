"""One session: its export, its tags, and what is in it, in tabs."""

from collections.abc import Callable

from PySide6.QtCore import QByteArray, Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QTabWidget, QVBoxLayout, QWidget

from gui.data.exports_tab import ExportsTab
from gui.data.overview_tab import OverviewTab
from gui.data.participants_tab import ParticipantsTab
from gui.data.tables_tab import TablesTab
from gui.data.tag_row import TagRow
from gui.models.moments import day_and_time
from gui.widgets.basics import Button, Elided, Pill, label
from gui.widgets.theme import Theme
from mug.records.library import SessionSummary

__all__ = ["DetailView"]


class DetailView(QWidget):
    """The selected session.

    Attributes:
        export: Exports it with the last settings.
        options: Asks what the export holds.
        tags: Its tags.
        tabs: Overview, tables, exports, participants.

    Signals:
        export_asked: With the last settings.
        options_asked: With others.
        cancel_asked: End the export that runs.
        annotated: Tags (a tuple) and notes, after one of them was changed.

    Runs on: GUI thread.
    """

    export_asked = Signal()
    options_asked = Signal()
    cancel_asked = Signal()
    annotated = Signal(tuple, str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._summary: SessionSummary | None = None
        self._exporting = ""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        head = QHBoxLayout()
        head.setSpacing(8)
        texts = QVBoxLayout()
        texts.setSpacing(0)
        line = QHBoxLayout()
        line.setSpacing(10)
        self.title = label("", "heading", selectable=True)
        self.pilot = Pill(theme, "Pilot", "preview", "accent")
        line.addWidget(self.title)
        line.addWidget(self.pilot)
        line.addStretch(1)
        texts.addLayout(line)
        self.about = Elided("muted")
        texts.addWidget(self.about)
        head.addLayout(texts, 1)
        self.options = Button(
            theme,
            "Export options…",
            "settings",
            tip="Choose tables, formats, participants (Ctrl+Shift+E)",
            on_click=self.options_asked.emit,
        )
        self.export = Button(
            theme,
            "Export",
            "export",
            role="primary",
            tip="Export the session (Ctrl+E)",
            on_click=self.export_asked.emit,
        )
        self.export.setAccessibleName("Export the selected session")
        head.addWidget(self.options, 0, Qt.AlignmentFlag.AlignVCenter)
        head.addWidget(self.export, 0, Qt.AlignmentFlag.AlignVCenter)
        layout.addLayout(head)
        self.work = QWidget()
        work = QHBoxLayout(self.work)
        work.setContentsMargins(0, 0, 0, 0)
        work.setSpacing(10)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("Progress of the export")
        self.progress_text = Elided("small")
        self.cancel = Button(theme, "Cancel", name="Cancel the export", on_click=self.cancel_asked.emit)
        work.addWidget(self.progress, 1)
        work.addWidget(self.progress_text, 1)
        work.addWidget(self.cancel)
        layout.addWidget(self.work)
        self.tags = TagRow(theme)
        layout.addWidget(self.tags)
        self.overview, self.tables = OverviewTab(theme), TablesTab(theme)
        self.exports, self.people = ExportsTab(theme), ParticipantsTab(theme)
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName("About the session")
        for tab, name in (
            (self.overview, "Overview"),
            (self.tables, "Tables"),
            (self.exports, "Exports"),
            (self.people, "Participants"),
        ):
            self.tabs.addTab(tab, name)
        self.tabs.currentChanged.connect(self._on_tab_changed)
        layout.addWidget(self.tabs, 1)
        self.tags.changed.connect(self._on_tags_changed)
        self.overview.notes_changed.connect(self._on_notes_changed)
        self.exports.export_asked.connect(self.export_asked)
        self.show_session(None, "")

    def show_session(self, summary: SessionSummary | None, settings: str, known_tags: tuple[str, ...] = ()) -> None:
        """Show a session; `settings`: in words, what its export would hold."""
        same = summary is not None and self._summary is not None and _key(summary) == _key(self._summary)
        if not same:
            self.overview.save_notes()
        self._summary = summary
        self.setVisible(summary is not None)
        self.title.setText(
            (summary.label or summary.session_id or "Unreadable") if summary is not None else "No session"
        )
        self.pilot.setVisible(summary is not None and summary.pilot)
        self.about.say(_about(summary) if summary is not None else "Select a session.")
        self.export.setToolTip(f"Export the session: {settings} (Ctrl+E)")
        self.tags.show_tags(summary.tags if summary is not None else (), known_tags)
        self.overview.show_notes(summary.notes if summary is not None else "")
        self._show_buttons()

    def session(self) -> SessionSummary | None:
        """Return the session that is shown."""
        return self._summary

    def show_exporting(self, words: str) -> None:
        """Show that an export runs, and which; empty: none."""
        self._exporting = words
        self.progress.setRange(0, 0)
        self.progress_text.say(words)
        self._show_buttons()

    def show_progress(self, share: float, text: str) -> None:
        """Show how far the export is."""
        self.progress.setRange(0, 1000)
        self.progress.setValue(round(1000 * share))
        self.progress_text.say(f"{self._exporting} · {text}" if text else self._exporting)

    def restore(self, state: Callable[[str], QByteArray]) -> None:
        """Bring columns and splitters back."""
        for tab in (self.overview, self.exports, self.people):
            tab.restore(state)

    def arrangement(self) -> dict[str, QByteArray]:
        """Return columns and splitters."""
        return self.overview.arrangement() | self.exports.arrangement() | self.people.arrangement()

    def _show_buttons(self) -> None:
        can = self._summary is not None and not self._summary.problem
        self.export.setEnabled(can)
        self.options.setEnabled(can)
        self.tabs.setEnabled(can)
        self.tags.setEnabled(can)
        self.work.setVisible(bool(self._exporting))

    @Slot(tuple)
    def _on_tags_changed(self, tags: tuple[str, ...]) -> None:
        self.annotated.emit(tags, self.overview.notes.toPlainText())

    @Slot(str)
    def _on_notes_changed(self, notes: str) -> None:
        self.annotated.emit(self.tags.tags(), notes)

    @Slot(int)
    def _on_tab_changed(self, _place: int) -> None:
        if self.tabs.currentWidget() is self.tables:
            self.tables.appear()
        else:
            self.tables.disappear()


def _key(summary: SessionSummary) -> tuple[object, ...]:
    return summary.path, summary.session_id


def _about(summary: SessionSummary) -> str:
    if summary.problem:
        return summary.problem
    state = "open: records until now" if summary.state == "open" else f"ended {day_and_time(summary.ended_at)}"
    parts = [summary.experiment_id, summary.session_id] if summary.label else [summary.experiment_id]
    return " · ".join([*parts, f"started {day_and_time(summary.started_at)}", state])
