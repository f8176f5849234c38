"""What the way to one player is like: round trips, their jitter, losses, and packets that came before."""

from collections import deque
from itertools import pairwise
from typing import Final

__all__ = ["RoundTrips", "SequenceWindow"]

_HISTORY: Final = 10
_OUTSTANDING: Final = 64
_SEEN: Final = 128
_MAX_JUMP: Final = 2**16
_LOSS_WINDOW: Final = 128


class RoundTrips:
    """Round trips of pings, the time in the other's hands taken off.

    Attributes:
        count: Pongs that came.
    """

    def __init__(self) -> None:
        self._sent: dict[int, float] = {}
        self._history: deque[float] = deque(maxlen=_HISTORY)
        self._next = 1
        self._mean = 0.0
        self.count = 0

    def ping(self, now_ms: float) -> int:
        """Return the name of a ping that leaves now."""
        ident = self._next
        self._next = ident % 0xFFFFFFFF + 1
        self._sent[ident] = now_ms
        if len(self._sent) > _OUTSTANDING:
            del self._sent[next(iter(self._sent))]
        return ident

    def pong(self, ident: int, hold_ms: float, at_ms: float) -> bool:
        """Take an answer; False when no such ping is out."""
        sent_ms = self._sent.pop(ident, None)
        if sent_ms is None:
            return False
        self._history.append(max(at_ms - sent_ms - hold_ms, 0.0))
        self._mean = sum(self._history) / len(self._history)
        self.count += 1
        return True

    @property
    def mean_ms(self) -> float:
        """Mean of the last round trips; 0 before the first."""
        return self._mean

    @property
    def median_ms(self) -> float:
        """Median of the last round trips; 0 before the first."""
        ordered = sorted(self._history)
        return ordered[len(ordered) // 2] if ordered else 0.0

    @property
    def jitter_ms(self) -> float:
        """Mean difference of one round trip and the next."""
        trips = list(self._history)
        if len(trips) < 2:
            return 0.0
        return sum(abs(b - a) for a, b in pairwise(trips)) / (len(trips) - 1)


class SequenceWindow:
    """Numbers of packets: which came already, and how many never came.

    Attributes:
        loss: Share of the last packets that were lost, 0 to 1.
    """

    def __init__(self) -> None:
        self._highest = 0
        self._bits = 0
        self._came = 0
        self._counted_from = 0
        self.loss = 0.0

    def add(self, number: int) -> str:
        """Take a packet's number.

        Returns:
            "" for a new one, else why it is to be dropped: "replayed", "late" (too old to tell) or "jump".
        """
        ahead = number - self._highest
        if ahead > 0:
            if ahead > _MAX_JUMP:
                return "jump"
            self._bits = (self._bits << ahead | 1) & ((1 << _SEEN) - 1) if ahead < _SEEN else 1
            self._highest = number
            self._came += 1
            if number - self._counted_from >= _LOSS_WINDOW:
                self.loss = min(max(1.0 - self._came / (number - self._counted_from), 0.0), 1.0)
                self._counted_from = number
                self._came = 0
            return ""
        if -ahead >= _SEEN:
            return "late"
        bit = 1 << -ahead
        if self._bits & bit:
            return "replayed"
        self._bits |= bit
        self._came += 1
        return ""
