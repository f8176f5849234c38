"""The one thread that owns the engine: takes inputs from a queue, performs the effects."""

import logging
import queue
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from mug.engine.effects import (
    AnswerDetail,
    Call,
    Close,
    ConnectionId,
    DropRoutes,
    Effect,
    LabUpdate,
    ObserveChunk,
    ObserveWaitroom,
    Record,
    Schedule,
    Send,
    SendFrames,
    SetRoutes,
    StartAuthority,
    Stop,
    StopAuthority,
    TellAuthority,
)
from mug.engine.inputs import (
    CallFailed,
    CallResult,
    HookFailed,
    Input,
    ServerTrouble,
    StorageFailed,
    StorageRecovered,
    Tick,
    Wake,
)
from mug.engine.run import StudyRun
from mug.protocol.messages import StoredFrames
from mug.protocol.parts import Message
from mug.records import RecordReader, RecordWriter, WriteFailure
from mug.server.calls import CallPool, Outcome
from mug.server.details import DetailReader
from mug.server.health import Busyness

__all__ = ["Dispatcher", "Observer", "Outlet", "Processes", "StudyCode"]

TICK_S: Final = 0.1
MAX_TROUBLES: Final = 100
"""Shown in one process; what comes after them is only logged."""

_LOG: Final = logging.getLogger(__name__)


class Outlet(Protocol):
    """Where messages go."""

    def send(self, connection: ConnectionId, message: Message) -> None:
        """Send to one page."""

    def send_lab(self, message: Message, connection: ConnectionId | None = None) -> None:
        """Send to one console, or to all."""

    def close(self, connection: ConnectionId) -> None:
        """Close a page's connection."""

    def route(self, change: SetRoutes | DropRoutes) -> None:
        """Take up which pages may send to each other."""


class StudyCode(Protocol):
    """Calls what a reference of the study names."""

    def __call__(self, kind: str, ref: str, context: dict[str, Any]) -> Any:
        """Return what the function answers."""
        ...


class Observer(Protocol):
    """Derives a GameCallback's hooks from a stored chunk, or from what happened in a waitroom, and calls them."""

    def __call__(self, chunk: ObserveChunk | ObserveWaitroom) -> Any:
        """Call the hooks, in order."""
        ...


class Processes(Protocol):
    """The processes that step matches."""

    def perform(self, effect: StartAuthority | TellAuthority | StopAuthority) -> None:
        """Do what the engine asks for; returns at once."""


