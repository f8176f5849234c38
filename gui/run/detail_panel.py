"""Everything of one participant, beside the table: path, events, answers, errors, notes, actions, parameters."""

from collections.abc import Callable, Iterable, Sequence

from PySide6.QtCore import QModelIndex, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from gui.models.detail_rows import (
    ROW_ROLE,
    DetailRow,
    DetailTable,
    answer_rows,
    done_rows,
    parameter_rows,
    path_rows,
    timeline_rows,
)
from gui.models.moments import clock_time
from gui.models.participants import look_of
from gui.run.log_view import LineDialog
from gui.widgets.basics import Button, Elided, Notice, Pill, Segments, label
from gui.widgets.theme import Theme
from gui.widgets.tips import breakable
from mug.protocol.lab import LogLine, ParticipantView
from mug.protocol.lab_console import ActionTarget, ActionView, DetailView, NoteView

__all__ = ["DetailPanel"]

_EVERY_MS = 2_000
_SETTLE_MS = 150
_LEAST_PX = 374
_USUAL_PX = 400
_QUESTION = 90
_LOW_PX = 540
"""Below this height the plots give way to what is listed."""
_PAGES: dict[str, tuple[str, tuple[str, ...], str]] = {
    "path": ("Path", ("Scene", "Since", "Took"), "The way through the study appears here."),
    "events": ("Events", ("Time", "What happened"), "Nothing has happened yet."),
    "answers": ("Answers", ("Question", "Answer"), "No question has been answered yet."),
    "done": ("Notes", ("Time", "Note or action", "State"), "No note, and nothing done yet (Ctrl+Shift+N)."),
    "more": ("More", ("Name", "Value"), "Nothing more is known."),
}
_WIDE_COLUMN = {"path": 0, "events": 1, "answers": 1, "done": 1, "more": 1}


