"""The console's connection to a server: messages in, requests out, coming back by itself."""

import concurrent.futures
import contextlib
import logging
import threading
from collections.abc import Callable
from typing import Any, Final

import socketio

from mug.host.address import ServerAddress
from mug.host.errors import LabRequestError
from mug.protocol import InvalidMessageError, UnknownOpError, decode_lab_message, encode
from mug.protocol.lab import LabMessage, LabReply, LabRequest

__all__ = ["CONNECTED", "CONNECTING", "GONE", "REFUSED", "LabClient"]

CONNECTING: Final = "connecting"
CONNECTED: Final = "connected"
GONE: Final = "gone"
REFUSED: Final = "refused"
"""States: on its way; it stands (a snapshot follows); lost, trying again; the token is not taken."""

_LOG: Final = logging.getLogger(__name__)
_RETRY_FIRST_S: Final = 0.2
_RETRY_LONGEST_S: Final = 3.0


class LabClient:
    """One console's connection.

    It comes back by itself to the same process. A server that was started again has another token: then the state is
    "refused", and `find_running` gives the new address.

    `on_message` and `on_state` are called on threads of this client, one call at a time; they must return soon. After
    `close` has returned they are not called any more.
    """

    def __init__(
        self, address: ServerAddress, on_message: Callable[[LabMessage], None], on_state: Callable[[str], None]
    ) -> None:
        self.address = address
        self._on_message = on_message
        self._on_state = on_state
        self._delivering = threading.RLock()
        self._closing = threading.Event()
        self._lost = threading.Event()
        self._waiting: dict[str, concurrent.futures.Future[LabReply]] = {}
        self._waiting_lock = threading.Lock()
        self._client: socketio.Client | None = None
        self._thread: threading.Thread | None = None
        self._beginning = threading.Lock()  # connecting and closing may be asked for by different threads

    def connect(self) -> None:
        """Begin to connect, and to come back whenever the connection is lost; returns at once."""
        with self._beginning:
            if self._thread is None and not self._closing.is_set():
                self._thread = threading.Thread(target=self._run, name="lab-client", daemon=True)
                self._thread.start()

    def request(self, message: LabRequest) -> "concurrent.futures.Future[LabReply]":
        """Ask for something. The future gets the reply, or a `LabRequestError` when the connection is lost before."""
        future: concurrent.futures.Future[LabReply] = concurrent.futures.Future()
        with self._waiting_lock:
            self._waiting[message.request_id] = future
        client = self._client
        try:
            # Not `client.connected`: that is set when connecting is over, and the first messages come before.
            if client is None or "/lab" not in client.namespaces:
                raise LabRequestError("there is no connection to the server at the moment")
            client.emit("m", encode(message), namespace="/lab")
        except (LabRequestError, socketio.exceptions.SocketIOError) as error:
            with self._waiting_lock:
                self._waiting.pop(message.request_id, None)
            if not future.done():
                future.set_exception(
                    error
                    if isinstance(error, LabRequestError)
                    else LabRequestError(f"the request was not sent: {error}")
                )
        return future

    def close(self) -> None:
        """End the connection. May be called from any thread but the callbacks'."""
        self._closing.set()
        self._lost.set()
        with self._beginning:
            thread = self._thread
        if thread is not None:
            thread.join(10.0)
        with self._delivering:
            pass
        self._fail_waiting("the connection was closed")

    # ------------------------------------------------------------- the client's thread

    def _run(self) -> None:
        retry_s = _RETRY_FIRST_S
        self._tell(CONNECTING)
        while not self._closing.is_set():
            self._lost.clear()
            outcome = self._try()
            if outcome == CONNECTED:
                retry_s = _RETRY_FIRST_S
                self._lost.wait()
                self._drop()
                self._fail_waiting("the connection to the server was lost")
                if not self._closing.is_set():
                    self._tell(GONE)
            elif outcome == REFUSED:
                self._tell(REFUSED)
                return
            if self._closing.wait(retry_s):
                break
            retry_s = min(retry_s * 2, _RETRY_LONGEST_S)

    def _try(self) -> str:
        refused: list[str] = []
        client = socketio.Client(reconnection=False, logger=False, engineio_logger=False)
        client.on("m", self._received, namespace="/lab")
        client.on("disconnect", lambda *_: self._lost.set(), namespace="/lab")
        client.on("connect_error", lambda data=None: refused.append(_text_of(data)), namespace="/lab")
        self._client = client
        try:
            client.connect(
                self.address.url,
                socketio_path="/_mug/socket.io",
                transports=["websocket"],
                namespaces=["/lab"],
                auth={"token": self.address.token},
                wait_timeout=5,
            )
        except (socketio.exceptions.SocketIOError, OSError):
            self._drop()
            return REFUSED if any("token" in text or "machine" in text for text in refused) else GONE
        if client.eio.state != "connected":  # lost while it was on its way: nobody is told of that
            self._drop()
            return GONE
        self._tell(CONNECTED)
        return CONNECTED

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is None:
            return
        websocket = getattr(client.eio, "ws", None)
        if websocket is not None:
            # The library would wait for an answer to its closing frame; a dead server gives none.
            websocket.close = websocket.shutdown
            if websocket.sock is not None:
                with contextlib.suppress(OSError):
                    websocket.sock.shutdown(2)
        with contextlib.suppress(Exception):
            client.disconnect()
        client.shutdown()

    def _received(self, data: Any) -> None:
        try:
            message = decode_lab_message(data)
        except (UnknownOpError, InvalidMessageError):
            _LOG.warning("a message of the server was not understood", exc_info=True)
            return
        if isinstance(message, LabReply):
            with self._waiting_lock:
                future = self._waiting.pop(message.request_id, None)
            if future is not None and not future.cancelled():
                future.set_result(message)
        self._deliver(lambda: self._on_message(message))

    def _tell(self, state: str) -> None:
        self._deliver(lambda: self._on_state(state))

    def _deliver(self, call: Callable[[], None]) -> None:
        with self._delivering:
            if self._closing.is_set():
                return
            try:
                call()
            except Exception:
                _LOG.exception("a console's callback failed")

    def _fail_waiting(self, text: str) -> None:
        with self._waiting_lock:
            waiting, self._waiting = self._waiting, {}
        for future in waiting.values():
            if not future.done():
                future.set_exception(LabRequestError(text))


def _text_of(data: object) -> str:
    return str(data.get("message", data)) if isinstance(data, dict) else str(data)
