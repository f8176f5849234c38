"""What a page says once a second, made plausible: a page may lie, but not in numbers that nothing can be done with."""

import math
from typing import Final

import msgspec

from mug.protocol.messages import Pulse

__all__ = ["plausible"]

_MAX_MS: Final = 600_000.0
_MAX_COUNT: Final = 1_000_000_000


def plausible(pulse: Pulse) -> Pulse:
    """Return a pulse whose impossible figures are not given."""
    return msgspec.structs.replace(
        pulse,
        rtt_ms=_duration(pulse.rtt_ms),
        jitter_ms=_duration(pulse.jitter_ms),
        frame_rate_hz=_duration(pulse.frame_rate_hz),
        frame_time_p95_ms=_duration(pulse.frame_time_p95_ms),
        lost=min(max(pulse.lost, 0), 10),
        episode=_count(pulse.episode),
        frame=_count(pulse.frame),
    )


def _duration(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) and 0 <= value <= _MAX_MS else None


def _count(value: int | None) -> int | None:
    return value if value is not None and 0 <= value <= _MAX_COUNT else None
