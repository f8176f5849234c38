"""The quality of a session's data, match by match, and the experimenter's notes."""

from collections.abc import Callable

from PySide6.QtCore import QByteArray, QItemSelection, QModelIndex, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gui.models.columns import SortedTable
from gui.models.quality_rows import MATCH_ROLE, VERDICTS, QualityModel, share
from gui.widgets.basics import Button, Pill, label
from gui.widgets.record_table import RecordTable
from gui.widgets.theme import Theme
from mug.records.quality_figures import MatchQuality, SessionQuality

__all__ = ["OverviewTab"]

_WIDTHS = (84, 118, 96, 120, 74, 76, 66, 60, 82, 68, 96, 72, 92, 120)
_SAVE_MS = 700
_FIGURES: tuple[tuple[str, str, str, Callable[[SessionQuality], str]], ...] = (
    ("people", "Complete", "Who came to the end, of all who joined", lambda q: f"{q.complete:,} of {q.participants:,}"),
    ("lost", "Lost", "Participants who dropped out", lambda q: f"{q.dropouts:,}"),
    ("excluded", "Excluded", "Participants who were excluded", lambda q: f"{q.exclusions:,}"),
    ("frames", "Frames", "Recorded frames of all games", lambda q: f"{q.frames:,}"),
    ("missing", "Missing", "Frames that nobody recorded", lambda q: f"{q.missing_frames:,}"),
    ("desyncs", "Desyncs", "States that were not the same on the players' computers", lambda q: f"{q.desyncs:,}"),
    (
        "rollback",
        "Rollback",
        "Steps made again with a partner's true input, of all steps",
        lambda q: share(q.rollback_share),
    ),
    ("stalls", "Stalls", "Share of the time in which a game stood still for a partner", lambda q: share(q.stall_share)),
    ("focus", "Unfocused", "Share of the time in which the page was not in front", lambda q: share(q.unfocused_share)),
    (
        "ping",
        "Ping (95 %)",
        "Round trip to the server: the median, and what 95 % of them are below",
        lambda q: "–" if q.ping_p95_ms is None else f"{q.ping_median_ms:.0f} ({q.ping_p95_ms:.0f}) ms",
    ),
)


