"""Messages between two players that nothing loses: numbered, acknowledged, repeated until acknowledged, in order.

The control channel is reliable by itself, but a change of paths swallows what is under way on the old one.
"""

from collections import deque
from typing import Final

__all__ = ["ControlLine", "ControlOverflowError"]

_IN_FLIGHT: Final = 32
_MAX_WAITING: Final = 4096
_MAX_EARLY: Final = 64
_BACKOFF_MS: Final = 1000.0


class ControlOverflowError(Exception):
    """The other side acknowledges nothing, and more is waiting than can be kept."""


class ControlLine:
    """Both directions of the control messages with one player."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[int, bytes]] = deque()
        self._next_number = 1
        self._sent_ms: dict[int, float] = {}
        self._repeats = 0
        self._received = 0
        self._early: dict[int, bytes] = {}
        self.acknowledgement_due = False

    def __len__(self) -> int:
        """How many messages wait for their acknowledgement."""
        return len(self._waiting)

    @property
    def received(self) -> int:
        """The number up to which all messages came."""
        return self._received

    @property
    def early(self) -> int:
        """How many messages came before an earlier one."""
        return len(self._early)

    def say(self, body: bytes) -> None:
        """Queue a message.

        Raises:
            ControlOverflowError: Too many wait.
        """
        if len(self._waiting) >= _MAX_WAITING:
            raise ControlOverflowError
        self._waiting.append((self._next_number, body))
        self._next_number += 1

    def due(self, now_ms: float, repeat_ms: float) -> list[tuple[int, bytes]]:
        """Return the messages to send now: new ones, and those that were not acknowledged in time."""
        if not self._waiting:
            return []
        due = []
        # Each round without any acknowledgement waits longer, so that a dead path is not flooded.
        repeat_ms = min(repeat_ms * 2 ** min(self._repeats, 4), max(repeat_ms, _BACKOFF_MS))
        repeated = False
        for place, (number, body) in enumerate(self._waiting):
            if place >= _IN_FLIGHT:
                break
            sent_ms = self._sent_ms.get(number)
            if sent_ms is None or now_ms - sent_ms >= repeat_ms:
                repeated = repeated or sent_ms is not None
                self._sent_ms[number] = now_ms
                due.append((number, body))
        self._repeats += repeated
        return due

    def resend(self) -> None:
        """Send everything again at once: there is a new path."""
        self._sent_ms.clear()
        self._repeats = 0
        self.acknowledgement_due = True

    def acknowledge(self, number: int) -> bool:
        """Forget messages up to `number`; False when there never was such a message."""
        if number >= self._next_number:
            return False
        while self._waiting and self._waiting[0][0] <= number:
            done, _body = self._waiting.popleft()
            self._sent_ms.pop(done, None)
            self._repeats = 0
        return True

    def receive(self, number: int, body: bytes) -> list[bytes] | None:
        """Take a message.

        Returns:
            The messages that are next in order now, maybe none; None when this one is too far ahead.
        """
        if number == 0:
            return []
        if number > self._received + _MAX_EARLY:
            return None
        self.acknowledgement_due = True
        if number > self._received:
            self._early[number] = body
        bodies = []
        while self._received + 1 in self._early:
            self._received += 1
            bodies.append(self._early.pop(self._received))
        return bodies
