"""Numbers drawn from a key: the same on every machine and with every Python."""

import hashlib
from typing import Final

__all__ = ["Words"]

_MASK: Final = 2**64 - 1


class Words:
    """An endless row of 64-bit numbers made of a key."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._count = 0

    def below(self, bound: int) -> int:
        """Return a number from 0 to `bound` - 1, each equally likely."""
        limit = (_MASK + 1) - (_MASK + 1) % bound
        while True:
            digest = hashlib.sha256(f"{self._key}:{self._count}".encode()).digest()
            self._count += 1
            word = int.from_bytes(digest[:8], "big")
            if word < limit:
                return word % bound
