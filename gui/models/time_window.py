"""Which stretch of time the plots show: it follows now, or stands still where somebody looks."""

import time
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, Signal, Slot

__all__ = ["LONGEST_S", "SHORTEST_S", "TimeWindow"]

SHORTEST_S: Final = 10.0
LONGEST_S: Final = 7_200.0
_SNAP_S: Final = 0.5


class TimeWindow(QObject):
    """A stretch of time that several plots share.

    Attributes:
        span_s: How long it is.

    Signals:
        changed: It was moved, stretched, stopped, or follows again. Time that goes on is no change.

    Runs on: GUI thread.
    """

    changed = Signal()

    def __init__(
        self, span_s: float = 120.0, *, now: Callable[[], float] = time.time, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.span_s = span_s
        self._now = now
        self._end_s: float | None = None

    @property
    def follows(self) -> bool:
        """Whether its right edge is now."""
        return self._end_s is None

    def edges(self) -> tuple[float, float]:
        """Return the left and the right edge, Unix seconds."""
        end = self._now() if self._end_s is None else self._end_s
        return end - self.span_s, end

    @Slot()
    def follow(self) -> None:
        """Go on with the time."""
        if self._end_s is not None:
            self._end_s = None
            self.changed.emit()

    @Slot()
    def hold(self) -> None:
        """Stand still."""
        if self._end_s is None:
            self._end_s = self._now()
            self.changed.emit()

    def show_span(self, span_s: float) -> None:
        """Show this long a stretch, with the same right edge."""
        span_s = min(max(span_s, SHORTEST_S), LONGEST_S)
        if span_s != self.span_s:
            self.span_s = span_s
            self.changed.emit()

    def show(self, start_s: float, end_s: float) -> None:
        """Show a stretch; one that reaches now follows on."""
        now = self._now()
        start_s, end_s = min(start_s, end_s), min(max(start_s, end_s), now)
        self.span_s = min(max(end_s - start_s, SHORTEST_S), LONGEST_S)
        self._end_s = None if end_s >= now - _SNAP_S else max(end_s, now - LONGEST_S)
        self.changed.emit()

    def zoom(self, factor: float, at_s: float | None = None) -> None:
        """Stretch (`factor` above 1) or shrink around a moment; around the right edge where none is given."""
        start, end = self.edges()
        at = end if at_s is None else min(max(at_s, start), end)
        span = min(max((end - start) * factor, SHORTEST_S), LONGEST_S)
        if self.follows and (at_s is None or at >= end - 0.02 * (end - start)):
            self.show_span(span)
            return
        share = (end - at) / (end - start)
        self.show(at + share * span - span, at + share * span)

    def pan(self, by_s: float) -> None:
        """Move by so many seconds; beyond now it follows."""
        if by_s:
            start, end = self.edges()
            self.show(start + by_s, end + by_s) if end + by_s < self._now() else self._to_now()

    def _to_now(self) -> None:
        self._end_s = None
        self.changed.emit()