class DetailPanel(QFrame):
    """The panel of one participant. It asks for its data when it is shown, when the row changes, and every 2 s.

    Attributes:
        participant_id: Whom it shows; empty: nobody.
        pages: The choice of what is listed.
        tables: The lists by their keys: path, events, answers, done (notes and actions), more.
        status: How old the data are, or why there are none.

    Signals:
        detail_asked: The id whose `DetailView` is wanted; `show_detail` or `show_no_detail` follows.
        action_asked: The key of an action for this participant, "note" or "hand".
        closed: It was closed.

    Runs on: GUI thread.
    """

    detail_asked = Signal(str)
    action_asked = Signal(str)
    closed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.setAccessibleName("Participant")
        self.setMinimumWidth(_LEAST_PX)
        self._theme = theme
        self.participant_id = ""
        self._view: ParticipantView | None = None
        self._detail: DetailView | None = None
        self._is_asking = False
        self._plots: QWidget | None = None
        self.dialog: LineDialog | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 10, 10, 10)
        layout.setSpacing(8)
        head = QHBoxLayout()
        head.setSpacing(8)
        self._title = Elided("heading")
        head.addWidget(self._title, 1)
        self._state = Pill(theme)
        head.addWidget(self._state)
        head.addWidget(
            Button(
                theme, "", "close", role="icon", name="Close the panel", tip="Close (Esc)", on_click=self.close_panel
            )
        )
        layout.addLayout(head)
        self._facts = Elided("small")
        layout.addWidget(self._facts)
        layout.addLayout(self._make_buttons())
        self._hand = Notice(theme, icon="hand", tone="accent")
        self._hand.add_button(
            Button(theme, "Answer…", "message", name="Answer the raised hand", on_click=self._asking("hand"))
        )
        layout.addWidget(self._hand)
        self._telemetry = QVBoxLayout()
        layout.addLayout(self._telemetry)
        self.pages = Segments([(key, page[0]) for key, page in _PAGES.items()], name="Shown of the participant")
        self.pages.chosen.connect(self._on_page_chosen)
        layout.addWidget(self.pages)
        self._stack = QStackedWidget()
        self.tables: dict[str, QTableView] = {}
        self._models: dict[str, DetailTable] = {}
        self._empty: dict[str, QWidget] = {}
        for key in _PAGES:
            self._stack.addWidget(self._make_page(key))
        layout.addWidget(self._stack, 1)
        self.status = Elided("small")
        layout.addWidget(self.status)
        self._timer = QTimer(self)
        self._timer.setObjectName("participant's details")
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self.ask)
        self._soon = QTimer(self)
        self._soon.setObjectName("participant's details, soon")
        self._soon.setSingleShot(True)
        self._soon.setInterval(_SETTLE_MS)
        self._soon.timeout.connect(self.ask)
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self)
        escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        escape.activated.connect(self.close_panel)
        theme.changed.connect(self._on_theme_changed)
        self.hide()

    @override
    def sizeHint(self) -> QSize:
        return QSize(_USUAL_PX, super().sizeHint().height())

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._plots is not None:
            self._plots.setVisible(self.height() >= _LOW_PX)

    def set_telemetry(self, widget: QWidget) -> None:
        """Put the participant's plots into the panel, above what is listed."""
        self._plots = widget
        self._telemetry.addWidget(widget)

    def open_for(self, view: ParticipantView) -> None:
        """Show a participant."""
        is_other = view.participant_id != self.participant_id
        self.participant_id = view.participant_id
        if is_other:
            self._detail = None
            self._is_asking = False
            self._show_detail()
            self.status.say("")
        self.show_row(view)
        self.show()
        self._timer.start()
        self.ask()

    def show_row(self, view: ParticipantView) -> None:
        """Take the participant's row; another one asks for the rest, too."""
        if view.participant_id != self.participant_id or view == self._view:
            return
        before, self._view = self._view, view
        look = look_of(view)
        tone = look.role if look.role in {"good", "warning", "error", "accent"} else "neutral"
        self._title.say(view.participant_id)
        if view.paused:
            self._state.show_state("Paused", "pause", "warning")
        else:
            self._state.show_state(look.word, look.icon, tone)
        browser = "" if view.browser == "unknown" else view.browser
        parts = [view.seat, f"joined {clock_time(view.joined_at)}" if view.joined_at else "", browser]
        self._facts.say("  ·  ".join(part for part in parts if part))
        self._hand.say(
            _shortened(view.hand or "Raises a hand, without words.") if view.hand is not None else "", "hand", "accent"
        )
        self._pause.show_as("Resume" if view.paused else "Pause", "play" if view.paused else "pause", "plain")
        moved = before is None or (before.visit_id, before.state, before.errors, before.frames_stored > 0) != (
            view.visit_id,
            view.state,
            view.errors,
            view.frames_stored > 0,
        )
        if moved and self.isVisible():
            self._soon.start()

    def show_known(self, done: Iterable[tuple[ActionView, ActionTarget]], notes: Iterable[NoteView]) -> None:
        """Take what the console knows by itself: actions and notes."""
        mine = [note for note in notes if note.participant_id == self.participant_id]
        self._fill("done", done_rows(done, mine))

    @Slot()
    def ask(self) -> None:
        """Ask for the details, if the last question was answered."""
        if self.participant_id and self.isVisible() and not self._is_asking:
            self._is_asking = True
            self.detail_asked.emit(self.participant_id)

    def show_detail(self, view: DetailView, at: str) -> None:
        """Take the answer; `at`: when it came."""
        if view.participant_id != self.participant_id:
            return
        self._is_asking = False
        self._detail = view
        self._show_detail()
        self.status.say(f"As of {clock_time(at)}")

    def show_no_detail(self, participant_id: str, sentence: str) -> None:
        """Say calmly why there are no details at the moment."""
        if participant_id == self.participant_id:
            self._is_asking = False
            self.status.say(f"Path, events and answers cannot be shown now: {sentence}")

    @Slot()
    def close_panel(self) -> None:
        """Close the panel."""
        if not self.isHidden():
            self._timer.stop()
            self.hide()
            self.participant_id = ""
            self._view = None
            self.closed.emit()

    # Inside

    def _show_detail(self) -> None:
        view = self._detail or DetailView(participant_id=self.participant_id)
        self._fill("path", path_rows(view.path))
        self._fill("events", timeline_rows(view))
        self._fill("answers", answer_rows(view))
        self._fill("more", parameter_rows(view))
        errors = sum(entry.level == "error" for entry in view.timeline)
        icon = self._theme.icon("error", "error") if errors else None
        self.pages.rename("events", "Events", icon)

    def _fill(self, key: str, rows: Sequence[DetailRow]) -> None:
        self._models[key].show(rows)
        self._empty[key].setVisible(not rows)
        self.tables[key].setVisible(bool(rows))

    def _make_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(6)
        self._pause = Button(self._theme, "Pause", "pause", on_click=self._on_pause)
        for button in (
            Button(self._theme, "Message", "message", on_click=self._asking("message")),
            self._pause,
            Button(self._theme, "Note", "note", tip="Note (Ctrl+Shift+N)", on_click=self._asking("note")),
        ):
            row.addWidget(button)
        row.addStretch(1)
        return row

    def _asking(self, key: str) -> Callable[[], None]:
        return lambda: self.action_asked.emit(key)

    def _on_pause(self) -> None:
        self.action_asked.emit("resume" if self._view is not None and self._view.paused else "pause")

    def _make_page(self, key: str) -> QWidget:
        title, columns, nothing = _PAGES[key]
        host = QWidget()
        layout = QVBoxLayout(host)
        layout.setContentsMargins(0, 0, 0, 0)
        empty = label(nothing, "muted", wrap=True)
        empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout.addWidget(empty, 1)
        model = DetailTable(self._theme.icon, self._theme.colour, columns, self)
        table = QTableView()
        table.setObjectName("log")
        table.setModel(model)
        table.setAccessibleName(f"{title} of the participant")
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(28)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(_WIDE_COLUMN[key], QHeaderView.ResizeMode.Stretch)
        table.activated.connect(self._on_activated)
        enter = QShortcut(QKeySequence(Qt.Key.Key_Return), table)
        enter.setContext(Qt.ShortcutContext.WidgetShortcut)
        enter.activated.connect(lambda: self._on_activated(table.currentIndex()))
        table.hide()
        layout.addWidget(table, 3)
        self.tables[key], self._models[key], self._empty[key] = table, model, empty
        return host

    @Slot(str)
    def _on_page_chosen(self, key: str) -> None:
        self._stack.setCurrentIndex(list(_PAGES).index(key))

    @Slot(QModelIndex)
    def _on_activated(self, index: QModelIndex) -> None:
        row = index.data(ROW_ROLE)
        if isinstance(row, DetailRow):
            line = LogLine(at="", level=row.tone, text=row.whole or " ".join(row.texts), traceback=row.more)
            self.dialog = LineDialog(self._theme, line, self)
            self.dialog.setWindowTitle(self.participant_id)
            self.dialog.open()

    @Slot()
    def _on_theme_changed(self) -> None:
        for model in self._models.values():
            model.recolour()
        self._show_detail()


def _shortened(question: str) -> str:
    """What fits beside the button; the whole of it stands where it is answered."""
    words = " ".join(question.split())
    return breakable(words if len(words) <= _QUESTION else f"{words[: _QUESTION - 1]}…")
