"""How the server was, second by second, and how that is shown."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from gui.models.telemetry import PUT_BACK_S
from mug.protocol.lab_console import HealthView

__all__ = ["CAPACITY", "FIGURES", "Figure", "HealthHistory", "troubles"]

CAPACITY: Final = 7_200
_GB: Final = 1_000_000_000

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Figure:
    """One figure of the server.

    Attributes:
        key: A stable word.
        title: Its name for people.
        limit: Where it begins to be a trouble.
        is_floor: Whether values below the limit are the trouble.
        value: The figure of a view; NaN where it is not known.
        text: A value in words.
        trouble: What to say beyond the limit.
    """

    key: str
    title: str
    limit: float
    is_floor: bool
    value: Callable[[HealthView], float]
    text: Callable[[float], str]
    trouble: str

    def is_beyond(self, value: float) -> bool:
        """Return whether a value is on the wrong side of the limit."""
        return value < self.limit if self.is_floor else value > self.limit


FIGURES: Final = (
    Figure(
        "cpu",
        "Processor",
        90.0,
        False,
        lambda view: 100 * view.cpu,
        lambda value: f"{value:.0f} % of a core",
        "The server uses nearly a whole core: participants may notice delays.",
    ),
    Figure(
        "machine_cpu",
        "Computer",
        95.0,
        False,
        lambda view: 100 * view.machine_cpu,
        lambda value: f"{value:.0f} %",
        "The computer is fully busy: close other programs.",
    ),
    Figure(
        "memory",
        "Memory",
        2_000.0,
        False,
        lambda view: view.memory_bytes / 1_000_000,
        lambda value: f"{value:,.0f} MB",
        "The server uses much memory.",
    ),
    Figure(
        "disk",
        "Free disk",
        2.0,
        True,
        lambda view: view.disk_free_bytes / _GB if view.disk_free_bytes else math.nan,
        lambda value: f"{value:,.1f} GB",
        "The disk with the records is nearly full: make room.",
    ),
    Figure(
        "queue",
        "Queue",
        200.0,
        False,
        lambda view: float(view.queue),
        lambda value: f"{value:,.0f} waiting",
        "Messages wait to be taken up: the server does not keep pace.",
    ),
    Figure(
        "handled",
        "Longest message",
        100.0,
        False,
        lambda view: view.handled_max_ms,
        lambda value: f"{value:,.1f} ms",
        "Single messages take long to take up.",
    ),
    Figure(
        "commit",
        "Longest save",
        500.0,
        False,
        lambda view: view.commit_max_ms,
        lambda value: f"{value:,.0f} ms",
        "The disk is slow to save.",
    ),
    Figure(
        "rtt",
        "Slowest trips",
        150.0,
        False,
        lambda view: math.nan if view.rtt_p95_ms is None else view.rtt_p95_ms,
        lambda value: f"{value:,.0f} ms",
        "The round trip to participants is long.",
    ),
)


class HealthHistory:
    """The newest `CAPACITY` seconds of the server.

    Attributes:
        version: Rises with every view.
        latest: The newest view; None before the first.
    """

    def __init__(self) -> None:
        self.version = 0
        self.latest: HealthView | None = None
        self._written = 0
        self._buffer = np.full((1 + len(FIGURES), 2 * CAPACITY), np.nan, dtype=np.float64)

    def __len__(self) -> int:
        return min(self._written, CAPACITY)

    def clear(self) -> None:
        """Forget everything, as with a new session."""
        self._written, self.latest = 0, None
        self.version += 1

    def add(self, view: HealthView) -> None:
        """Take up a view; one that is not newer than the last is dropped, unless the server's clock was put back."""
        if self.latest is not None and view.at_ms <= self.latest.at_ms:
            if view.at_ms > self.latest.at_ms - 1000 * PUT_BACK_S:
                return
            self.clear()
        self.latest = view
        found = (figure.value(view) for figure in FIGURES)
        values = [view.at_ms / 1000.0, *(value if math.isfinite(value) else math.nan for value in found)]
        place = self._written % CAPACITY
        self._buffer[:, place] = self._buffer[:, place + CAPACITY] = values
        self._written += 1
        self.version += 1

    @property
    def at_s(self) -> Floats:
        """Unix seconds, ascending: (n,) float64, a view."""
        return self._buffer[0, self._slice()]

    def values(self, figure: int) -> Floats:
        """The values of `FIGURES[figure]`: (n,) float64, a view."""
        return self._buffer[1 + figure, self._slice()]

    def _slice(self) -> slice:
        if self._written <= CAPACITY:
            return slice(0, self._written)
        first = self._written % CAPACITY
        return slice(first, first + CAPACITY)


def troubles(view: HealthView) -> list[str]:
    """Return what is wrong with the server, in sentences."""
    return [figure.trouble for figure in FIGURES if figure.is_beyond(figure.value(view))]
