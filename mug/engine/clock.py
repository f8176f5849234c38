"""Time and chance, as arguments: the engine reads neither from the world."""

import hashlib
from datetime import UTC, datetime
from typing import Protocol

__all__ = ["Clock", "Rng", "derive_seed", "iso", "ms_of", "short_hash", "since_ms"]


class Clock(Protocol):
    """Says what time it is."""

    def now_ms(self) -> float:
        """Unix time in milliseconds."""
        ...


class Rng(Protocol):
    """Draws random bits: `random.SystemRandom` in a server, `random.Random(seed)` in a test."""

    def getrandbits(self, k: int, /) -> int:
        """Return `k` random bits."""
        ...


def iso(now_ms: float) -> str:
    """Write a time as ISO-8601 UTC with milliseconds."""
    return datetime.fromtimestamp(now_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def ms_of(at: str) -> float:
    """Read a time that `iso` wrote."""
    return datetime.fromisoformat(at).timestamp() * 1000


def since_ms(before: str, after: str) -> float:
    """How long it is from one written time to a later one; 0 when the clock was set back between them."""
    return max(ms_of(after) - ms_of(before), 0.0)


def derive_seed(*parts: object) -> int:
    """Return the 64-bit seed that belongs to `parts`, always the same one."""
    return int.from_bytes(_digest(parts)[:8], "big")


def short_hash(*parts: object) -> str:
    """Return 12 hexadecimal digits that belong to `parts`: the tail of an id."""
    return _digest(parts)[:6].hex()


def _digest(parts: tuple[object, ...]) -> bytes:
    return hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).digest()
