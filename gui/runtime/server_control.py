"""Starting, finding again and stopping the experiment server, as one state the pages show."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from gui.runtime.lab_bridge import LabBridge
from gui.runtime.open_sessions import OpenSession, newest_open
from gui.runtime.server_state import Outcome, ServerEvent, ServerState, after
from gui.runtime.tasks import Tasks
from mug.protocol.lab import EndSession, LabSnapshot, LetIn, ReleaseGroups, SetRelease, StopServer, Unblind
from mug.protocol.lab_console import SetStage

if TYPE_CHECKING:
    from mug.host import LaunchedServer, ServerAddress

__all__ = ["ServerControl", "StartRequest"]

_READY_TIMEOUT_S = 900.0
_WATCH_MS = 1_000
_STOP_PATIENCE_TICKS = 20


@dataclass(frozen=True)
class StartRequest:
    """What to start.

    Attributes:
        study: The study's folder or script.
        title: Its name for people.
        data_dir: Where records go.
        host: The address to listen on: 127.0.0.1 for this machine, 0.0.0.0 for the lab network.
        new_session: Open another session although one could be resumed.
        release: Who lets groups go in a new session: automatic or experimenter.
        session: Go on with this session; empty: with the newest that is open, else a new one.
        pilot: Keep the records apart, as a pilot's.
        label, expected, seats, conditions, stage, help: What a new session is, as in `SessionWish`.
    """

    study: Path
    title: str
    data_dir: Path
    host: str = "127.0.0.1"
    new_session: bool = False
    release: str = "automatic"
    session: str = ""
    pilot: bool = False
    label: str = ""
    expected: int | None = None
    seats: tuple[str, ...] = ()
    conditions: Mapping[str, str] = field(default_factory=dict)
    stage: str = "running"
    help: bool = False


class ServerControl(QObject):
    """The server as the app sees it.

    Attributes:
        outcome: The present state.
        address: Where the server is, while it is ready.
        launched: The process, while it is a child of this app.

    Signals:
        outcome_changed: The new `Outcome`.

    Runs on: GUI thread; whatever waits is done by tasks.
    """

    outcome_changed = Signal(object)

    def __init__(self, bridge: LabBridge, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._tasks = tasks
        self.outcome = Outcome()
        self.address: ServerAddress | None = None
        self.launched: LaunchedServer | None = None
        self._watching = False
        self._silent_ticks = 0
        self._watch = QTimer(self)
        self._watch.setObjectName("server watch")
        self._watch.setInterval(_WATCH_MS)
        self._watch.timeout.connect(self._on_watch)
        bridge.link_changed.connect(self._on_link_changed)
        bridge.snapshot_received.connect(self._on_snapshot)

    @property
    def is_running(self) -> bool:
        """Whether a server of ours runs, or is about to."""
        return self.outcome.state in {ServerState.STARTING, ServerState.READY, ServerState.STOPPING}

    def start(self, request: StartRequest) -> None:
        """Start a server; ignored while one runs."""
        if self.is_running:
            return
        self._take(ServerEvent.START_ASKED, study=request.title, attached=False)

        def begin() -> "LaunchedServer":
            from mug.host import launch

            return launch(
                request.study,
                data_dir=request.data_dir,
                host=request.host,
                new_session=request.new_session,
                release=request.release,
                session=request.session or None,
                pilot=request.pilot,
                label=request.label,
                expected=request.expected,
                seats=request.seats,
                conditions=request.conditions,
                stage=request.stage,
                help=request.help,
            )

        self._tasks.run("start the server", begin, self._on_launched, self._on_start_failed)

    def find_again(self, data_dir: Path) -> None:
        """Look for a server that still runs on these records, and follow it."""
        if not self.is_running:
            self._tasks.run("find a running server", lambda: _running(data_dir), self._on_found, lambda _error: None)

    def look_for_open(self, data_dir: Path, experiment_id: str, tell: Callable[[OpenSession | None], object]) -> None:
        """Look for the open session of an experiment, which the next start would go on with."""
        self._tasks.run(
            "look for an open session",
            lambda: newest_open(data_dir, experiment_id),
            tell,
            lambda _error: tell(None),
        )

    def stop(self) -> None:
        """Stop the server cleanly."""
        if self.outcome.state is ServerState.STARTING:
            self._take(ServerEvent.STOP_ASKED)
            if self.launched is not None:
                self._tasks.run(
                    "stop the server", self.launched.stop, lambda _: self._on_exited(), self._on_stop_failed
                )
        elif self.outcome.state is ServerState.READY:
            self._take(ServerEvent.STOP_ASKED)
            self._silent_ticks = 0
            self._bridge.request(StopServer(request_id=_new_id()), lambda _reply: None, self._stop_by_force)

    def leave_running(self) -> None:
        """Let go of the server: it goes on while participants are present, and is found again on the next start."""
        if self.outcome.state is ServerState.READY:
            self._watch.stop()
            self._bridge.leave()
            if self.launched is not None:
                self.launched.release()
            self.address = None
            self._take(ServerEvent.LEFT)

    def end_session(self, reason: str, done: Callable[[], object], failed: Callable[[str], object]) -> None:
        """Close the session for good."""
        self._bridge.request(EndSession(request_id=_new_id(), reason=reason), lambda _reply: done(), failed)

    def set_stage(self, stage: str, done: Callable[[], object], failed: Callable[[str], object]) -> None:
        """Move the session on to another stage."""
        self._bridge.request(SetStage(request_id=_new_id(), stage=stage), lambda _reply: done(), failed)

    def let_in(self, participant_id: str, done: Callable[[], object], failed: Callable[[str], object]) -> None:
        """Allow, once, that a turned-away id is taken by the next browser that asks."""
        self._bridge.request(LetIn(request_id=_new_id(), participant_id=participant_id), lambda _reply: done(), failed)

    def release_groups(
        self,
        node_path: tuple[int, ...],
        groups: tuple[tuple[str, ...], ...],
        done: Callable[[], object],
        failed: Callable[[str], object],
        *,
        treatment: str = "",
    ) -> None:
        """Let groups of a waiting room go; none named: all that are proposed there."""
        request = ReleaseGroups(request_id=_new_id(), node_path=node_path, groups=groups, treatment=treatment)
        self._bridge.request(request, lambda _reply: done(), failed)

    def unblind(self, reason: str, done: Callable[[], object], failed: Callable[[str], object]) -> None:
        """Have the treatments' names shown from now on."""
        self._bridge.request(Unblind(request_id=_new_id(), reason=reason), lambda _reply: done(), failed)

    def set_release(self, mode: str, reason: str, done: Callable[[], object], failed: Callable[[str], object]) -> None:
        """Change who lets groups go: automatic or experimenter."""
        self._bridge.request(SetRelease(request_id=_new_id(), mode=mode, reason=reason), lambda _reply: done(), failed)

    def _take(
        self,
        event: ServerEvent,
        *,
        study: str | None = None,
        attached: bool | None = None,
        detail: str = "",
        log: str = "",
    ) -> None:
        self._show(after(self.outcome, event, study=study, attached=attached, detail=detail, log=log))

    def _show(self, outcome: Outcome) -> None:
        if outcome != self.outcome:
            self.outcome = outcome
            self.outcome_changed.emit(outcome)

    def _on_launched(self, launched: "LaunchedServer") -> None:
        self.launched = launched
        self._watch.start()
        if self.outcome.state is ServerState.STOPPING:  # stopped before the process was there
            self._tasks.run("stop the server", launched.stop, lambda _: self._on_exited(), self._on_stop_failed)
            return
        self._tasks.run(
            "wait for the server",
            lambda: launched.wait_ready(_READY_TIMEOUT_S),
            lambda address: self._on_ready(address, attached=False),
            self._on_start_failed,
        )

    def _on_start_failed(self, error: Exception) -> None:
        self._watch.stop()
        self.launched = None
        self._take(ServerEvent.START_FAILED, detail=_as_sentence(str(error)), log=str(getattr(error, "log", "")))

    def _on_found(self, addresses: "list[ServerAddress]") -> None:
        if addresses and not self.is_running:
            self._on_ready(addresses[0], attached=True)

    def _on_ready(self, address: "ServerAddress", *, attached: bool) -> None:
        stopping = self.outcome.state is ServerState.STOPPING
        self.address = address
        self._silent_ticks = 0
        self._take(ServerEvent.FOUND, attached=attached, study=self.outcome.study or address.experiment_id)
        if not stopping:
            self._bridge.follow(address)
            self._watch.start()

    @Slot(object)
    def _on_snapshot(self, snapshot: LabSnapshot) -> None:
        if snapshot.session.title:
            self._show(replace(self.outcome, study=snapshot.session.title))

    @Slot(str)
    def _on_link_changed(self, link: str) -> None:
        if self.outcome.state is ServerState.READY:
            self._show(replace(self.outcome, link=link))

    @Slot()
    def _on_watch(self) -> None:
        if self._watching or (self.address is None and self.launched is None):
            return
        self._watching = True
        if self.outcome.state is ServerState.STARTING and self.launched is not None:
            self._tasks.run("read the server's log", self.launched.log, self._on_log_read, self._on_watch_failed)
        else:
            self._tasks.run("look after the server", self._is_alive, self._on_watched, self._on_watch_failed)

    def _on_log_read(self, log: str) -> None:
        self._watching = False
        lines = [line for line in log.splitlines() if line.strip() and not line[0].isdigit()]
        if lines and self.outcome.state is ServerState.STARTING:
            self._show(replace(self.outcome, progress=lines[-1].strip()))

    def _is_alive(self) -> bool:
        launched, address = self.launched, self.address
        if launched is not None:
            return launched.poll() is None
        return address is not None and any(
            found.pid == address.pid and found.token == address.token for found in _running(address.data_dir)
        )

    def _on_watched(self, alive: bool) -> None:
        self._watching = False
        if not alive:
            self._on_exited()
        elif self.outcome.state is ServerState.STOPPING:
            self._silent_ticks += 1
            if self._silent_ticks == _STOP_PATIENCE_TICKS:
                self._stop_by_force("The server does not stop. It is tried again when you press Stop.")

    def _on_watch_failed(self, _error: Exception) -> None:
        self._watching = False

    def _stop_by_force(self, why: str) -> None:
        """Stop the process itself, when it does not take the request."""
        if self.launched is not None:
            self._tasks.run("stop the server", self.launched.stop, lambda _: self._on_exited(), self._on_stop_failed)
        else:
            self._take(ServerEvent.STOP_FAILED, detail=why)

    def _on_stop_failed(self, error: Exception) -> None:
        self._take(ServerEvent.STOP_FAILED, detail=str(error))

    def _on_exited(self) -> None:
        if self.outcome.state not in {ServerState.READY, ServerState.STOPPING}:
            return  # while it starts, `wait_ready` tells why it ended
        launched, self.launched = self.launched, None
        self._watch.stop()
        self._bridge.leave()
        self.address = None
        if self.outcome.state is ServerState.STOPPING:
            detail, log = (
                "The session was stopped. Everything that arrived is saved; starting again goes on with it.",
                "",
            )
        else:
            detail, log = "", launched.log() if launched is not None else ""
        if launched is not None:
            self._tasks.run("take leave of the server", launched.stop, lambda _: None, lambda _error: None)
        self._take(ServerEvent.EXITED, detail=detail, log=log)


def _as_sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _new_id() -> str:
    return uuid.uuid4().hex


def _running(data_dir: Path) -> "list[ServerAddress]":
    from mug.host import find_running

    return list(find_running(data_dir))
