"""When the next frame is due, and how late frames came."""

from dataclasses import dataclass
from typing import Any, Final

__all__ = ["FrameClock", "Lateness"]

MAX_BEHIND_FRAMES: Final = 4
"""A game that is further behind does not hurry after its clock: the clock waits for it."""


@dataclass(frozen=True)
class Lateness:
    """How late the frames of some time came.

    Attributes:
        frames: How many there were.
        late: Of these, how many came more than half a frame time late.
        median_ms: Half of them were not later. p99_ms: 99 of 100. worst_ms: none was.
        lost_ms: By how much the clock was put back, because the game could not follow.
    """

    frames: int
    late: int
    median_ms: float
    p99_ms: float
    worst_ms: float
    lost_ms: float

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON can carry it."""
        return {
            "frames": self.frames,
            "late_frames": self.late,
            "lateness_median_ms": self.median_ms,
            "lateness_p99_ms": self.p99_ms,
            "lateness_worst_ms": self.worst_ms,
            "lost_ms": self.lost_ms,
        }


class FrameClock:
    """Frames are due at an even pace, whatever each of them took; times in seconds.

    Attributes:
        due_s: When the next frame is due.
        late_frames: How many came more than half a frame time late, in all.
    """

    def __init__(self, fps: int, now_s: float) -> None:
        self.frame_s = 1.0 / fps
        self.due_s = now_s
        self.late_frames = 0
        self._late: list[float] = []
        self._lost_s = 0.0

    def go_on(self, now_s: float, wait_s: float = 0.0) -> None:
        """The game begins, or goes on after a pause: the next frame is due in `wait_s`."""
        self.due_s = now_s + wait_s

    def begun(self, now_s: float) -> None:
        """The frame that was due has begun; the next one is due a frame time after this one was."""
        late_s = max(0.0, now_s - self.due_s)
        self._late.append(late_s)
        self.late_frames += late_s > self.frame_s / 2
        self.due_s += self.frame_s

    def catch_up(self, now_s: float, wait_s: float = 0.0) -> None:
        """After a frame's work: the next one comes `wait_s` later; what cannot be made good any more is given up."""
        self.due_s += wait_s
        behind_s = now_s - self.due_s
        if behind_s > MAX_BEHIND_FRAMES * self.frame_s:
            self._lost_s += behind_s
            self.due_s = now_s

    def take_lateness(self) -> Lateness:
        """Return how late the frames since the last call came."""
        late, lost = sorted(self._late), self._lost_s
        self._late, self._lost_s = [], 0.0
        if not late:
            return Lateness(0, 0, 0.0, 0.0, 0.0, round(1000 * lost, 2))
        return Lateness(
            frames=len(late),
            late=sum(value > self.frame_s / 2 for value in late),
            median_ms=round(1000 * late[len(late) // 2], 3),
            p99_ms=round(1000 * late[min(len(late) - 1, int(0.99 * len(late)))], 3),
            worst_ms=round(1000 * late[-1], 3),
            lost_ms=round(1000 * lost, 2),
        )
