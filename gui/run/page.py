"""The Run page: one session from its start to its end."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import QByteArray, QTimer, Signal, Slot
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from gui.models.opened_study import OpenedStudy
from gui.models.outcomes import OVER, is_complete
from gui.models.participants import is_here
from gui.models.stages import Step, attendance, missing_words, stage_of
from gui.run.action_desk import ActionDesk
from gui.run.dialogs import EndSessionDialog, ReleaseModeDialog, StartAnywayDialog
from gui.run.idle_panel import IdlePanel
from gui.run.own_plots import OwnPlots
from gui.run.page_head import RunHead
from gui.run.people_desk import PeopleDesk
from gui.run.running_panel import RunningPanel
from gui.runtime.server_state import Outcome, ServerState
from gui.widgets.basics import Button, Notice
from gui.widgets.empty_state import EmptyState
from gui.widgets.theme import Theme
from mug.protocol.lab import LabBatch, LabSnapshot, LogLine, SessionView

__all__ = ["RunPage"]

_NO_STUDY, _IDLE, _RUNNING = 0, 1, 2
_REPAINT_MS = 50
_OWN_PLOTS_PX = 190


class RunPage(QWidget):
    """The session as it runs.

    Attributes:
        head, idle, running: The parts of the page.
        desk: Opens the dialogs of actions, hands and notes.
        people_desk: Actions, notes, hands, and the panel of one participant.
        end_dialog, mode_dialog, start_dialog: The questions, while they are open.

    Signals:
        start_asked, new_session_asked, stop_asked: The buttons.
        step_asked: The `Step` to the next stage.
        end_session_asked: With the reason.
        unblind_asked: The treatments' names are to be shown, with the reason.
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
    step_asked = Signal(object)
    end_session_asked = Signal(str)
    unblind_asked = Signal(str)
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
        self._session: SessionView | None = None
        self.end_dialog: EndSessionDialog | None = None
        self.mode_dialog: ReleaseModeDialog | None = None
        self.start_dialog: StartAnywayDialog | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 14, 24, 10)
        layout.setSpacing(8)
        self.head = RunHead(theme)
        layout.addWidget(self.head)
        layout.addWidget(self._make_notice())
        self._stack = QStackedWidget()
        self._stack.addWidget(self._make_no_study())
        self.idle = IdlePanel(theme)
        self._stack.addWidget(self.idle)
        self.running = RunningPanel(theme)
        self._stack.addWidget(self.running)
        layout.addWidget(self._stack, 1)
        self._name_parts()
        self.desk = ActionDesk(theme, self.participants.model, self)
        self.people_desk = PeopleDesk(self.running, self.desk, self)
        self._join()
        self._repaint = QTimer(self)
        self._repaint.setObjectName("repaint")
        self._repaint.setInterval(_REPAINT_MS)
        self._own_plots = OwnPlots(theme, self.live.history, self.live.time)
        self._own_plots.setMinimumHeight(_OWN_PLOTS_PX)
        self.running.detail.set_telemetry(self._own_plots)
        self._repaint.timeout.connect(self._draw_own_plots)
        for draw in (self.people.show_due, self.live.draw_due, self.match_live.draw_due, self.people_desk.show_due):
            self._repaint.timeout.connect(draw)
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
        self.idle.show_places(data_dir, reach)

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
        self.people.replace_policies(snapshot.policies)
        self._show_match(self.match_live.match_id)
        self.live.show_participants(self.participants.model.rows())
        self.live.add(snapshot.telemetry)
        self.live.add_marks(snapshot.actions, snapshot.notes)
        self.live.add_health(snapshot.health)
        self.log.model.replace_all(snapshot.log)
        self.people_desk.take_snapshot(snapshot)
        self._show_counts(snapshot.counts)

    @Slot(object)
    def show_batch(self, batch: LabBatch) -> None:
        """Take up what changed."""
        if batch.session is not None:
            self._show_session(batch.session)
        if batch.matches:
            self.match_live.history.add(batch.matches, time.time())
        self.people.update_rows(batch.participants, batch.matches, batch.waitrooms)
        self.people.update_policies(batch.policies)
        if batch.participants:
            self.live.show_participants(self.participants.model.rows())
        self.live.add(batch.telemetry)
        self.live.add_marks(batch.actions, batch.notes)
        self.live.add_health(batch.health)
        self.log.model.append(batch.log)
        self.people_desk.take_batch(batch)
        self._show_counts(batch.counts)

    @property
    def session(self) -> SessionView | None:
        """The session that runs, or ran last."""
        return self._session

    @property
    def is_running(self) -> bool:
        """Whether the page shows a running session."""
        return self._stack.currentIndex() == _RUNNING

    def unfinished(self) -> int:
        """Return how many participants have begun and not finished."""
        return sum(view.state not in OVER for view in self.participants.model.rows())

    def present(self) -> int:
        """Return how many participants are here now."""
        return sum(map(is_here, self.participants.model.rows()))

    def restore(self, state_of: Callable[[str], QByteArray]) -> None:
        """Bring the arrangement back: of each part by its name; empty where there is none."""
        self.participants.restore(state_of("participants"), state_of("columns"))
        self.matches.restore(state_of("matches"))
        self.running.restore(*(state_of(name) for name in ("run", "live", "detail", "fold")))

    def arrangement(self) -> dict[str, QByteArray]:
        """Return the arrangement of each part: columns of both tables, splitters, what is folded away."""
        return {
            "participants": self.participants.arrangement(),
            "columns": self.participants.column_choice(),
            "matches": self.matches.arrangement(),
            **self.running.arrangement(),
        }

    # What the page asks

    def ask_next_step(self) -> None:
        """Ask for the next stage, as its button does."""
        if self.is_running:
            self.running.stage.ask_next()

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
        if self.is_running:
            self.people.show_waiting()
            self.people.waiting.let_all_go()

    # Inside

    def _name_parts(self) -> None:
        """What others, and the tests, ask the page for."""
        running = self.running
        self.start_stop, self.end_session = self.head.start_stop, self.head.end_session
        self.state, self.sentence = self.head.state, self.head.sentence
        self.people, self.address, self.log = running.people, running.address, running.log
        self.participants, self.matches = running.people.participants, running.people.matches
        self.live, self.match_live = running.live, running.match_live

    def _join(self) -> None:
        self.head.start_asked.connect(self.start_asked)
        self.head.stop_asked.connect(self.stop_asked)
        self.head.end_asked.connect(self.ask_end_session)
        self.idle.reach_asked.connect(self.reach_asked)
        self.idle.data_dir_asked.connect(self.data_dir_asked)
        for part in (self.head, self.running, self.desk, self.matches, self.people.policies):
            part.said.connect(self.said)
        self.running.stage.step_asked.connect(self._on_step_asked)
        self.running.treatments.unblind_asked.connect(self.unblind_asked)
        self.participants.chosen.connect(self.live.choose)
        self.live.participant_chosen.connect(self._on_plot_chosen)
        self.participants.let_in_asked.connect(self.let_in_asked)
        self.people.matches_changed.connect(self._on_matches_changed)
        self.people.waiting.release_asked.connect(self.release_asked)
        self.people.waiting.mode_asked.connect(self.ask_release_mode)
        self.matches.chosen.connect(self._show_match)

    @Slot(str)
    def _on_plot_chosen(self, participant_id: str) -> None:
        self.people_desk.show_participants([participant_id])

    @Slot()
    def _draw_own_plots(self) -> None:
        who = self.running.detail.participant_id
        view = self.participants.model.view_of(who) if who else None
        self._own_plots.show_participant(who, is_live=view is not None and is_here(view))
        self._own_plots.draw_due()

    def _forget(self) -> None:
        self._session = None
        self.people.waiting.show_session(None)
        self.live.clear()
        self.match_live.history.clear()
        self.people.replace_all((), ())
        self.people.replace_policies(())
        self.log.model.replace_all(())
        self.people_desk.forget()
        self._show_counts({})

    def _show_session(self, session: SessionView) -> None:
        self._session = session
        address = session.addresses[0] if session.addresses else ""
        is_local = "//127.0.0.1" in address or "//localhost" in address
        self.address.show_address(address, on_network=not is_local)
        self.people.show_address(address, on_network=not is_local)
        self.people.waiting.show_session(session)
        self.running.treatments.show_session(session)
        self.participants.model.show_session(session)
        self._refresh()

    def _show_counts(self, counts: dict[str, int]) -> None:
        rows = self.participants.model.rows()
        frames = max(counts.get("frames", 0), sum(view.frames_stored for view in rows))
        self.running.show_numbers(
            present=str(self.present()),
            playing=str(sum(view.phase == "playing" and is_here(view) for view in rows)),
            finished=str(sum(map(is_complete, rows))),
            frames=f"{frames:,}",
        )
        self._show_stage()

    def _show_stage(self) -> None:
        session = self._session
        if session is not None:
            is_open = self._outcome.state is ServerState.READY and self._outcome.link in {"", "connected"}
            found = attendance(session, self.participants.model.rows())
            self.running.stage.show_stage(stage_of(session), found, enabled=is_open)

    def _refresh(self) -> None:
        outcome, state = self._outcome, self._outcome.state
        title = self._opened.title if self._opened is not None else ""
        runs = state in {ServerState.STARTING, ServerState.READY, ServerState.STOPPING}
        if runs and outcome.study:
            title = outcome.study
        ended = self._session is not None and self._session.state == "ended" and state is ServerState.READY
        can_start = self._opened is not None and not self._opened.errors
        self.head.show_state(outcome, self._session, title, can_start=can_start, ended=ended)
        is_crashed = state is ServerState.CRASHED
        self.notice.say(outcome.sentence if is_crashed else "", "error", "error")
        self.new_session.setVisible(is_crashed and "--new-session" in outcome.sentence)
        self.show_log.setVisible(is_crashed and bool(outcome.log.strip()))
        if runs and state is not ServerState.STARTING and self._session is not None:
            self._stack.setCurrentIndex(_RUNNING)
        else:
            self._stack.setCurrentIndex(_NO_STUDY if self._opened is None and not runs else _IDLE)
        self.people.expect_matches(self._opened is not None and self._opened.plays_together)
        self.idle.show_study(self._opened)
        self._show_stage()

    @Slot(object)
    def _on_step_asked(self, step: Step) -> None:
        """Ask first, where everybody would begin although somebody is missing."""
        session = self._session
        if session is None:
            return
        missing = missing_words(attendance(session, self.participants.model.rows()))
        if step.stage != "running" or session.stage == "paused" or not missing:
            self.step_asked.emit(step)
            return
        self.start_dialog = StartAnywayDialog(self._theme, missing, self)
        self.start_dialog.confirmed.connect(lambda: self.step_asked.emit(step))
        self.start_dialog.open()

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

    def _make_notice(self) -> Notice:
        self.notice = Notice(self._theme, icon="error", tone="error")
        self.new_session = Button(self._theme, "Start a new session", "play", on_click=self.new_session_asked.emit)
        self.show_log = Button(self._theme, "Show log", "log", on_click=self._show_server_log)
        self.notice.add_button(self.show_log)
        self.notice.add_button(self.new_session)
        return self.notice

    def _make_no_study(self) -> QWidget:
        return EmptyState(
            self._theme,
            "run",
            "No study is open",
            "Open a study first. Then one press on Start makes it available to participants.",
            Button(self._theme, "Open a study", "folder-open", role="primary", on_click=self.open_study_asked.emit),
        )
