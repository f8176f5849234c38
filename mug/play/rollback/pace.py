"""How our own clock goes: a little slower or a frame left out when we are ahead, standing still at the window's end."""

from collections.abc import Iterable

from mug.play.rollback.figures import Figures
from mug.play.rollback.peer import Peer
from mug.play.rollback.requests import Event
from mug.play.rollback.time_sync import SKIP_FROM_FRAMES, SKIP_PAUSE_FRAMES, stretch

__all__ = ["Pace"]


class Pace:
    """Stretching, skipping and stalling of one peer.

    Args:
        figures: Where it is counted.
        events: Where stalls are told.
        window: Frames that may be predicted.

    Attributes:
        speed: Factor on the frame time until the next tick.
    """

    def __init__(self, figures: Figures, events: list[Event], window: int) -> None:
        self.speed = 1.0
        self._figures = figures
        self._events = events
        self._window = window
        self._skip = 0
        self._skipped_at = 0
        self._stalled_from_ms: float | None = None

    @property
    def stalled(self) -> bool:
        """The game stands still until more inputs come."""
        return self._stalled_from_ms is not None

    def begin_episode(self) -> None:
        """Forget the last episode."""
        self.speed = 1.0
        self._skip = 0
        self._skipped_at = 0

    def skips(self) -> bool:
        """Whether this frame time is left out."""
        if self._skip == 0:
            return False
        self._skip -= 1
        self._figures.skipped += 1
        return True

    def keep(self, frame: int, live: Iterable[Peer]) -> None:
        """Look at how far we are ahead of whom we are most ahead of, having stepped up to `frame`."""
        ahead = max((peer.sync.ahead for peer in live), default=0.0)
        self.speed = stretch(ahead)
        if ahead >= SKIP_FROM_FRAMES and frame - self._skipped_at >= SKIP_PAUSE_FRAMES:
            self._skip = min(int(ahead), max(self._window, 1))
            self._skipped_at = frame
            for peer in live:
                peer.sync.clear()

    def stall(self, now_ms: float) -> None:
        """Count a frame time that we wait; the first one is told."""
        self._figures.stalled_ticks += 1
        if self._stalled_from_ms is None:
            self._stalled_from_ms = now_ms
            self._figures.stalls += 1
            self._events.append(Event("stalled", {"ms": 0.0}))

    def unstall(self, now_ms: float) -> None:
        """Go on, if we waited."""
        if self._stalled_from_ms is not None:
            lasted_ms = now_ms - self._stalled_from_ms
            self._stalled_from_ms = None
            self._figures.stalled_ms += lasted_ms
            self._events.append(Event("unstalled", {"ms": lasted_ms}))
