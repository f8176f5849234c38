"""The doors of a session: newcomers' pages that wait in front of them. Nothing is recorded of who is not in."""

from typing import Final

from mug.engine.effects import ConnectionId, Send
from mug.engine.live import Core
from mug.protocol.care import Held
from mug.protocol.messages import Hello, Refused

__all__ = ["Doors"]

MAX_WAITING: Final = 10_000
_CLOSED: Final = "This session is over. Thank you for your interest."
_FULL: Final = "This session has no more places. Please tell the experimenter."


class Doors:
    """Who waits in front of them, in the order in which they came."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._waiting: dict[ConnectionId, Hello] = {}

    @property
    def waiting(self) -> int:
        """How many pages wait."""
        return len(self._waiting)

    def hold(self, connection: ConnectionId, hello: Hello) -> bool:
        """Have a newcomer's page wait, where the doors are closed; returns whether it waits (or was refused)."""
        core = self._core
        if core.state.doors_are_open:
            return False
        if connection not in self._waiting and len(self._waiting) >= MAX_WAITING:
            core.emit(Send(connection, Refused(reason="full", message=_FULL)))
            return True
        if connection not in self._waiting:
            core.say("info", "somebody waits for the doors to open")
        self._waiting[connection] = hello
        core.after_commit(Send(connection, Held(why="doors")))
        return True

    def gone(self, connection: ConnectionId) -> None:
        """A page is gone, or it is in."""
        self._waiting.pop(connection, None)

    def opened(self) -> list[tuple[ConnectionId, Hello]]:
        """The doors are open: return who comes in now."""
        waiting, self._waiting = self._waiting, {}
        return list(waiting.items())

    def session_over(self) -> None:
        """The doors do not open any more."""
        for connection, _ in self.opened():
            self._core.after_commit(Send(connection, Refused(reason="closed", message=_CLOSED)))
