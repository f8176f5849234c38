"""Keep the players' clocks together: whoever is ahead slows down a little (GGRS's window, Slippi's gentle stretch).

An advantage is how many frames the other player seems to be ahead: their last input's frame, plus the frames of the way
it took (half a round trip: a whole one makes both believe they are behind), minus our own. Each player sees the way's
error with the opposite sign, so half the difference of what both see is free of it.
"""

from collections import deque
from typing import Final

__all__ = ["MAX_STRETCH", "SAMPLES", "SKIP_FROM_FRAMES", "SKIP_PAUSE_FRAMES", "TimeSync", "stretch"]

SAMPLES: Final = 30
MAX_STRETCH: Final = 0.01
"""The frame time grows by at most so much: nobody sees 1 % (Slippi)."""
FULL_STRETCH_FRAMES: Final = 0.5
"""So far ahead, the frame time grows by all of it. Clocks differ by far less than 1 %, so a pair settles well below."""
SKIP_FROM_FRAMES: Final = 3
"""Whole frames are skipped only by who is at least so far ahead (GGPO, GGRS)."""
SKIP_PAUSE_FRAMES: Final = 60
"""Frames between two skips (GGRS)."""


class TimeSync:
    """Mean advantages over the last `SAMPLES` of one pair of players, in frames."""

    def __init__(self) -> None:
        self._local: deque[float] = deque(maxlen=SAMPLES)
        self._remote: deque[float] = deque(maxlen=SAMPLES)
        self._local_sum = 0.0
        self._remote_sum = 0.0

    def add(self, local: float, remote: float) -> None:
        """Take one sample: the advantage as we see it, and as the other player told it."""
        if len(self._local) == SAMPLES:
            self._local_sum -= self._local[0]
            self._remote_sum -= self._remote[0]
        self._local.append(local)
        self._remote.append(remote)
        self._local_sum += local
        self._remote_sum += remote

    @property
    def samples(self) -> int:
        """How many samples there are."""
        return len(self._local)

    @property
    def advantage(self) -> float:
        """Frames that the other player seems to be ahead; negative: we are."""
        return self._local_sum / len(self._local) if self._local else 0.0

    @property
    def ahead(self) -> float:
        """Frames that we are ahead of the other player; negative: behind."""
        return (self._remote_sum - self._local_sum) / (2 * len(self._local)) if self._local else 0.0

    def clear(self) -> None:
        """Forget the samples: the clocks have just been moved."""
        self.__init__()  # type: ignore[misc]  # there is no subclass whose __init__ asks for more


def stretch(ahead: float) -> float:
    """Return the factor on the frame time of who is `ahead` frames ahead: 1.0 to 1 + `MAX_STRETCH`."""
    return 1.0 + MAX_STRETCH * min(max(ahead, 0.0) / FULL_STRETCH_FRAMES, 1.0)
