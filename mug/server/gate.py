"""The edge: how large and how many a page's messages may be, before anything is made of them."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["MAX_TEXT_CHARS", "Bucket", "Gate", "Refusal", "weigh"]

MAX_TEXT_CHARS: Final = 128 * 1024
MAX_BYTES: Final = 512 * 1024
MAX_ITEMS: Final = 20_000
NOT_UNICODE: Final = "text with half a character, which cannot be stored"
MAX_STRIKES: Final = 2_000
"""Refused messages after which a connection is closed."""

_RATES: Final = {
    "participant.pulse": (5.0, 30.0),
    "chunk.put": (100.0, 500.0),
    "peer.relay": (400.0, 800.0),
    "peer.signal": (50.0, 300.0),
    "server.keys": (100.0, 300.0),
    "server.seen": (250.0, 500.0),
}
_OTHER: Final = (20.0, 100.0)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a message is not taken. `code`: too_large, rate, invalid, foreign_match or foreign_agent."""

    code: str
    detail: str


@dataclass(slots=True)
class Bucket:
    """A token bucket: `rate_hz` a second, at most `burst` at once; `level` are left at `at_s`."""

    rate_hz: float
    burst: float
    level: float
    at_s: float

    def take(self, now_s: float, amount: float = 1.0) -> bool:
        """Take `amount` out of it; False, and nothing is taken, when there is not so much."""
        self.level = min(self.burst, self.level + (now_s - self.at_s) * self.rate_hz)
        self.at_s = now_s
        if self.level < amount:
            return False
        self.level -= amount
        return True


@dataclass(slots=True)
class Gate:
    """Bounds the messages of one connection."""

    clock_s: Callable[[], float] = time.monotonic
    strikes: int = 0
    _buckets: dict[str, Bucket] = field(default_factory=dict)

    @property
    def exhausted(self) -> bool:
        """Whether so much was refused that the connection is to be closed."""
        return self.strikes > MAX_STRIKES

    def refuses(self, obj: object) -> Refusal | None:
        """Say why `obj` is not taken; None when it is."""
        op = obj.get("op") if isinstance(obj, dict) else None
        name = op if isinstance(op, str) and op in _RATES else ""
        refusal: Refusal | None = None
        if not self._bucket(name).take(self.clock_s()):
            refusal = Refusal("rate", f"at most {self._bucket(name).rate_hz:.0f} a second")
        elif heavy := weigh(obj):
            refusal = Refusal("invalid" if heavy == NOT_UNICODE else "too_large", heavy)
        if refusal is not None:
            self.strikes += 1
        return refusal

    def _bucket(self, name: str) -> Bucket:
        bucket = self._buckets.get(name)
        if bucket is None:
            rate_hz, burst = _RATES.get(name, _OTHER)
            bucket = self._buckets[name] = Bucket(rate_hz, burst, burst, self.clock_s())
        return bucket


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def weigh(obj: object) -> str:
    """Say in words what of a message is too large, or cannot be stored; empty when nothing is. Bounded in cost, too."""
    chars = size = items = 0
    stack: list[Any] = [obj]
    while stack:
        value = stack.pop()
        items += 1
        if isinstance(value, str):
            chars += len(value)
            if not value.isascii() and not _is_unicode(value):
                return NOT_UNICODE
        elif isinstance(value, bytes | bytearray):
            size += len(value)
        elif isinstance(value, dict):
            stack.extend(value.values())
            stack.extend(value.keys())
        elif isinstance(value, list | tuple):
            stack.extend(value)
        if items + len(stack) > MAX_ITEMS:
            return f"at most {MAX_ITEMS} values"
        if chars > MAX_TEXT_CHARS:
            return f"at most {MAX_TEXT_CHARS} characters of text"
        if size > MAX_BYTES:
            return f"at most {MAX_BYTES} bytes"
    return ""