class OverviewTab(QWidget):
    """What is to be known of a session before its data are used.

    Attributes:
        model: The matches.
        table: Their view.
        figures: The session's figures, by their keys.
        replay: Shows the selected match again.
        notes: The experimenter's.

    Signals:
        replay_asked: The id of a match.
        notes_changed: The notes, some time after they were changed.

    Runs on: GUI thread.
    """

    replay_asked = Signal(str)
    notes_changed = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 12, 14, 12)
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.setChildrenCollapsible(False)
        self.split.setHandleWidth(14)
        layout.addWidget(self.split)
        self.split.addWidget(self._make_quality(theme))
        self.split.addWidget(self._make_notes())
        self.split.setStretchFactor(0, 1)
        self.split.setSizes([640, 200])
        self._saving = QTimer(self)
        self._saving.setObjectName("saving of notes")
        self._saving.setSingleShot(True)
        self._saving.setInterval(_SAVE_MS)
        self._saving.timeout.connect(self.save_notes)
        self._kept = ""
        self.show_quality(None)

    def show_quality(self, quality: SessionQuality | None, words: str = "") -> None:
        """Show what was found; None: nothing yet, and why (`words`)."""
        verdict = VERDICTS[quality.verdict] if quality is not None else ("", "clock", "muted")
        self.verdict.setVisible(quality is not None)
        self.verdict.show_state(*verdict)
        reasons = " ".join(quality.reasons) if quality is not None else words
        self.reasons.setText(reasons or "Nothing is to be said against these data.")
        self.reasons.setToolTip("\n".join((*quality.reasons, *quality.problems[:20])) if quality is not None else "")
        for key, _title, _tip, text in _FIGURES:
            self.figures[key].setText(text(quality) if quality is not None else "–")
        chosen = self._selected()
        self.model.show(quality.matches if quality is not None else ())
        self._stack.setCurrentWidget(self.table if quality is None or quality.matches else self._no_matches)
        if chosen is not None:
            self._select(chosen.match_id)
        self._show_buttons()

    def show_notes(self, notes: str) -> None:
        """Show the notes of another session, or what was saved."""
        if notes != self._kept or notes != self.notes.toPlainText():
            self._kept = notes
            self.notes.blockSignals(True)
            self.notes.setPlainText(notes)
            self.notes.blockSignals(False)

    @Slot()
    def save_notes(self) -> None:
        """Tell of notes that were not told yet."""
        self._saving.stop()
        if self.notes.toPlainText() != self._kept:
            self._kept = self.notes.toPlainText()
            self.notes_changed.emit(self._kept)

    def restore(self, state: Callable[[str], QByteArray]) -> None:
        """Bring columns and the splitter back."""
        if not (columns := state("quality")).isEmpty():
            self.table.horizontalHeader().restoreState(columns)
        if not (sizes := state("overview")).isEmpty():
            self.split.restoreState(sizes)

    def arrangement(self) -> dict[str, QByteArray]:
        """Return the columns and the splitter."""
        return {"quality": self.table.horizontalHeader().saveState(), "overview": self.split.saveState()}

    def _make_quality(self, theme: Theme) -> QWidget:
        panel = QWidget()
        layout = QVBoxLayout(panel)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        head = QHBoxLayout()
        head.setSpacing(10)
        self.verdict = Pill(theme)
        self.reasons = label("", "muted", wrap=True)
        self.replay = Button(theme, "Replay…", "play", tip="Show the selected match again", on_click=self._ask_replay)
        head.addWidget(self.verdict, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self.reasons, 1)
        head.addWidget(self.replay, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(head)
        grid = QGridLayout()
        grid.setHorizontalSpacing(13)
        grid.setVerticalSpacing(0)
        self.figures: dict[str, QLabel] = {}
        for place, (key, title, tip, _text) in enumerate(_FIGURES):
            number, caption = label("–"), label(title, "small")
            number.setAccessibleName(title)
            number.setAccessibleDescription(tip)
            for part in (caption, number):
                part.setToolTip(tip)
            self.figures[key] = number
            grid.addWidget(caption, 0, place)
            grid.addWidget(number, 1, place)
        grid.setColumnStretch(len(_FIGURES), 1)
        layout.addLayout(grid)
        self.model = QualityModel(theme.icon, theme.colour, self)
        self._sorted = SortedTable(self.model, self)
        self.table = RecordTable("Matches of the session", row_px=30, least_column_px=52, many=False)
        self.table.setModel(self._sorted)
        self.table.sort_by(0, Qt.SortOrder.AscendingOrder)
        for section, width in enumerate(_WIDTHS):
            self.table.setColumnWidth(section, width)
        self.table.selectionModel().selectionChanged.connect(self._on_selection_changed)
        self.table.activated.connect(self._on_activated)
        theme.changed.connect(self.model.recolour)
        self._no_matches = label("No game was played in this session.", "muted")
        self._no_matches.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.table)
        self._stack.addWidget(self._no_matches)
        layout.addWidget(self._stack, 1)
        return panel

    def _make_notes(self) -> QWidget:
        panel = QWidget()
        layout = QVBoxLayout(panel)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(label("Notes", "small"))
        self.notes = QPlainTextEdit()
        self.notes.setAccessibleName("Notes on the session")
        self.notes.setPlaceholderText("What is to be remembered of this session")
        self.notes.setTabChangesFocus(True)
        self.notes.textChanged.connect(self._on_notes_edited)
        layout.addWidget(self.notes, 1)
        return panel

    def _selected(self) -> MatchQuality | None:
        rows = self.table.selectionModel().selectedRows()
        match = rows[0].data(MATCH_ROLE) if rows else None
        return match if isinstance(match, MatchQuality) else None

    def _select(self, match_id: str) -> None:
        for row in range(self._sorted.rowCount()):
            match = self._sorted.index(row, 0).data(MATCH_ROLE)
            if isinstance(match, MatchQuality) and match.match_id == match_id:
                self.table.selectRow(row)

    def _show_buttons(self) -> None:
        match = self._selected()
        self.replay.setEnabled(match is not None and match.ended and match.frames > 0)

    @Slot()
    def _ask_replay(self) -> None:
        match = self._selected()
        if match is not None and self.replay.isEnabled():
            self.replay_asked.emit(match.match_id)

    @Slot(QItemSelection, QItemSelection)
    def _on_selection_changed(self, _new: QItemSelection, _old: QItemSelection) -> None:
        self._show_buttons()

    @Slot(QModelIndex)
    def _on_activated(self, _index: QModelIndex) -> None:
        self._ask_replay()

    @Slot()
    def _on_notes_edited(self) -> None:
        self._saving.start()
