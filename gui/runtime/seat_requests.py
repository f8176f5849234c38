"""What MUG Lab asks of the desks' pages, by way of the server."""

import uuid
from collections.abc import Callable

from gui.runtime.lab_bridge import LabBridge
from mug.protocol.lab_console import AskSeats, ProbeSeats

__all__ = ["SeatRequests"]


class SeatRequests:
    """Sends requests about seats; `done` or `failed` (with a sentence) follows on the GUI thread.

    That the server took a request says nothing of the desks: each answers in its own view.

    Runs on: GUI thread.
    """

    def __init__(self, bridge: LabBridge) -> None:
        self._bridge = bridge

    def ask(
        self, what: str, desks: tuple[str, ...], done: Callable[[], object], failed: Callable[[str], object]
    ) -> None:
        """Ask something of desks' pages: identify, reload, fullscreen, home or begin; no desk named: of all."""
        request = AskSeats(request_id=uuid.uuid4().hex, what=what, desks=desks)
        self._bridge.request(request, lambda _reply: done(), failed)

    def probe(self, desks: tuple[str, ...], done: Callable[[], object], failed: Callable[[str], object]) -> None:
        """Measure the connections between desks, each with each; none named: between all that are at home."""
        request = ProbeSeats(request_id=uuid.uuid4().hex, desks=desks)
        self._bridge.request(request, lambda _reply: done(), failed)
