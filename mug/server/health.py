"""How the server is: sampled once a second on a thread of its own, for the consoles. No participant waits for it."""

import logging
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import psutil

from mug.authority.supervisor import ProcessFigures
from mug.engine.inputs import ServerMeasured
from mug.protocol.lab_console import HealthView

__all__ = ["Busyness", "HealthSampler"]

EVERY_S: Final = 1.0

_LOG: Final = logging.getLogger(__name__)


class Busyness:
    """The longest of the durations that several threads report, since it was asked last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._handled_s = 0.0
        self._committed_s = 0.0

    def handled(self, took_s: float) -> None:
        """The engine took up one input, and its effects were performed."""
        with self._lock:
            self._handled_s = max(self._handled_s, took_s)

    def committed(self, took_s: float) -> None:
        """Facts are on disk, so long after they were handed to the writer."""
        with self._lock:
            self._committed_s = max(self._committed_s, took_s)

    def take(self) -> tuple[float, float]:
        """The longest input and the longest commit since the last call, in ms."""
        with self._lock:
            taken = (self._handled_s * 1000, self._committed_s * 1000)
            self._handled_s = self._committed_s = 0.0
        return taken


class HealthSampler:
    """Measures the process and the machine, and hands what it finds to the engine.

    Args:
        put: The dispatcher's.
        busyness: What dispatcher and writer report.
        queue: How many inputs wait at present.
        pages: How many pages are connected at present.
        records: Where the records are: the free space of this disk is told.
        now_ms: The session's clock.
        processes: How the processes are that step matches: what they take counts as the server's.
    """

    def __init__(
        self,
        put: Callable[[ServerMeasured], None],
        busyness: Busyness,
        *,
        queue: Callable[[], int],
        pages: Callable[[], int],
        records: Path,
        now_ms: Callable[[], float],
        processes: Callable[[], Sequence[ProcessFigures]] | None = None,
    ) -> None:
        self._put = put
        self._busyness = busyness
        self._queue = queue
        self._pages = pages
        self._records = records
        self._now_ms = now_ms
        self._processes = processes or tuple
        self._process = psutil.Process()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="health", daemon=True)

    def start(self) -> None:
        """Begin to measure."""
        self._process.cpu_percent()  # the first call only sets where the next one measures from
        psutil.cpu_percent()
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(5.0)

    def sample(self) -> HealthView:
        """Measure now; shares are of the time since the last sample."""
        handled_ms, committed_ms = self._busyness.take()
        stepping = self._processes()
        return HealthView(
            at_ms=self._now_ms(),
            cpu=self._process.cpu_percent() / 100 + sum(process.cpu for process in stepping),
            machine_cpu=psutil.cpu_percent() / 100,
            memory_bytes=self._process.memory_info().rss + sum(process.memory_bytes for process in stepping),
            disk_free_bytes=_free_bytes(self._records),
            queue=self._queue(),
            handled_max_ms=handled_ms,
            commit_max_ms=committed_ms,
            pages=self._pages(),
        )

    def _run(self) -> None:
        due = time.monotonic()
        while True:
            due = max(due + EVERY_S, time.monotonic())
            if self._stopped.wait(max(due - time.monotonic(), 0.0)):
                return
            try:
                self._put(ServerMeasured(self.sample()))
            except (psutil.Error, OSError):
                # Nothing depends on it: the console's figures stand still.
                _LOG.warning("the server's health could not be measured", exc_info=True)


def _free_bytes(path: Path) -> int:
    """Free space for this user where `path` is, or will be; 0 where that cannot be found out."""
    for place in (path, *path.parents):
        try:
            return shutil.disk_usage(place).free
        except OSError:
            continue
    return 0
