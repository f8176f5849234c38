"""Two hours of pulses per participant in numpy rings, and what the plots draw of them."""

from collections.abc import Iterable, Sequence
from enum import IntEnum
from math import nan
from typing import Any

import numpy as np
import numpy.typing as npt

from gui.models.metrics import Metric, values_of
from mug.protocol.lab import TelemetryPoint

__all__ = [
    "CAPACITY",
    "GAP_S",
    "PUT_BACK_S",
    "Attention",
    "Pulses",
    "Segments",
    "TelemetryHistory",
    "attention_segments",
    "fullscreen_stretches",
    "thin",
]

CAPACITY = 7_200
"""Pulses kept per participant: two hours at one a second."""

_FIRST = 256
_MOST = 1e30

GAP_S = 3.5
"""Without a pulse for this long, the participant's page was out of reach."""

PUT_BACK_S = 10.0
"""A moment that is so much older than the newest was told by a clock that has been put back since."""

Floats = npt.NDArray[np.float64]


class Attention(IntEnum):
    """Where a participant's attention could be."""

    FOCUSED = 0
    UNFOCUSED = 1  # the page is visible, but another window has the focus
    HIDDEN = 2  # another tab, or minimised
    LOST = 3  # no pulses arrived


class Pulses:
    """One participant's pulses, the newest `CAPACITY`, in order of arrival.

    The buffers grow with the session up to twice the capacity; when they are full, the newest half moves to the front.
    So the newest pulses are always one contiguous view, and a short session takes little memory.

    Attributes:
        version: Rises with every pulse.
        colour_index: The participant's place in the order of arrival.
    """

    def __init__(self, colour_index: int) -> None:
        self.version = 0
        self.colour_index = colour_index
        self._first = self._end = 0
        self._at_s = np.zeros(_FIRST, dtype=np.float64)
        self._values = np.zeros((len(Metric), _FIRST), dtype=np.float32)
        self._states = np.zeros((2, _FIRST), dtype=np.uint8)

    def __len__(self) -> int:
        return self._end - self._first

    def append(self, at_s: float, values: Sequence[float], attention: Attention, *, fullscreen: bool = False) -> None:
        """Add one pulse; one that is a little older than the newest is dropped, for the time axis only goes on.

        One that is much older means that the server's clock was put back: what was drawn beyond it is forgotten.

        Args:
            at_s: Unix seconds.
            values: One for each `Metric`, NaN where there is none.
            attention: Where the participant's attention could be.
            fullscreen: Whether the page fills the screen.
        """
        if len(self) and at_s <= self._at_s[self._end - 1]:
            if at_s > self._at_s[self._end - 1] - PUT_BACK_S:
                return
            self._end = self._first + int(np.searchsorted(self.at_s, at_s))
        self._make_room()
        self._at_s[self._end] = at_s
        self._values[:, self._end] = [value if abs(value) < _MOST else nan for value in values]
        self._states[:, self._end] = attention, fullscreen
        self._end += 1
        self._first = max(0, self._end - CAPACITY)
        self.version += 1

    def _make_room(self) -> None:
        size = len(self._at_s)
        if self._end < size:
            return
        if size < 2 * CAPACITY:
            more = min(size, 2 * CAPACITY - size)
            self._at_s = np.pad(self._at_s, (0, more))
            self._values = np.pad(self._values, ((0, 0), (0, more)))
            self._states = np.pad(self._states, ((0, 0), (0, more)))
            return
        kept = len(self)
        for buffer in (self._at_s, self._values, self._states):
            buffer[..., :kept] = buffer[..., self._first : self._end].copy()
        self._first, self._end = 0, kept

    @property
    def at_s(self) -> Floats:
        """Unix seconds, ascending: (n,) float64, a view."""
        return self._at_s[self._first : self._end]

    def values(self, metric: Metric) -> npt.NDArray[np.float32]:
        """One figure, NaN where none was measured: (n,) float32, a view."""
        return self._values[metric, self._first : self._end]

    @property
    def attention(self) -> npt.NDArray[np.uint8]:
        """`Attention` codes: (n,) uint8, a view."""
        return self._states[0, self._first : self._end]

    @property
    def fullscreen(self) -> npt.NDArray[np.uint8]:
        """1 where the page filled the screen: (n,) uint8, a view."""
        return self._states[1, self._first : self._end]


class Segments:
    """Stretches of one attention. `start_s` and `end_s`: (k,) float64; `code`: (k,) uint8."""

    def __init__(self, start_s: Floats, end_s: Floats, code: npt.NDArray[np.uint8]) -> None:
        self.start_s = start_s
        self.end_s = end_s
        self.code = code


