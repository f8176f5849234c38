"""Numbers drawn from a key: the same on every machine and with every Python."""

import hashlib
from typing import Final, TypeVar

__all__ = ["Words"]

_T = TypeVar("_T")

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

    def shuffle(self, order: list[_T]) -> None:
        """Bring a list into an order that is drawn, each equally likely (Fisher and Yates)."""
        for last in range(len(order) - 1, 0, -1):
            other = self.below(last + 1)
            order[last], order[other] = order[other], order[last]