class Dispatcher:
    """Runs the engine on a thread of its own. `put` may be called from any thread.

    Attributes:
        on_stop: Called on the dispatcher's thread when the engine asks for the end of the process.
        busyness: How long inputs and commits took, for the console.
        processes: Those that step matches; None: the study has no such games.
    """

    processes: Processes | None = None

    def __init__(
        self,
        run: StudyRun,
        writer: RecordWriter,
        records: Path,
        *,
        code: StudyCode,
        observe: Observer,
        on_stop: Callable[[str], None],
    ) -> None:
        self.on_stop = on_stop
        self.busyness = Busyness()
        self._run = run
        self._writer = writer
        self._records = records
        self._code = code
        self._observe = observe
        self._outlet: Outlet | None = None
        self._queue: queue.SimpleQueue[Input | tuple[Effect, ...] | None] = queue.SimpleQueue()
        self._reader: RecordReader | None = None
        self._calls = CallPool("study-call", workers=4)
        self._hooks = CallPool("study-hook", workers=1)
        self._timers: list[tuple[float, str]] = []
        self._troubles = 0
        self._lab_queue: queue.SimpleQueue[LabUpdate | AnswerDetail | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._loop, name="dispatcher", daemon=True)
        # A snapshot of a long session takes tenths of a second to write: no participant waits for it.
        self._lab_thread = threading.Thread(target=self._send_to_labs, name="lab-sender", daemon=True)
        writer.on_failure = self._on_failure
        writer.on_recovered = self._on_recovered

    def start(self, outlet: Outlet) -> None:
        """Begin; effects go to `outlet`."""
        self._outlet = outlet
        self._thread.start()
        self._lab_thread.start()

    def put(self, happened: Input) -> None:
        """Have the engine take up an input; returns at once."""
        self._queue.put(happened)

    @property
    def waiting(self) -> int:
        """How many inputs wait for the engine."""
        return self._queue.qsize()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Finish what is queued and end the thread."""
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        self._lab_queue.put(None)
        if self._lab_thread.is_alive():
            self._lab_thread.join(timeout_s)
        self._calls.stop()
        self._hooks.stop()

    def _on_failure(self, failure: WriteFailure) -> None:
        self.put(StorageFailed(failure.message))

    def _on_recovered(self) -> None:
        self.put(StorageRecovered())

    # ------------------------------------------------------------- the dispatcher's thread

    def _loop(self) -> None:
        next_tick = time.monotonic() + TICK_S
        while True:
            try:
                taken = self._queue.get(timeout=max(next_tick - time.monotonic(), 0.0))
            except queue.Empty:
                next_tick = time.monotonic() + TICK_S
                self._tick()
                continue
            if taken is None:
                break
            began = time.monotonic()
            if isinstance(taken, tuple):
                self._perform(taken)
            else:
                self._take(taken)
            self.busyness.handled(time.monotonic() - began)
            if time.monotonic() >= next_tick:
                next_tick = time.monotonic() + TICK_S
                self._tick()
        if self._reader is not None:
            self._reader.close()

    def _tick(self) -> None:
        self._calls.check()
        self._hooks.check()
        now = time.monotonic()
        due = [name for at, name in self._timers if at <= now]
        self._timers = [(at, name) for at, name in self._timers if at > now]
        for name in due:
            self._take(Wake(name))
        self._take(Tick())

    def _take(self, happened: Input) -> None:
        try:
            effects = self._run.handle(happened)
        except Exception:
            # One participant's trouble must not end the session for the others.
            self._trouble(f"the server could not take up {type(happened).__name__}")
            return
        self._perform(effects)

    def _perform(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            try:
                self._perform_one(effect)
            except Exception:
                self._trouble(f"the server could not perform {type(effect).__name__}")

    def _trouble(self, text: str) -> None:
        """Log the exception, and show it: an error that nobody sees is found in the data."""
        _LOG.exception("%s", text)
        if self._troubles < MAX_TROUBLES:
            self._troubles += 1
            self.put(ServerTrouble(f"{text}; please report this", traceback.format_exc()))

    def _perform_one(self, effect: Effect) -> None:
        assert self._outlet is not None
        match effect:
            case Send():
                self._outlet.send(effect.connection, effect.message)
            case SetRoutes() | DropRoutes():
                self._outlet.route(effect)
            case Record():
                self._record(effect)
            case LabUpdate():
                self._lab_queue.put(effect)
            case AnswerDetail():
                self._lab_queue.put(effect)
            case SendFrames():
                self._send_frames(effect)
            case Close():
                self._outlet.close(effect.connection)
            case Call():
                self._call(effect)
            case ObserveChunk() | ObserveWaitroom():
                self._hooks.submit(lambda: self._observe(effect), lambda outcome: self._observed(effect, outcome))
            case StartAuthority() | TellAuthority() | StopAuthority():
                assert self.processes is not None
                self.processes.perform(effect)
            case Schedule():
                self._timers.append((time.monotonic() + effect.after_ms / 1000, effect.name))
            case Stop():
                self.on_stop(effect.reason)

    def _record(self, effect: Record) -> None:
        then = effect.then
        began = time.monotonic()

        def committed() -> None:
            if effect.facts:
                self.busyness.committed(time.monotonic() - began)
            if then:
                self._queue.put(then)

        self._writer.append(effect.facts, effect.bodies, committed)

    def _send_to_labs(self) -> None:
        assert self._outlet is not None
        details = DetailReader(self._records)
        while (update := self._lab_queue.get()) is not None:
            try:
                message = details.answer(update) if isinstance(update, AnswerDetail) else update.message
                self._outlet.send_lab(message, update.connection)
            except Exception:
                self._trouble("the server could not write to MUG Lab")
        details.close()

    def _send_frames(self, effect: SendFrames) -> None:
        assert self._outlet is not None
        chunks = self.bodies(effect.sha256s)
        self._outlet.send(
            effect.connection,
            StoredFrames(visit_id=effect.visit_id, match_id=effect.match_id, chunks=chunks),
        )

    def bodies(self, sha256s: Sequence[str]) -> tuple[bytes, ...]:
        """Read stored bodies; on the dispatcher's thread only."""
        if self._reader is None:
            self._reader = RecordReader(self._records)
        reader = self._reader
        return tuple(reader.body(sha256) for sha256 in sha256s)

    def _call(self, effect: Call) -> None:
        context = dict(effect.context)

        def done(outcome: Outcome) -> None:
            if outcome.error:
                self.put(CallFailed(effect.call_id, outcome.error, outcome.traceback))
            else:
                self.put(CallResult(effect.call_id, outcome.value))

        self._calls.submit(lambda: self._code(effect.kind, effect.ref, context), done)

    def _observed(self, effect: ObserveChunk | ObserveWaitroom, outcome: Outcome) -> None:
        if outcome.error:
            self.put(HookFailed(effect.participant_id, effect.visit_id, effect.ref, outcome.error, outcome.traceback))
