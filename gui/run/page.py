"""The Run page: start and stop, the address, the participants, live plots, the log."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import QByteArray, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QProgressBar, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from gui.models.match_history import MatchHistory
from gui.models.opened_study import OpenedStudy
from gui.models.outcomes import OVER, is_complete
from gui.models.participants import is_here
from gui.run.address_panel import AddressPanel
from gui.run.dialogs import EndSessionDialog, ReleaseModeDialog
from gui.run.live_view import LiveView
from gui.run.log_view import LogView
from gui.run.match_live import MatchLive
from gui.run.people_view import PeopleView
from gui.runtime.server_state import Outcome, ServerState
from gui.widgets.basics import Button, Notice, Pill, card, label
from gui.widgets.empty_state import EmptyState
from gui.widgets.theme import Theme
from mug.protocol.lab import LabBatch, LabSnapshot, LogLine, SessionView

__all__ = ["RunPage"]

_PILLS = {
    ServerState.STOPPED: ("stop", "neutral"),
    ServerState.STARTING: ("clock", "accent"),
    ServerState.READY: ("check-circle", "good"),
    ServerState.STOPPING: ("clock", "accent"),
    ServerState.CRASHED: ("error", "error"),
}
_NO_STUDY, _IDLE, _RUNNING = 0, 1, 2
_REPAINT_MS = 50
_LOG_PX = 150


class RunPage(QWidget):
    """The session as it runs.

    Signals:
        start_asked, new_session_asked, stop_asked: The buttons.
        end_session_asked: With the reason.
        let_in_asked: With the participant's id.
        release_asked: A `ReleaseWish`; `people.waiting.answered` is called with it.
        release_mode_asked: The mode, automatic or experimenter, and the reason.
        open_study_asked: There is none; go where one is opened.
        data_dir_asked, reach_asked: Change where records go, who can open the address.
        said: A short message for the window.

    Runs on: GUI thread.
    """

    start_asked = Signal()
    new_session_asked = Signal()
    stop_asked = Signal()
    end_session_asked = Signal(str)
    let_in_asked = Signal(str)
    release_asked = Signal(object)
    release_mode_asked = Signal(str, str)
    open_study_asked = Signal()
    data_dir_asked = Signal()
    reach_asked = Signal()
    said = Signal(str, str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("page")
        self._theme = theme
        self._opened: OpenedStudy | None = None
        self._outcome = Outcome()
        self._plots_state = QByteArray()
        self._session: SessionView | None = None
        self.end_dialog: EndSessionDialog | None = None
        self.mode_dialog: ReleaseModeDialog | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(28, 20, 28, 14)
        layout.setSpacing(12)
        layout.addLayout(self._make_head())
        self.notice = Notice(theme, icon="error", tone="error")
        self.new_session = Button(theme, "Start a new session", "play", on_click=self.new_session_asked.emit)
        self.show_log = Button(theme, "Show log", "log", on_click=self._show_server_log)
        self.notice.add_button(self.show_log)
        self.notice.add_button(self.new_session)
        layout.addWidget(self.notice)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._make_no_study())
        self._stack.addWidget(self._make_idle())
        self._stack.addWidget(self._make_running())
        layout.addWidget(self._stack, 1)
        self.participants.chosen.connect(self.live.choose)
        self.participants.let_in_asked.connect(self.let_in_asked)
        self.people.view_chosen.connect(self._on_view_chosen)
        self.people.matches_changed.connect(self._on_matches_changed)
        self.people.waiting.release_asked.connect(self.release_asked)
        self.people.waiting.mode_asked.connect(self.ask_release_mode)
        self.matches.chosen.connect(self._show_match)
        self.matches.said.connect(self.said)
        self._repaint = QTimer(self)
        self._repaint.setObjectName("repaint")
        self._repaint.setInterval(_REPAINT_MS)
        self._repaint.timeout.connect(self.people.show_due)
        self._repaint.timeout.connect(self.live.draw_due)
        self._repaint.timeout.connect(self.match_live.draw_due)
        self._repaint.start()
        self.show_outcome(self._outcome)

    # What the page is told

    @Slot(object)
    def show_study(self, opened: OpenedStudy) -> None:
        """Take the study that Start would start."""
        self._opened = opened
        self._refresh()

    def show_places(self, data_dir: Path, reach: str) -> None:
        """Show where records go, and who can open the address ("machine", "network", or not asked yet)."""
        self._data_dir.setText(str(data_dir))
        words = {"machine": "This machine only", "network": "The lab network"}
        self._reach.setText(words.get(reach, "Asked at the first start"))

    @Slot(object)
    def show_outcome(self, outcome: Outcome) -> None:
        """Show the server's state."""
        before = self._outcome.state
        self._outcome = outcome
        if outcome.state is ServerState.STARTING and before is not ServerState.STARTING:
            self._forget()
        self._refresh()

    @Slot(object)
    def show_snapshot(self, snapshot: LabSnapshot) -> None:
        """Replace everything by what the server sent on connect."""
        self.live.clear()
        is_same = self._session is not None and self._session.session_id == snapshot.session.session_id
        self._show_session(snapshot.session)
        history = self.match_live.history
        history.keep([view.match_id for view in snapshot.matches] if is_same else ())
        history.add(snapshot.matches, time.time())
        self.people.replace_all(snapshot.participants, snapshot.matches, snapshot.waitrooms)
        self._show_match(self.match_live.match_id)
        self.live.show_participants(self.participants.model.rows())
        self.live.add(snapshot.telemetry)
        self.live.add_marks(snapshot.actions, snapshot.notes)
        self.live.add_health(snapshot.health)
        self.log.model.replace_all(snapshot.log)
        self._show_counts(snapshot.counts)

    @Slot(object)
    def show_batch(self, batch: LabBatch) -> None:
        """Take up what changed."""
        if batch.session is not None:
            self._show_session(batch.session)
        if batch.matches:
            self.match_live.history.add(batch.matches, time.time())
        self.people.update_rows(batch.participants, batch.matches, batch.waitrooms)
        if batch.participants:
            self.live.show_participants(self.participants.model.rows())
        self.live.add(batch.telemetry)
        self.live.add_marks(batch.actions, batch.notes)
        self.live.add_health(batch.health)
        self.log.model.append(batch.log)
        self._show_counts(batch.counts)

    @property
    def session(self) -> SessionView | None:
        """The session that runs, or ran last."""
        return self._session

    def unfinished(self) -> int:
        """Return how many participants have begun and not finished."""
        return sum(view.state not in OVER for view in self.participants.model.rows())

    def present(self) -> int:
        """Return how many participants are here now."""
        return sum(map(is_here, self.participants.model.rows()))

    def restore(self, state_of: Callable[[str], QByteArray]) -> None:
        """Bring the arrangement back: of each part by its name; empty where there is none."""
        self.participants.restore(state_of("participants"))
        self.matches.restore(state_of("matches"))
        for name, split in (("run", self._main_split), ("live", self._lower_split)):
            state = state_of(name)
            if not state.isEmpty():
                split.restoreState(state)

    def arrangement(self) -> dict[str, QByteArray]:
        """Return the arrangement of each part: columns of both tables, main and lower splitter."""
        return {
            "participants": self.participants.arrangement(),
            "matches": self.matches.arrangement(),
            "run": self._plots_state if self._plots.isHidden() else self._main_split.saveState(),
            "live": self._lower_split.saveState(),
        }

    def ask_end_session(self) -> None:
        """Open the question whether to end the session."""
        self.end_dialog = EndSessionDialog(self._theme, self.unfinished(), self)
        self.end_dialog.confirmed.connect(self.end_session_asked)
        self.end_dialog.open()

    @Slot(str)
    def ask_release_mode(self, mode: str) -> None:
        """Open the question whether groups are let go otherwise from now on."""
        self.mode_dialog = ReleaseModeDialog(self._theme, mode, self.people.waiting.rooms.ready(), self)
        self.mode_dialog.confirmed.connect(self.release_mode_asked)
        self.mode_dialog.open()

    def let_groups_go(self) -> None:
        """Let all proposed groups go, and show the waiting rooms."""
        if self._stack.currentIndex() == _RUNNING:
            self.people.show_waiting()
            self.people.waiting.let_all_go()

    # Inside

    def _forget(self) -> None:
        self._session = None
        self.people.waiting.show_session(None)
        self.live.clear()
        self.match_live.history.clear()
        self.people.replace_all((), ())
        self.log.model.replace_all(())
        self._show_counts({})

    def _show_session(self, session: SessionView) -> None:
        self._session = session
        address = session.addresses[0] if session.addresses else ""
        is_local = "//127.0.0.1" in address or "//localhost" in address
        self.address.show_address(address, on_network=not is_local)
        self.people.show_address(address, on_network=not is_local)
        self.people.waiting.show_session(session)
        self._refresh()

    def _show_counts(self, counts: dict[str, int]) -> None:
        rows = self.participants.model.rows()
        self._numbers["present"].setText(str(self.present()))
        playing = sum(view.phase == "playing" and is_here(view) for view in rows)
        self._numbers["playing"].setText(str(playing))
        self._numbers["finished"].setText(str(sum(map(is_complete, rows))))
        frames = max(counts.get("frames", 0), sum(view.frames_stored for view in rows))
        self._numbers["frames"].setText(f"{frames:,}")

    def _refresh(self) -> None:
        outcome, state = self._outcome, self._outcome.state
        icon, tone = _PILLS[state]
        if state is ServerState.READY and outcome.link in {"gone", "refused"}:
            icon, tone = "clock", "warning"
        self.state.show_state(outcome.word, icon, tone)
        title = self._opened.title if self._opened is not None else ""
        if state in {ServerState.READY, ServerState.STOPPING, ServerState.STARTING} and outcome.study:
            title = outcome.study
        self._title.setText(title or "Run a session")
        ended = self._session is not None and self._session.state == "ended" and state is ServerState.READY
        sentence = (
            "The session has ended. Nobody can join it any more; its data can be exported."
            if ended
            else outcome.sentence
        )
        is_crashed = state is ServerState.CRASHED
        self.sentence.setText("" if is_crashed else sentence)
        self.sentence.setVisible(not is_crashed)
        self.notice.say(sentence if is_crashed else "", "error", "error")
        self.new_session.setVisible(is_crashed and "--new-session" in sentence)
        self.show_log.setVisible(is_crashed and bool(outcome.log.strip()))
        self.progress.setVisible(state in {ServerState.STARTING, ServerState.STOPPING})
        runs = state in {ServerState.STARTING, ServerState.READY, ServerState.STOPPING}
        if runs:
            self.start_stop.show_as("Stop", "stop", "plain")
        else:
            self.start_stop.show_as("Start session", "play", "primary")
        can_start = self._opened is not None and not self._opened.errors
        self.start_stop.setEnabled(can_start if not runs else state is not ServerState.STOPPING)
        self.start_stop.setToolTip("Stop the server (Ctrl+.)" if runs else "Start the session (Ctrl+R)")
        self.end_session.setVisible(state is ServerState.READY)
        self.end_session.setEnabled(not ended)
        self._blocked.setVisible(self._opened is not None and bool(self._opened.errors))
        if runs and state is not ServerState.STARTING and self._session is not None:
            self._stack.setCurrentIndex(_RUNNING)
        else:
            self._stack.setCurrentIndex(_NO_STUDY if self._opened is None and not runs else _IDLE)
        self.people.expect_matches(self._opened is not None and self._opened.plays_together)
        if self._opened is not None:
            self._study.setText(f"{self._opened.title}  ·  {self._opened.path}")

    @Slot(str)
    def _on_view_chosen(self, view: str) -> None:
        self._plots.setCurrentIndex(1 if view == "matches" else 0)
        self._give_room(view == "waiting")

    def _give_room(self, to_waiting: bool) -> None:
        """While who waits is in front, the plots give way: its buttons need the room, and the log stays in sight."""
        if to_waiting is self._plots.isHidden():
            return
        if to_waiting:
            self._plots_state = self._main_split.saveState()
            self._plots.hide()
            height = sum(self._main_split.sizes())
            self._main_split.setSizes([height - _LOG_PX, _LOG_PX])
        else:
            self._plots.show()
            self._main_split.restoreState(self._plots_state)

    @Slot(list)
    def _on_matches_changed(self, match_ids: list[str]) -> None:
        if self.match_live.match_id in match_ids:
            self._show_match(self.match_live.match_id)

    @Slot(str)
    def _show_match(self, match_id: str) -> None:
        model = self.matches.model
        self.match_live.show_match(model.view_of(match_id), model.number_of(match_id))

    def _show_server_log(self) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        self.log.show_line(LogLine(at=now, level="error", text=self._outcome.sentence, traceback=self._outcome.log))

    def _on_start_stop(self) -> None:
        if self._outcome.state in {ServerState.STARTING, ServerState.READY}:
            self.stop_asked.emit()
        else:
            self.start_asked.emit()

    def _make_head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setSpacing(10)
        texts = QVBoxLayout()
        texts.setSpacing(4)
        row = QHBoxLayout()
        row.setSpacing(12)
        self._title = label("", "title")
        row.addWidget(self._title)
        self.state = Pill(self._theme)
        row.addWidget(self.state)
        row.addStretch(1)
        texts.addLayout(row)
        self.sentence = label("", "muted", wrap=True)
        self.sentence.setAccessibleName("State of the server")
        texts.addWidget(self.sentence)
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.setTextVisible(False)
        self.progress.setMaximumWidth(280)
        self.progress.setAccessibleName("Working")
        texts.addWidget(self.progress)
        head.addLayout(texts, 1)
        self.end_session = Button(self._theme, "End session…", "end", role="danger", on_click=self.ask_end_session)
        head.addWidget(self.end_session, 0, Qt.AlignmentFlag.AlignTop)
        self.start_stop = Button(self._theme, "Start session", "play", role="primary", on_click=self._on_start_stop)
        head.addWidget(self.start_stop, 0, Qt.AlignmentFlag.AlignTop)
        return head

    def _make_no_study(self) -> QWidget:
        return EmptyState(
            self._theme,
            "run",
            "No study is open",
            "Open a study first. Then one press on Start makes it available to participants.",
            Button(self._theme, "Open a study", "folder-open", role="primary", on_click=self.open_study_asked.emit),
        )

    def _make_idle(self) -> QWidget:
        page = QWidget()
        outer = QVBoxLayout(page)
        outer.setContentsMargins(0, 8, 0, 0)
        outer.setSpacing(14)
        panel, layout = card(margins=22, spacing=14)
        panel.setMaximumWidth(860)
        layout.addWidget(label("What Start will do", "heading"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(20)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        self._study = label("", wrap=True, selectable=True)
        self._reach = label("")
        self._data_dir = label("", wrap=True, selectable=True)
        for row, (title, value) in enumerate(
            (("Study", self._study), ("Who can open it", self._reach), ("Data folder", self._data_dir))
        ):
            grid.addWidget(label(title, "muted"), row, 0)
            grid.addWidget(value, row, 1)
        grid.addWidget(
            Button(self._theme, "Change…", role="link", name="Change who can open it", on_click=self.reach_asked.emit),
            1,
            2,
        )
        grid.addWidget(
            Button(
                self._theme, "Change…", role="link", name="Change the data folder", on_click=self.data_dir_asked.emit
            ),
            2,
            2,
        )
        layout.addLayout(grid)
        outer.addWidget(panel)
        self._blocked = Notice(self._theme, icon="error", tone="error")
        self._blocked.say("The study has errors and cannot be started. The Design page lists them.", "error", "error")
        self._blocked.setMaximumWidth(860)
        outer.addWidget(self._blocked)
        hint = label(
            "An open session of the same study is resumed as it was: participants who were in the middle go on where "
            "they were.",
            "muted",
            wrap=True,
        )
        hint.setMaximumWidth(860)
        outer.addWidget(hint)
        outer.addStretch(1)
        return page

    def _make_running(self) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        strip = QHBoxLayout()
        strip.setSpacing(12)
        self.address = AddressPanel(self._theme)
        self.address.copied.connect(lambda _address: self.said.emit("Address copied", "copy"))
        strip.addWidget(self.address, 1)
        strip.addWidget(self._make_numbers())
        layout.addLayout(strip)
        self.people = PeopleView(self._theme)
        self.people.setMinimumHeight(120)
        self.participants, self.matches = self.people.participants, self.people.matches
        self.live = LiveView(self._theme)
        self.match_live = MatchLive(self._theme, MatchHistory())
        self._plots = QStackedWidget()
        self._plots.addWidget(self.live)
        self._plots.addWidget(self.match_live)
        self._plots.setMinimumSize(380, 200)
        self.log = LogView(self._theme)
        self.log.setMinimumWidth(300)
        self._lower_split = QSplitter(Qt.Orientation.Horizontal)
        self._lower_split.setChildrenCollapsible(False)
        self._lower_split.setHandleWidth(12)
        self._lower_split.addWidget(self._plots)
        self._lower_split.addWidget(self.log)
        self._lower_split.setStretchFactor(0, 3)
        self._lower_split.setStretchFactor(1, 2)
        self._lower_split.setSizes([600, 400])
        self._main_split = QSplitter(Qt.Orientation.Vertical)
        self._main_split.setChildrenCollapsible(False)
        self._main_split.setHandleWidth(12)
        self._main_split.addWidget(self.people)
        self._main_split.addWidget(self._lower_split)
        self._main_split.setStretchFactor(0, 2)
        self._main_split.setStretchFactor(1, 3)
        self._main_split.setSizes([220, 330])
        layout.addWidget(self._main_split, 1)
        return page

    def _make_numbers(self) -> QWidget:
        panel, inner = card(margins=8, spacing=0)
        row = QHBoxLayout()
        row.setContentsMargins(10, 0, 10, 0)
        row.setSpacing(18)
        inner.addLayout(row)
        self._numbers = {}
        for key, title, tip in (
            ("present", "Present", "Participants whose page is connected now"),
            ("playing", "Playing", "Participants who are in a game now"),
            ("finished", "Finished", "Participants who have come to the end"),
            ("frames", "Frames", "Frames on disk, of all participants. In a match each player records every frame."),
        ):
            column = QVBoxLayout()
            column.setSpacing(0)
            number = label("0", "number")
            number.setAccessibleName(title)
            self._numbers[key] = number
            column.addWidget(number)
            title_label = label(title, "small")
            for part in (number, title_label):
                part.setToolTip(tip)
            column.addWidget(title_label)
            row.addLayout(column)
        return panel
