"""How long policies' decisions take: counted in small buckets, so that a long match needs no long list."""

import math
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["DecisionFigures", "DecisionTimes"]

_STEP: Final = math.log(1.02)
_LEAST_MS: Final = 1e-4


@dataclass(frozen=True)
class DecisionFigures:
    """What one agent's policy took in a match.

    Attributes:
        agent: The agent.
        policy: The policy's name.
        decisions: How many were made, those that a rollback made again included.
        median_ms: Half of them took no longer.
        p99_ms: 99 of 100 took no longer.
        late: How many took longer than a frame, or were not waited for.
    """

    agent: str
    policy: str
    decisions: int
    median_ms: float
    p99_ms: float
    late: int

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as JSON can carry them."""
        return {
            "agent": self.agent,
            "policy": self.policy,
            "decisions": self.decisions,
            "median_ms": self.median_ms,
            "p99_ms": self.p99_ms,
            "late": self.late,
        }


class DecisionTimes:
    """The times of one policy's decisions, to 2 %.

    Args:
        frame_ms: One frame's time.
    """

    def __init__(self, frame_ms: float) -> None:
        self.frame_ms = frame_ms
        self.count = 0
        self.late = 0
        self._buckets: dict[int, int] = {}

    def add(self, ms: float, *, missed: bool = False) -> bool:
        """Count a decision, which was not waited for when it is `missed`; returns whether it is late."""
        bucket = round(math.log(max(ms, _LEAST_MS)) / _STEP)
        self._buckets[bucket] = self._buckets.get(bucket, 0) + 1
        self.count += 1
        is_late = missed or ms > self.frame_ms
        self.late += is_late
        return is_late

    def quantile(self, share: float) -> float:
        """Return the time that this share of the decisions did not exceed, in ms; 0 without decisions."""
        left = math.ceil(share * self.count)
        for bucket in sorted(self._buckets):
            left -= self._buckets[bucket]
            if left <= 0:
                return round(math.exp(bucket * _STEP), 4)
        return 0.0

    def figures(self, agent: str, policy: str) -> DecisionFigures:
        """Return the figures."""
        return DecisionFigures(agent, policy, self.count, self.quantile(0.5), self.quantile(0.99), self.late)
