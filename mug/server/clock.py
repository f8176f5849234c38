"""The time of a session: true when the server starts, and from then on without leaps."""

import time
from collections.abc import Callable
from typing import Final

__all__ = ["SteadyClock"]

# Those that run on while the computer sleeps: Linux, macOS. Elsewhere (Windows) `time.monotonic` does.
_KINDS: Final = ("CLOCK_BOOTTIME", "CLOCK_MONOTONIC_RAW")


def _elapsed_s() -> float:
    kind = next((getattr(time, name) for name in _KINDS if hasattr(time, name)), None)
    return time.monotonic() if kind is None else time.clock_gettime(kind)


class SteadyClock:
    """Unix time that only ever runs on.

    The computer's own clock may be set while people wait and play, by hand or by a time server. If what is measured
    with it (how long somebody waits, is away or is silent) followed such a leap, everybody's time would be up at once,
    or nobody's for hours. So it is read once, and after that the time that went by is added to it.
    """

    def __init__(self, wall_s: Callable[[], float] = time.time, elapsed_s: Callable[[], float] = _elapsed_s) -> None:
        self._elapsed_s = elapsed_s
        self._start_s = wall_s() - elapsed_s()

    def now_ms(self) -> float:
        """Unix time in milliseconds."""
        return (self._start_s + self._elapsed_s()) * 1000