class TelemetryHistory:
    """All participants' pulses.

    Attributes:
        version: Rises when anything changed.
    """

    def __init__(self) -> None:
        self.version = 0
        self._by_participant: dict[str, Pulses] = {}

    def clear(self) -> None:
        """Forget everything, as on a new snapshot."""
        self._by_participant.clear()
        self.version += 1

    def add(self, points: Iterable[TelemetryPoint]) -> None:
        """Take up pulses."""
        for point in points:
            pulses = self.pulses(point.participant_id)
            if not point.visible:
                attention = Attention.HIDDEN
            else:
                attention = Attention.FOCUSED if point.focused else Attention.UNFOCUSED
            pulses.append(point.at_ms / 1000.0, values_of(point), attention, fullscreen=point.fullscreen)
            self.version += 1

    def pulses(self, participant_id: str) -> Pulses:
        """Return the pulses of a participant, who gets a place here when new."""
        if participant_id not in self._by_participant:
            self._by_participant[participant_id] = Pulses(len(self._by_participant))
        return self._by_participant[participant_id]

    def participants(self) -> list[str]:
        """Return the participants in order of arrival."""
        return list(self._by_participant)


def attention_segments(pulses: Pulses, now_s: float, *, live: bool) -> Segments:
    """Join pulses of equal attention into stretches; silence longer than `GAP_S` becomes a lost one.

    Args:
        pulses: One participant's.
        now_s: Unix seconds.
        live: Whether pulses are still expected: then the silence since the last one counts too.
    """
    return _segments(pulses.at_s, pulses.attention, now_s, live=live)


def fullscreen_stretches(pulses: Pulses, now_s: float, *, live: bool) -> tuple[Floats, Floats]:
    """Return the beginnings and ends of the stretches in which the page filled the screen: (k,) float64 each."""
    found = _segments(pulses.at_s, pulses.fullscreen, now_s, live=live)
    fills = found.code == 1
    return found.start_s[fills], found.end_s[fills]


def _segments(at: Floats, code: npt.NDArray[np.uint8], now_s: float, *, live: bool) -> Segments:
    if len(at) == 0:
        empty = np.zeros(0, dtype=np.float64)
        return Segments(empty, empty, np.zeros(0, dtype=np.uint8))
    gap_after = np.diff(at) > GAP_S
    first = np.concatenate(([0], np.flatnonzero(gap_after | (np.diff(code.astype(np.int16)) != 0)) + 1))
    last = np.concatenate((first[1:] - 1, [len(at) - 1]))
    start = at[first]
    until_next = np.concatenate((start[1:], [at[-1] + 1.0]))
    broken = np.concatenate((gap_after[last[:-1]], [False]))
    silent_now = live and now_s - at[-1] > GAP_S
    if silent_now:
        until_next[-1] = now_s
        broken[-1] = True
    elif live:
        until_next[-1] = max(until_next[-1], now_s)
    heard_until = np.where(broken, np.minimum(at[last] + 1.0, until_next), until_next)
    lost_start, lost_end = heard_until[broken], until_next[broken]
    starts = np.concatenate((start, lost_start))
    ends = np.concatenate((heard_until, lost_end))
    codes = np.concatenate((code[first], np.full(len(lost_start), Attention.LOST, dtype=np.uint8)))
    order = np.argsort(starts, kind="stable")
    return Segments(starts[order], ends[order], codes[order])


def thin(
    x: Floats, values: npt.NDArray[np.floating[Any]], start: float, end: float, width_px: int
) -> tuple[Floats, Floats]:
    """Return the points between `start` and `end`, at most two a pixel: the least and the greatest.

    One point on either side is kept, so that lines leave the picture where they should; silences longer than
    `GAP_S` break the line by a NaN.

    Args:
        x: Ascending seconds, (n,).
        values: One for each of `x`, (n,).
        start: The left edge.
        end: The right edge.
        width_px: The width of the picture.
    """
    first = max(0, int(np.searchsorted(x, start)) - 1)
    last = min(len(x), int(np.searchsorted(x, end, side="right")) + 1)
    x = x[first:last]
    y: Floats = values[first:last].astype(np.float64)
    buckets = max(1, width_px)
    if len(x) > 2 * buckets:
        size = int(np.ceil(len(x) / buckets))
        whole = len(x) // size * size
        parts = np.where(np.isnan(y[:whole]), np.inf, y[:whole]).reshape(-1, size)
        low = parts.argmin(axis=1)
        high = np.where(np.isinf(parts), -np.inf, parts).argmax(axis=1)
        base = np.arange(len(parts)) * size
        keep = np.unique(np.concatenate((base + low, base + high, np.arange(whole, len(x)))))
        x, y = x[keep], y[keep]
    silent = np.flatnonzero(np.diff(x) > max(GAP_S, 4.0 * (end - start) / buckets))
    if len(silent):
        x = np.insert(x, silent + 1, x[silent] + 0.5)
        y = np.insert(y, silent + 1, np.nan)
    return x, y
