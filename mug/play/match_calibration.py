"""What a step, a saved and a restored state cost on this machine, and what the worst tick of a match would."""

from collections import deque
from collections.abc import Iterable
from typing import Final

__all__ = ["Calibration"]

_SAMPLES: Final = 240
_BUDGET_SHARE: Final = 0.6
"""Of a frame's time; the rest is for drawing, packets and whatever else the machine does."""


class Calibration:
    """Times in ms of the last steps, saves and loads."""

    def __init__(self) -> None:
        self._times: dict[str, deque[float]] = {name: deque(maxlen=_SAMPLES) for name in ("step", "save", "load")}

    def add(self, name: str, ms: float) -> None:
        """Take one measurement of "step", "save" or "load"."""
        self._times[name].append(ms)

    @property
    def steps(self) -> int:
        """How many steps were measured, at most a few hundred."""
        return len(self._times["step"])

    def figures(self) -> dict[str, float]:
        """Return the medians, ``step_ms``, ``save_ms``, ``load_ms``; what was not measured is absent."""
        return {f"{name}_ms": round(median(times), 4) for name, times in self._times.items() if times}

    def worst_tick_ms(self, window: int, snapshot_interval: int) -> float | None:
        """Return what a tick with the longest rollback costs: one load, `window` frames again, one new frame.

        None: nothing was measured yet.
        """
        figures = self.figures()
        if "step_ms" not in figures:
            return None
        step, save = figures["step_ms"], figures.get("save_ms", 0.0)
        # A rollback begins at a saved state: up to interval - 1 frames before the first wrong one.
        frames = window + max(snapshot_interval, 1)
        saves = frames / max(snapshot_interval, 1) + 1
        return figures.get("load_ms", 0.0) + frames * step + saves * save

    def warning(self, window: int, snapshot_interval: int, fps: int) -> dict[str, float] | None:
        """Return the figures when the worst tick takes more of a frame than is good, else None."""
        worst = self.worst_tick_ms(window, snapshot_interval)
        frame_ms = 1000.0 / fps
        if worst is None or worst <= _BUDGET_SHARE * frame_ms:
            return None
        return {"worst_tick_ms": round(worst, 3), "frame_ms": round(frame_ms, 3), "window": window, **self.figures()}


def median(values: Iterable[float]) -> float:
    """Return the upper median; 0 of nothing."""
    ordered = sorted(values)
    return ordered[len(ordered) // 2] if ordered else 0.0
