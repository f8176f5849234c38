"""The sockets: handlers decode, enqueue and return; what pages send to each other is passed on at once."""

import hmac
import logging
import threading
from collections.abc import Callable
from typing import Any, Final

from flask import Flask
from flask_socketio import ConnectionRefusedError as Refuse
from flask_socketio import SocketIO

from mug.engine.effects import ConnectionId, DropRoutes, SetRoutes
from mug.engine.inputs import Input, LabAsked, LabConnected, LabLost, PageLost, PageMessage, PageRefusal
from mug.ids import MatchId
from mug.protocol import (
    InvalidMessageError,
    Message,
    UnknownOpError,
    decode_lab_request,
    decode_participant_message,
    encode,
)
from mug.protocol.lab import LabReply
from mug.protocol.messages import RelayPacket, SendSignal
from mug.protocol.partners import ServerKeys, ServerSeen, ServerView
from mug.server.gate import Gate, Refusal
from mug.server.routing import Routes
from mug.server.stepping import KeysTaken
from mug.server.web import is_this_machine

__all__ = ["EVENT", "LAB", "PATH", "Channel"]

EVENT: Final = "m"
PATH: Final = "/_mug/socket.io"
LAB: Final = "/lab"
MAX_MESSAGE_BYTES: Final = 1_000_000
MAX_CONNECTIONS: Final = 5_000

_LOG: Final = logging.getLogger(__name__)


