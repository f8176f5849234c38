"""The study's own functions on the server: a small pool, two seconds each, a hanging one is left behind."""

import copy
import json
import queue
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["CallPool", "Outcome"]

TIME_LIMIT_S: Final = 2.0
MAX_ABANDONED: Final = 32
MAX_WAITING: Final = 10_000


@dataclass(frozen=True)
class Outcome:
    """How a call ended. `error` is empty when it returned; `value` is then plain data."""

    value: Any = None
    error: str = ""
    traceback: str = ""


@dataclass
class _Job:
    run: Callable[[], Any]
    done: Callable[[Outcome], None]
    started_s: float | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    answered: bool = False

    def answer(self, outcome: Outcome) -> None:
        """Deliver the first outcome only: a call that was given up on may still return."""
        with self.lock:
            if self.answered:
                return
            self.answered = True
        self.done(outcome)


class CallPool:
    """Runs calls on `workers` threads, in order. `check` must be called regularly: it gives up on hanging calls.

    Attributes:
        abandoned: How many calls were given up on; their threads are lost until the process ends.
    """

    def __init__(
        self,
        name: str,
        workers: int,
        time_limit_s: float = TIME_LIMIT_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.abandoned = 0
        self._name = name
        self._limit_s = time_limit_s
        self._clock = clock
        self._queue: queue.Queue[_Job | None] = queue.Queue(MAX_WAITING)
        self._lock = threading.Lock()
        self._running: dict[int, _Job] = {}
        self._started = 0
        self._workers = workers
        self._stopping = False
        for _ in range(workers):
            self._start_worker()

    def submit(self, run: Callable[[], Any], done: Callable[[Outcome], None]) -> None:
        """Call `run` soon; `done` gets its outcome, on a thread of the pool or of `check`."""
        job = _Job(run, done)
        if self.abandoned >= MAX_ABANDONED:
            job.answer(Outcome(error=f"not called: {self.abandoned} earlier calls never returned"))
            return
        try:
            self._queue.put_nowait(job)
        except queue.Full:
            job.answer(Outcome(error=f"not called: {MAX_WAITING} calls are waiting already"))

    def check(self) -> None:
        """Give up on calls that take longer than the limit, and put a new thread in the place of each."""
        now_s = self._clock()
        late: list[_Job] = []
        with self._lock:
            for number, job in list(self._running.items()):
                if job.started_s is not None and now_s - job.started_s > self._limit_s:
                    del self._running[number]
                    late.append(job)
        for job in late:
            self.abandoned += 1
            # Answered before the next call runs: outcomes keep their order.
            job.answer(Outcome(error=f"it did not return within {self._limit_s:g} s and was left behind"))
            if self.abandoned < MAX_ABANDONED:
                self._start_worker()

    def stop(self) -> None:
        """Take no more calls; threads end when they are idle."""
        self._stopping = True
        for _ in range(self._workers):
            try:
                self._queue.put_nowait(None)
            except queue.Full:
                return

    def _start_worker(self) -> None:
        self._started += 1
        number = self._started
        threading.Thread(target=self._work, args=(number,), name=f"{self._name}-{number}", daemon=True).start()

    def _work(self, number: int) -> None:
        while not self._stopping:
            job = self._queue.get()
            if job is None:
                return
            job.started_s = self._clock()
            with self._lock:
                self._running[number] = job
            outcome = _outcome_of(job.run)
            with self._lock:
                abandoned = self._running.pop(number, None) is None
            job.answer(outcome)
            if abandoned:
                return


def _outcome_of(run: Callable[[], Any]) -> Outcome:
    try:
        value = run()
        # By way of bytes: half a character in a text, which cannot be stored, is found out here.
        text = json.dumps(copy.deepcopy(value), allow_nan=False, ensure_ascii=False)
        return Outcome(value=json.loads(text.encode()))
    except SystemExit as error:
        return Outcome(error=f"it called sys.exit({error.code!r})")
    except Exception as error:
        return Outcome(error=f"{type(error).__name__}: {error}", traceback=traceback.format_exc())
