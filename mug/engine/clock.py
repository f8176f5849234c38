"""Time and chance, as arguments: the engine reads neither from the world."""

import hashlib
from datetime import UTC, datetime
from typing import Protocol

__all__ = ["Clock", "Rng", "derive_seed", "iso", "short_hash"]


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


def derive_seed(*parts: object) -> int:
    """Return the 64-bit seed that belongs to `parts`, always the same one."""
    return int.from_bytes(_digest(parts)[:8], "big")


def short_hash(*parts: object) -> str:
    """Return 12 hexadecimal digits that belong to `parts`: the tail of an id."""
    return _digest(parts)[:6].hex()


def _digest(parts: tuple[object, ...]) -> bytes:
    return hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).digest()
