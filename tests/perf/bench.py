"""What every benchmark gets: a folder of its own, the example study, real servers, and somebody to tell."""

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.drivers.server_driver import ServerDriver

__all__ = ["ROOT", "Bench", "process_mb", "process_seconds", "wait_until"]

ROOT = Path(__file__).parents[2]
MOUNTAIN_CAR = ROOT / "examples" / "mountain_car"


@dataclass
class Bench:
    """One benchmark's surroundings.

    Attributes:
        folder: Emptied after the benchmark.
        details: Further numbers by name, kept in the JSON file beside the rows.
    """

    folder: Path
    details: dict[str, Any] = field(default_factory=dict)
    _servers: int = 0

    def say(self, text: str) -> None:
        """Tell what is going on."""
        sys.stderr.write(f"  {text}\n")
        sys.stderr.flush()

    def study(self, source: Path = MOUNTAIN_CAR) -> Path:
        """A copy of a study folder, so that what a server writes there does not end up in the checkout."""
        copy = self.folder / source.name
        if not copy.exists():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__", "study.lock.json"))
        return copy

    @contextmanager
    def server(self, source: Path = MOUNTAIN_CAR, *options: str) -> Iterator[ServerDriver]:
        """A real ``mug serve`` with empty records on a free port."""
        self._servers += 1
        with ServerDriver(self.study(source), self.folder / f"data-{self._servers}", *options) as server:
            yield server


def process_mb(pid: int) -> float:
    """Resident memory of a process, MB."""
    return float(psutil.Process(pid).memory_info().rss) / 1e6


def process_seconds(pid: int) -> float:
    """Processor time that a process has used."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def wait_until(condition: Callable[[], bool], what: str, deadline_s: float = 60.0) -> None:
    """Wait for a condition.

    Raises:
        TimeoutError: It did not come true; the text says what was waited for.
    """
    deadline = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {deadline_s:.0f} s")
        time.sleep(0.02)
