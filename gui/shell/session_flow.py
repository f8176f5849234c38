"""How a session goes from the window's side: the questions before the start, the stop, the end."""

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, Signal, Slot

from gui.models.opened_study import OpenedStudy
from gui.models.session_wish import SessionWish, next_label
from gui.models.stages import Step
from gui.models.waiting import ReleaseWish
from gui.run.dialogs import ReachDialog
from gui.run.page import RunPage
from gui.run.session_dialog import NewSessionDialog, ResumeDialog
from gui.runtime.lab_bridge import LabBridge
from gui.runtime.open_sessions import OpenSession
from gui.runtime.server_control import ServerControl, StartRequest
from gui.runtime.server_state import Outcome, ServerState
from gui.shell.close_questions import CloseQuestion, UndeliveredQuestion
from gui.shell.settings import LabSettings
from gui.widgets.theme import Theme

__all__ = ["SessionFlow"]

_HOSTS = {"machine": "127.0.0.1", "network": "0.0.0.0"}


class SessionFlow(QObject):
    """Joins the Run page with the server.

    Attributes:
        reach_dialog: The question who can open the address, while it is open.
        new_session_dialog: The questions about a new session, while they are open.
        resume_dialog: The question whether an open session goes on, while it is open.
        desks: The desks of the room, where they are known: proposed as a new session's seats.
        close_question: The question before the app closes, while it is open.
        undelivered_question: The question whether what no server got may be lost, while it is open.
        undelivered: Tells what the server has not got yet, one line each.
        may_start: Asked before a session starts: takes the function that starts it, answers whether it may at once.

    Signals:
        said: A short message and its icon.
        session_stopped: The server has ended: there may be new data.

    Runs on: GUI thread.
    """

    said = Signal(str, str)
    session_stopped = Signal()

    def __init__(
        self, theme: Theme, settings: LabSettings, control: ServerControl, bridge: LabBridge, page: RunPage
    ) -> None:
        super().__init__(page)
        self._theme, self._settings, self._control, self._page = theme, settings, control, page
        self._opened: OpenedStudy | None = None
        self._after_stop: Callable[[], object] | None = None
        self._last = control.outcome.state
        self._is_looking = False
        self.reach_dialog: ReachDialog | None = None
        self.new_session_dialog: NewSessionDialog | None = None
        self.resume_dialog: ResumeDialog | None = None
        self.desks: tuple[str, ...] = ()
        self.close_question: CloseQuestion | None = None
        self.undelivered_question: UndeliveredQuestion | None = None
        self.undelivered: Callable[[], Sequence[str]] = tuple
        self.may_start: Callable[[Callable[[], object]], bool] = lambda _start: True
        control.outcome_changed.connect(page.show_outcome)
        control.outcome_changed.connect(self._on_outcome)
        bridge.snapshot_received.connect(page.show_snapshot)
        bridge.batch_received.connect(page.show_batch)
        page.start_asked.connect(self.start)
        page.new_session_asked.connect(self.start_new)
        page.stop_asked.connect(control.stop)
        page.step_asked.connect(self._set_stage)
        page.end_session_asked.connect(self._end_session)
        page.unblind_asked.connect(self._unblind)
        page.let_in_asked.connect(self._let_in)
        page.release_asked.connect(self._release)
        page.release_mode_asked.connect(self._set_release)
        page.reach_asked.connect(self._change_reach)
        page.said.connect(self.said)
        self.show_places()

    @Slot(object)
    def take_study(self, opened: OpenedStudy) -> None:
        """Take the study that the next start is for."""
        self._opened = opened
        self._page.show_study(opened)

    def show_places(self) -> None:
        """Show the data folder and the reach anew."""
        self._page.show_places(self._settings.data_dir, self._settings.reach)

    def find_running(self) -> None:
        """Look for a server that was left running."""
        self._control.find_again(self._settings.data_dir)

    @Slot()
    def start(self) -> None:
        """Start the session; the first time, ask who can open it."""
        self._ask_start(new_session=False)

    def may_close(self, close: Callable[[], object]) -> bool:
        """Say whether the app may close at once; else ask, and call `close` when it may."""
        if self.close_question is not None or self.undelivered_question is not None:
            return False
        state = self._control.outcome.state
        if state is ServerState.READY:
            self._ask(close)
        elif waiting := self.undelivered():
            self._ask_undelivered(waiting, close)
        elif state in {ServerState.STOPPED, ServerState.CRASHED}:
            return True
        else:
            self._close_after_stop(close)
        return False

    def leave_everything(self) -> None:
        """Let go of a server without asking: the app is being taken down."""
        self._control.leave_running()

    def _ask(self, close: Callable[[], object]) -> None:
        question = CloseQuestion(self._page.present(), self._page.window(), self.undelivered())
        self.close_question = question

        def answer() -> None:
            clicked = question.clickedButton()
            self.close_question = None
            question.deleteLater()
            if clicked is not None and clicked is question.leave:
                self._control.leave_running()
                close()
            elif clicked is question.stop and self._control.outcome.state is ServerState.READY:
                self._stop_then(close)
            elif clicked is question.stop:  # it ended by itself meanwhile
                self._close_after_stop(close)

        question.finished.connect(lambda _result: answer())
        question.open()

    def _ask_undelivered(self, waiting: Sequence[str], close: Callable[[], object]) -> None:
        question = UndeliveredQuestion(waiting, self._page.window())
        self.undelivered_question = question

        def answer() -> None:
            clicked = question.clickedButton()
            self.undelivered_question = None
            question.deleteLater()
            if clicked is not None and clicked is question.leave:
                self._close_after_stop(close)

        question.finished.connect(lambda _result: answer())
        question.open()

    def _close_after_stop(self, close: Callable[[], object]) -> None:
        """Close as soon as no server runs that nobody was asked about."""
        match self._control.outcome.state:
            case ServerState.STOPPED | ServerState.CRASHED:
                close()
            case ServerState.STOPPING:
                self._after_stop = close
            case ServerState.STARTING:
                self._stop_then(close)
            case ServerState.READY:
                self._ask(close)

    def _stop_then(self, then: Callable[[], object]) -> None:
        self._after_stop = then
        self._control.stop()

    def _start(self, *, new_session: bool) -> None:
        opened = self._opened
        if opened is None or opened.errors or self._control.is_running or self._is_asking():
            return
        if not self._settings.reach:
            self._ask_reach(lambda: self._start(new_session=new_session))
        elif new_session:
            self._ask_new(opened, new_session=True)
        elif not self._is_looking:
            self._is_looking = True
            self._control.look_for_open(self._settings.data_dir, str(opened.study.id), self._on_looked(opened))

    def _is_asking(self) -> bool:
        return self.new_session_dialog is not None or self.resume_dialog is not None

    def _on_looked(self, opened: OpenedStudy) -> Callable[[OpenSession | None], None]:
        def go_on(found: OpenSession | None) -> None:
            self._is_looking = False
            if self._control.is_running or opened is not self._opened or self._is_asking():
                return
            if found is None:
                self._ask_new(opened, new_session=False)
            else:
                self._ask_resume(opened, found)

        return go_on

    def _ask_resume(self, opened: OpenedStudy, found: OpenSession) -> None:
        dialog = ResumeDialog(self._theme, found, self._page.window())
        self.resume_dialog = dialog

        def forget() -> None:
            self.resume_dialog = None
            dialog.deleteLater()

        dialog.finished.connect(lambda _result: forget())
        dialog.go_on_asked.connect(lambda session: self._go_on(opened, session))
        dialog.new_asked.connect(lambda: self._ask_new(opened, new_session=True))
        dialog.open()

    def _ask_new(self, opened: OpenedStudy, *, new_session: bool) -> None:
        dialog = NewSessionDialog(
            self._theme,
            self._proposal(opened),
            self._page.window(),
            title=opened.title,
            forms_groups=opened.forms_groups,
            desks=self.desks,
        )
        self.new_session_dialog = dialog

        def take(wish: SessionWish) -> None:
            if opened.forms_groups:
                self._settings.release = wish.release
            self._settings.remember_wish(str(opened.study.id), wish)
            self._launch(opened, wish, new_session=new_session)

        def forget() -> None:
            self.new_session_dialog = None
            dialog.deleteLater()

        dialog.answered.connect(take)
        dialog.finished.connect(lambda _result: forget())
        dialog.open()

    def _proposal(self, opened: OpenedStudy) -> SessionWish:
        """The last answers; before the first ones, what is right for who can open the address."""
        last = self._settings.wish(str(opened.study.id))
        if last is None:
            stage = "prepared" if self._settings.reach == "network" else "running"
            return SessionWish(stage=stage, release=self._settings.release)
        return msgspec.structs.replace(last, label=next_label(last.label), release=self._settings.release)

    def _launch(self, opened: OpenedStudy, wish: SessionWish, *, new_session: bool) -> None:
        self._control.start(
            StartRequest(
                study=opened.path,
                title=opened.title,
                data_dir=Path(self._settings.data_dir),
                host=_HOSTS[self._settings.reach],
                new_session=new_session,
                release=wish.release if opened.forms_groups else "automatic",
                pilot=wish.pilot,
                label=wish.label,
                expected=wish.expected,
                seats=wish.seats,
                conditions=wish.conditions,
                stage=wish.stage,
                help=wish.help,
            )
        )

    def _go_on(self, opened: OpenedStudy, found: OpenSession) -> None:
        self._control.start(
            StartRequest(
                study=opened.path,
                title=opened.title,
                data_dir=Path(self._settings.data_dir),
                host=_HOSTS[self._settings.reach],
                session=found.session_id,
                pilot=found.pilot,
            )
        )

    def _ask_reach(self, then: Callable[[], object]) -> None:
        dialog = ReachDialog(self._theme, self._page.window())
        self.reach_dialog = dialog

        def take(reach: str) -> None:
            self._settings.reach = reach
            self.show_places()
            then()

        dialog.answered.connect(take)
        dialog.open()

    @Slot()
    def start_new(self) -> None:
        """Start a new session, although one may be open."""
        self._ask_start(new_session=True)

    def _ask_start(self, *, new_session: bool) -> None:
        def start() -> None:
            self._start(new_session=new_session)

        if self.may_start(start):
            start()

    @Slot()
    def _change_reach(self) -> None:
        self._ask_reach(lambda: None)

    @Slot(object)
    def _set_stage(self, step: Step) -> None:
        self._control.set_stage(step.stage, lambda: self.said.emit(step.done, step.icon), self._say_error)

    @Slot(str)
    def _end_session(self, reason: str) -> None:
        self._control.end_session(reason, lambda: self.said.emit("The session has ended", "end"), self._say_error)

    @Slot(str)
    def _let_in(self, participant_id: str) -> None:
        self._control.let_in(
            participant_id,
            lambda: self.said.emit(f"The next browser that asks may go on as {participant_id}", "door"),
            self._say_error,
        )

    @Slot(object)
    def _release(self, wish: ReleaseWish) -> None:
        waiting = self._page.people.waiting

        def failed(sentence: str) -> None:
            waiting.answered(wish, is_done=False)
            self._say_error(sentence)

        self._control.release_groups(
            wish.node_path,
            wish.groups,
            lambda: waiting.answered(wish, is_done=True),
            failed,
            treatment=wish.treatment,
        )

    @Slot(str)
    def _unblind(self, reason: str) -> None:
        self._control.unblind(
            reason, lambda: self.said.emit("The treatments' names are shown from now on", "eye"), self._say_error
        )

    @Slot(str, str)
    def _set_release(self, mode: str, reason: str) -> None:
        words = "Groups go by themselves now" if mode == "automatic" else "Groups wait for you now"
        self._control.set_release(mode, reason, lambda: self.said.emit(words, "users"), self._say_error)

    def _say_error(self, sentence: str) -> None:
        self.said.emit(sentence, "error")

    @Slot(object)
    def _on_outcome(self, outcome: Outcome) -> None:
        before, self._last = self._last, outcome.state
        if outcome.state is before:
            return
        if outcome.state in {ServerState.STOPPED, ServerState.CRASHED}:
            self.session_stopped.emit()
            if self._after_stop is not None:
                then, self._after_stop = self._after_stop, None
                then()
        elif outcome.state is ServerState.READY and before is ServerState.STOPPING:
            self._after_stop = None
            self.said.emit(outcome.detail or "The server could not be stopped", "error")
