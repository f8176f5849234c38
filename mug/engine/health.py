"""What only the engine knows of how the server is: the round trips of the pages that are here."""

import math

import msgspec

from mug.engine.live import Core
from mug.protocol.lab_console import HealthView

__all__ = ["with_round_trips"]

_SHARE = 0.95


def with_round_trips(core: Core, health: HealthView) -> HealthView:
    """Return `health` with the 95th percentile of the present pages' last round trips to the server."""
    present = (core.presences[who] for who in core.owner.values() if who in core.presences)
    rtts = sorted(presence.rtt_ms for presence in present if presence.rtt_ms is not None)
    if not rtts:
        return health
    return msgspec.structs.replace(health, rtt_p95_ms=rtts[math.ceil(_SHARE * len(rtts)) - 1])
