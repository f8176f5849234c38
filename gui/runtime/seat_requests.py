"""What MUG Lab asks of the desks' pages, by way of the server."""

import uuid
from collections.abc import Callable

from gui.runtime.lab_bridge import LabBridge
from mug.protocol.lab import LabReply
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
        self,
        what: str,
        desks: tuple[str, ...],
        done: Callable[[tuple[str, ...], dict[str, str]], object],
        failed: Callable[[str], object],
    ) -> None:
        """Ask something of desks' pages: identify, reload, fullscreen, home or begin; no desk named: of all.

        `done` gets the desks that were asked, and those that were not, each with the reason.
        """
        request = AskSeats(request_id=uuid.uuid4().hex, what=what, desks=desks)

        def answered(reply: LabReply) -> None:
            asked, skipped = reply.data.get("asked", ()), reply.data.get("skipped", {})
            done(tuple(map(str, asked)), {str(desk): str(why) for desk, why in dict(skipped).items()})

        self._bridge.request(request, answered, lambda error: failed(_as_sentence(error)))

    def probe(self, desks: tuple[str, ...], done: Callable[[], object], failed: Callable[[str], object]) -> None:
        """Measure the connections between desks, each with each; none named: between all that are at home."""
        request = ProbeSeats(request_id=uuid.uuid4().hex, desks=desks)
        self._bridge.request(request, lambda _reply: done(), lambda error: failed(_as_sentence(error)))


def _as_sentence(error: str) -> str:
    text = error.strip().rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."
