"""What a page says once a second, made plausible: a page may lie, but not in numbers that nothing can be done with."""

import math
from typing import Final

import msgspec

from mug.ids import ParticipantId
from mug.protocol.lab import TelemetryPoint
from mug.protocol.messages import Pulse
from mug.protocol.parts import MatchStatus

__all__ = ["finite", "plausible", "plausible_ms", "point_of"]

PINGS_COUNTED: Final = 10
"""`Pulse.lost` counts the unanswered pings among so many."""

_MAX_MS: Final = 600_000.0
_MAX_COUNT: Final = 1_000_000_000


def plausible(pulse: Pulse) -> Pulse:
    """Return a pulse whose impossible figures are not given."""
    return msgspec.structs.replace(
        pulse,
        rtt_ms=plausible_ms(pulse.rtt_ms),
        jitter_ms=plausible_ms(pulse.jitter_ms),
        frame_rate_hz=plausible_ms(pulse.frame_rate_hz),
        frame_time_p95_ms=plausible_ms(pulse.frame_time_p95_ms),
        lost=min(max(pulse.lost, 0), PINGS_COUNTED),
        episode=_count(pulse.episode),
        frame=_count(pulse.frame),
    )


def point_of(who: ParticipantId, now_ms: float, pulse: Pulse, match: MatchStatus | None) -> TelemetryPoint:
    """Return what the plots show of a plausible pulse.

    Args:
        who: Whose it is.
        now_ms: When it came.
        pulse: The pulse.
        match: What it says of a match that the participant is really in.
    """
    point = TelemetryPoint(
        participant_id=who,
        at_ms=now_ms,
        rtt_ms=pulse.rtt_ms,
        focused=pulse.focused,
        visible=pulse.visible,
        frame_rate_hz=pulse.frame_rate_hz,
        jitter_ms=pulse.jitter_ms,
        loss=pulse.lost / PINGS_COUNTED,
        fullscreen=pulse.fullscreen,
    )
    if match is None:
        return point
    return msgspec.structs.replace(
        point,
        match_id=match.match_id,
        rollbacks=_count(match.rollbacks) or 0,
        depth_mean=plausible_ms(match.depth_mean) or 0.0,
        depth_max=_count(match.depth_max) or 0,
        stalled_ms=plausible_ms(match.stalled_ms) or 0.0,
    )


def finite(value: float | None) -> float | None:
    """Return a number of a page; None for one that is none."""
    return value if value is not None and math.isfinite(value) else None


def plausible_ms(value: float | None) -> float | None:
    """Return a duration, or a rate, of a page; None for one that cannot be."""
    return value if value is not None and math.isfinite(value) and 0 <= value <= _MAX_MS else None


def _count(value: int | None) -> int | None:
    return value if value is not None and 0 <= value <= _MAX_COUNT else None
