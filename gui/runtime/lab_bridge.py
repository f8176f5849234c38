"""The connection to a running server: its messages arrive here as Qt signals, on the GUI thread."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from gui.runtime.crossing import Crossing
from gui.runtime.tasks import Tasks
from mug.protocol.lab import LabBatch, LabMessage, LabReply, LabRequest, LabSnapshot

if TYPE_CHECKING:
    from mug.host import LabClient, ServerAddress

__all__ = ["LabBridge"]


class LabBridge(QObject):
    """Follows one server at a time.

    Signals:
        snapshot_received: A `LabSnapshot`: replaces everything shown.
        batch_received: A `LabBatch`: what changed since.
        link_changed: "connecting", "connected", "gone" (tried again by itself) or "refused".

    Runs on: GUI thread. The client's callbacks only put calls into the crossing.
    """

    snapshot_received = Signal(object)
    batch_received = Signal(object)
    link_changed = Signal(str)

    def __init__(self, crossing: Crossing, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._crossing = crossing
        self._tasks = tasks
        self._client: LabClient | None = None

    def follow(self, address: "ServerAddress") -> None:
        """Connect to the server at `address`, instead of any before."""
        from mug.host import LabClient

        self.leave()
        post = self._crossing.post
        client: LabClient
        client = LabClient(
            address,
            lambda message: post(lambda: self._on_message(client, message)),
            lambda state: post(lambda: self._on_state(client, state)),
        )
        self._client = client
        self._tasks.run(
            "connect to the server", client.connect, lambda _: None, lambda error: self._on_failed(client, error)
        )

    def leave(self) -> None:
        """Close the connection; the server goes on."""
        if self._client is not None:
            client, self._client = self._client, None
            self._tasks.run("leave the server", client.close, lambda _: None)

    def close(self) -> None:
        """Close the connection at once, before the app goes."""
        if self._client is not None:
            client, self._client = self._client, None
            client.close()

    def request(
        self,
        request: LabRequest,
        done: Callable[[LabReply], object],
        failed: Callable[[str], object],
        unanswered: Callable[[str], object] | None = None,
    ) -> None:
        """Ask the server for something; one of the callables follows on the GUI thread.

        Args:
            request: What is asked for.
            done: Takes the answer.
            failed: Takes the server's sentence why it was not done.
            unanswered: Takes the sentence why there is no answer; not given: `failed` does.
        """
        client = self._client
        silent = unanswered or failed
        if client is None:
            silent("MUG Lab is not connected to a server.")
            return

        def deliver(future: "Future[LabReply]") -> None:
            self._crossing.post(lambda: _answer(future, done, failed, silent))

        def ask() -> None:
            client.request(request).add_done_callback(deliver)

        self._tasks.run("ask the server", ask, lambda _: None, lambda error: silent(str(error)))

    def _on_message(self, client: "LabClient", message: LabMessage) -> None:
        if client is not self._client:
            return
        if isinstance(message, LabSnapshot):
            self.snapshot_received.emit(message)
        elif isinstance(message, LabBatch):
            self.batch_received.emit(message)

    def _on_state(self, client: "LabClient", state: str) -> None:
        if client is self._client:
            self.link_changed.emit(state)

    def _on_failed(self, client: "LabClient", _error: Exception) -> None:
        if client is self._client:
            self.link_changed.emit("gone")


def _answer(
    future: "Future[LabReply]",
    done: Callable[[LabReply], object],
    failed: Callable[[str], object],
    silent: Callable[[str], object],
) -> None:
    error = future.exception()
    if error is not None:
        silent(str(error) or "The server did not answer.")
    elif (reply := future.result()).error:
        failed(reply.error)
    else:
        done(reply)