class Channel:
    """Both Socket.IO namespaces: participants on ``/``, consoles on ``/lab``.

    Attributes:
        enqueue: Gives an input to the dispatcher; must not block.
        processes: Takes what pages say to the processes of their matches; None: the server steps no games.
    """

    processes: KeysTaken | None = None

    def __init__(
        self,
        app: Flask,
        enqueue: Callable[[Input], None],
        lab_token: str,
        *,
        host: str = "",
        remote_lab: bool = False,
    ) -> None:
        self.enqueue = enqueue
        self._token = lab_token
        self._host = host
        self._remote_lab = remote_lab
        self._gates: dict[str, Gate] = {}
        self._sending: dict[str, threading.Lock] = {}
        self._routes = Routes(self.send)
        # No allowed origin besides our own: engine.io compares the Origin header with the address that was asked for.
        self._socketio = SocketIO(
            app,
            async_mode="threading",
            path=PATH,
            async_handlers=False,  # a connection's messages stay in their order
            manage_session=False,
            serve_client=False,
            ping_interval=5,
            ping_timeout=10,
            max_http_buffer_size=MAX_MESSAGE_BYTES,
            cors_allowed_origins=None,
        )
        # Given to the Socket.IO server itself: Flask-SocketIO makes a request context for every message, which costs
        # more than what is done with the message (docs/reference/performance.md).
        on = self._socketio.server.on
        on("connect", self._on_connect, namespace="/")
        on("disconnect", self._on_disconnect, namespace="/")
        on(EVENT, self._on_message, namespace="/")
        on("connect", self._on_lab_connect, namespace=LAB)
        on("disconnect", self._on_lab_disconnect, namespace=LAB)
        on(EVENT, self._on_lab_message, namespace=LAB)

    @property
    def pages(self) -> int:
        """How many participants' pages are connected."""
        return len(self._gates)

    def send(self, connection: ConnectionId, message: Message) -> None:
        """Send to one page; one that is gone is no error."""
        # Several threads send, and a message with bytes is several packets, which must not mix with another's.
        lock = self._sending.get(connection)
        if lock is not None:
            with lock:
                self._emit(message, "/", connection)

    def route(self, change: SetRoutes | DropRoutes) -> None:
        """Take up who may send to whom."""
        if isinstance(change, SetRoutes):
            self._routes.set(change)
        else:
            self._routes.drop(change)

    def show(self, match_id: MatchId, agent: str, view: ServerView) -> None:
        """Send a view to an agent's page; one that is gone is no error."""
        connection = self._routes.page_of(match_id, agent)
        if connection is not None:
            self.send(connection, view)

    def send_lab(self, message: Message, connection: ConnectionId | None = None) -> None:
        """Send to one console, or to all."""
        self._emit(message, LAB, connection)

    def close(self, connection: ConnectionId) -> None:
        """Close a page's connection, after what was sent to it."""
        self._socketio.server.disconnect(connection, namespace="/")

    def _emit(self, message: Message, namespace: str, connection: ConnectionId | None) -> None:
        try:
            data = encode(message)
        except InvalidMessageError:
            _LOG.exception("a message could not be sent")
            return
        self._socketio.emit(EVENT, data, namespace=namespace, to=connection)

    # ------------------------------------------------------------- handlers, on the sockets' threads

    def _on_connect(self, sid: str, _environ: dict[str, Any], _auth: object = None) -> None:
        if len(self._gates) >= MAX_CONNECTIONS:
            raise Refuse("too many connections")
        self._gates[sid] = Gate()
        self._sending[sid] = threading.Lock()
        self._routes.connected(ConnectionId(sid))

    def _on_disconnect(self, sid: str, reason: object = "") -> None:
        self._gates.pop(sid, None)
        self._sending.pop(sid, None)
        self._routes.disconnected(ConnectionId(sid))
        self.enqueue(PageLost(ConnectionId(sid), str(reason)))

    def _on_message(self, sid: str, obj: object = None, *_more: object) -> None:
        connection = ConnectionId(sid)
        gate = self._gates.get(connection)
        if gate is None:
            return
        op = obj.get("op") if isinstance(obj, dict) else None
        about = op[:80] if isinstance(op, str) else ""
        refusal = gate.refuses(obj)
        if refusal is not None:
            self._refuse(connection, gate, refusal, about)
            return
        try:
            message = decode_participant_message(obj)
        except UnknownOpError as error:
            gate.strikes += 1
            self.enqueue(PageRefusal(connection, "unknown_op", error.op))
        except InvalidMessageError as error:
            gate.strikes += 1
            detail = f"{error.path}: {error.reason}" if error.path else error.reason
            self.enqueue(PageRefusal(connection, "invalid", error.op, detail[:500]))
        else:
            if isinstance(message, SendSignal | RelayPacket):
                refusal = self._routes.pass_on(connection, message)
            elif isinstance(message, ServerKeys | ServerSeen):
                refusal = self._to_process(connection, message)
            else:
                self.enqueue(PageMessage(connection, message))
            if refusal is not None:
                gate.strikes += 1
                self._refuse(connection, gate, refusal, about)

    def _to_process(self, connection: ConnectionId, message: ServerKeys | ServerSeen) -> Refusal | None:
        """Pass on what a page says to the process of its match; says why not when it is not taken."""
        agent = self._routes.agent_of(connection, message)
        if isinstance(agent, Refusal):
            return agent
        if agent is not None and self.processes is not None:
            self.processes.take(MatchId(message.match_id), agent, message)
        return None

    def _refuse(self, connection: ConnectionId, gate: Gate, refusal: Refusal, about: str) -> None:
        self.enqueue(PageRefusal(connection, refusal.code, about, refusal.detail))
        if gate.exhausted:
            self.close(connection)

    def _on_lab_connect(self, sid: str, environ: dict[str, Any], auth: object = None) -> None:
        token = auth.get("token") if isinstance(auth, dict) else None
        if not self._remote_lab and not is_this_machine(environ.get("REMOTE_ADDR"), self._host):
            raise Refuse("only from this machine")
        if not isinstance(token, str) or not hmac.compare_digest(token.encode(), self._token.encode()):
            raise Refuse("the token is wrong")
        self.enqueue(LabConnected(ConnectionId(sid)))

    def _on_lab_disconnect(self, sid: str, _reason: object = "") -> None:
        self.enqueue(LabLost(ConnectionId(sid)))

    def _on_lab_message(self, sid: str, obj: object = None, *_more: object) -> None:
        connection = ConnectionId(sid)
        try:
            ask = decode_lab_request(obj)
        except (UnknownOpError, InvalidMessageError) as error:
            request_id = obj.get("request_id") if isinstance(obj, dict) else None
            if isinstance(request_id, str):
                self.send_lab(LabReply(request_id=request_id, error=str(error)), connection)
            return
        self.enqueue(LabAsked(connection, ask))
