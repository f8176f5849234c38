"""Many participants without browsers in one process: real WebSockets, real Socket.IO frames, one event loop.

`ParticipantClient` (in `tests.drivers.server_driver`) is one participant with a thread of its own; a `Bot` costs a
socket, so that hundreds of them measure the server and not themselves.
"""

import asyncio
import json
import time
import uuid
from collections.abc import Callable
from typing import Any, Self, TypeVar

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Ping,
    RejectConnection,
    Request,
    TextMessage,
)
from wsproto.extensions import PerMessageDeflate

from mug.protocol import Message, decode_server_message, encode
from mug.protocol.messages import PROTOCOL_VERSION, FinishVisit, Hello, PutChunk, Refused, ShowScene

__all__ = ["Bot", "BotError"]

PATH = "/_mug/socket.io/?EIO=4&transport=websocket"
DEADLINE_S = 60.0

_T = TypeVar("_T", bound=Message)


class BotError(RuntimeError):
    """The server did something that a participant does not expect."""


class Bot(asyncio.Protocol):
    """One participant of one server on this machine.

    Attributes:
        scene: The scene shown at present.
        arrived_s: When the bytes of the message that is being handled came (`time.perf_counter`).
        on_message: Called with each message of the server.
    """

    def __init__(self, port: int, build: str, subject_id: str = "") -> None:
        self.scene: ShowScene | None = None
        self.arrived_s = 0.0
        self.on_message: Callable[[Message], None] = lambda _message: None
        self._port = port
        self._build = build
        self._subject_id = subject_id
        self._next_seq: dict[tuple[str, str], int] = {}
        self._websocket = WSConnection(ConnectionType.CLIENT)
        self._transport: asyncio.Transport | None = None
        self._text: list[str] = []
        self._bytes: list[bytes] = []
        self._waiting: tuple[Any, int, list[bytes]] | None = None  # a binary event, its attachments so far
        self._waiters: list[tuple[type[Message], asyncio.Future[Message]]] = []
        self._failure: BaseException | None = None

    async def enter(self) -> ShowScene:
        """Connect, say hello and wait for the first scene."""
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: self, "127.0.0.1", self._port)
        shown = self._expect(ShowScene)
        # Browsers offer compression on every WebSocket, so its cost belongs to what a participant costs.
        request = Request(host=f"127.0.0.1:{self._port}", target=PATH, extensions=[PerMessageDeflate()])
        self._write(self._websocket.send(request))
        return await asyncio.wait_for(shown, DEADLINE_S)

    async def finish(self) -> ShowScene:
        """Finish the present scene as a page does and wait for the next one."""
        assert self.scene is not None
        visit_id = self.scene.visit_id
        counts = {stream: seq for (visit, stream), seq in self._next_seq.items() if visit == visit_id}
        shown = self._expect(ShowScene)
        self.send(FinishVisit(visit_id=visit_id, counts=counts))
        return await asyncio.wait_for(shown, DEADLINE_S)

    def chunk(self, stream: str, body: bytes, meta: dict[str, Any] | None = None) -> PutChunk:
        """Make the next numbered chunk of the present visit."""
        assert self.scene is not None
        key = (self.scene.visit_id, stream)
        seq = self._next_seq.get(key, self.scene.next_seq.get(stream, 0))
        self._next_seq[key] = seq + 1
        return PutChunk(visit_id=self.scene.visit_id, stream=stream, seq=seq, body=body, meta=meta or {})

    def send(self, message: Message) -> None:
        """Send a message."""
        self.send_raw(encode(message))

    def send_raw(self, data: dict[str, Any]) -> None:
        """Send a message that is encoded already; its bytes travel as attachments."""
        if self._failure is not None:
            raise self._failure
        attachments: list[bytes] = []
        text = json.dumps(["m", _with_placeholders(data, attachments)], separators=(",", ":"))
        if not attachments:
            self._write(self._websocket.send(TextMessage(data=f"42{text}")))
            return
        frames = self._websocket.send(TextMessage(data=f"45{len(attachments)}-{text}"))
        for attachment in attachments:
            frames += self._websocket.send(BytesMessage(data=attachment))
        self._write(frames)

    def close(self) -> None:
        """Close the connection, as a closed tab does."""
        if self._transport is not None:
            self._transport.close()

    async def __aenter__(self) -> Self:
        await self.enter()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    # ------------------------------------------------------------- the socket

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The TCP connection stands."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """The TCP connection is gone."""
        self._fail(exc or BotError("the server closed the connection"))

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        self.arrived_s = time.perf_counter()
        try:
            self._websocket.receive_data(data)
            for event in self._websocket.events():
                self._on_event(event)
        except Exception as error:
            self._fail(error)
            self.close()

    def _write(self, data: bytes) -> None:
        assert self._transport is not None
        self._transport.write(data)

    def _on_event(self, event: object) -> None:
        match event:
            case TextMessage():
                self._text.append(event.data)
                if event.message_finished:
                    text, self._text = "".join(self._text), []
                    self._on_packet(text)
            case BytesMessage():
                self._bytes.append(bytes(event.data))
                if event.message_finished:
                    data, self._bytes = b"".join(self._bytes), []
                    self._on_attachment(data)
            case Ping():
                self._write(self._websocket.send(event.response()))
            case AcceptConnection():
                pass
            case RejectConnection() | CloseConnection():
                raise BotError(f"the server closed the WebSocket: {event}")

    def _on_packet(self, packet: str) -> None:
        """One packet of Engine.IO: its first character is the kind."""
        if packet.startswith("0"):
            self._write(self._websocket.send(TextMessage(data="40")))
        elif packet.startswith("2"):
            self._write(self._websocket.send(TextMessage(data="3")))
        elif packet.startswith("40"):
            hello = Hello(
                protocol=PROTOCOL_VERSION, build=self._build, tab_id=uuid.uuid4().hex, subject_id=self._subject_id
            )
            self.send(hello)
        elif packet.startswith("42"):
            self._on_payload(json.loads(packet[2:]))
        elif packet.startswith("45"):
            count, _, text = packet[2:].partition("-")
            self._waiting = (json.loads(text), int(count), [])
        else:
            raise BotError(f"the server said {packet[:200]!r}")

    def _on_attachment(self, data: bytes) -> None:
        assert self._waiting is not None
        payload, count, attachments = self._waiting
        attachments.append(data)
        if len(attachments) == count:
            self._waiting = None
            self._on_payload(_without_placeholders(payload, attachments))

    def _on_payload(self, payload: Any) -> None:
        message = decode_server_message(payload[1])
        if isinstance(message, Refused):
            raise BotError(f"the server refused: {message.reason}: {message.message}")
        if isinstance(message, ShowScene):
            self.scene = message
        self.on_message(message)
        for waiter in [w for w in self._waiters if isinstance(message, w[0])]:
            self._waiters.remove(waiter)
            if not waiter[1].done():
                waiter[1].set_result(message)

    def _expect(self, kind: type[_T]) -> "asyncio.Future[_T]":
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiters.append((kind, future))
        return future

    def _fail(self, error: BaseException) -> None:
        self._failure = self._failure or error
        for _, future in self._waiters:
            if not future.done():
                future.set_exception(error)
        self._waiters.clear()


def _with_placeholders(value: Any, attachments: list[bytes]) -> Any:
    if isinstance(value, bytes):
        attachments.append(value)
        return {"_placeholder": True, "num": len(attachments) - 1}
    if isinstance(value, dict):
        return {key: _with_placeholders(item, attachments) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_with_placeholders(item, attachments) for item in value]
    return value


def _without_placeholders(value: Any, attachments: list[bytes]) -> Any:
    if isinstance(value, dict):
        if value.get("_placeholder") is True:
            return attachments[value["num"]]
        return {key: _without_placeholders(item, attachments) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_placeholders(item, attachments) for item in value]
    return value
