"""What the pages of a match send to each other, or to its process: passed on where it arrives, without the engine.

The engine says who plays with whom (`SetRoutes`, `DropRoutes`); everything else here happens on the threads of the
sockets. A packet of the game is worth nothing when it comes late, so one that cannot be delivered at once is dropped,
and the game sends again what it needs. Signals are few and each is needed once: for a page that is away for a moment,
or has not heard of its match yet, they are kept.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import msgspec

from mug.engine.effects import ConnectionId, DropRoutes, SetRoutes
from mug.ids import MatchId
from mug.protocol.messages import RelayedPacket, RelayPacket, SendSignal, SignalFrom
from mug.protocol.partners import ServerKeys, ServerSeen
from mug.protocol.parts import Message
from mug.server.gate import Bucket, Refusal

__all__ = ["MAX_KEYS", "MAX_KEY_CHARS", "MAX_RELAY_BYTES", "MAX_SIGNAL_BYTES", "Routes"]

MAX_RELAY_BYTES: Final = 64 * 1024
MAX_SIGNAL_BYTES: Final = 64 * 1024
"""Of a signal as JSON; descriptions have some kB, candidates some hundred bytes."""

RELAYED_HZ: Final = 500_000.0
RELAYED_BURST: Final = 2_000_000.0
"""Bytes a second that one page may have relayed: three partners at 60 Hz with 1,200 bytes each take 216,000."""

MAX_KEYS: Final = 64
"""Keys in one message to a process: those held, and those pressed since the one before."""
MAX_KEY_CHARS: Final = 64
"""Of a key's name, as `KeyboardEvent.key` has it."""

MAX_KEPT: Final = 200
MAX_KEPT_BYTES: Final = 512 * 1024
"""Signals that wait for one page."""

MAX_OVER: Final = 8
"""Matches of a page that ended last: what is still under way for them is dropped in silence."""

_SIGNALS: Final = ("description", "candidate", "restart")
_CHANNELS: Final = ("game", "ctrl")


@dataclass(slots=True)
class _Kept:
    """Signals for one agent, oldest first."""

    signals: deque[tuple[SignalFrom, int]] = field(default_factory=deque)
    size: int = 0

    def add(self, signal: SignalFrom, size: int) -> None:
        self.signals.append((signal, size))
        self.size += size
        while len(self.signals) > MAX_KEPT or self.size > MAX_KEPT_BYTES:
            self.size -= self.signals.popleft()[1]


@dataclass(slots=True)
class _Page:
    """One connection."""

    relayed: Bucket
    over: deque[MatchId] = field(default_factory=lambda: deque(maxlen=MAX_OVER))


class Routes:
    """Who may send to whom at present. All methods may be called from any thread.

    Args:
        send: Sends a message to one page; called without any lock held.
        clock_s: For the rates.

    Attributes:
        dropped: Packets that were not delivered, because their receiver was away or out of the match.
    """

    def __init__(
        self, send: Callable[[ConnectionId, Message], None], clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self.dropped = 0
        self._send = send
        self._clock_s = clock_s
        self._lock = threading.Lock()
        self._pages: dict[ConnectionId, _Page] = {}
        self._matches: dict[MatchId, SetRoutes] = {}
        self._kept: dict[tuple[MatchId, str], _Kept] = {}

    def connected(self, connection: ConnectionId) -> None:
        """A page's connection stands."""
        with self._lock:
            now_s = self._clock_s()
            self._pages[connection] = _Page(Bucket(RELAYED_HZ, RELAYED_BURST, RELAYED_BURST, now_s))

    def disconnected(self, connection: ConnectionId) -> None:
        """A page's connection ended."""
        with self._lock:
            self._pages.pop(connection, None)

    def set(self, routes: SetRoutes) -> None:
        """Take up what the engine says of a match, and deliver what was kept for pages that are there now."""
        due: list[tuple[ConnectionId, SignalFrom]] = []
        with self._lock:
            before = self._matches.get(routes.match_id)
            self._matches[routes.match_id] = routes
            for agent in routes.routes:
                if agent in routes.gone:
                    self._out_of(routes.match_id, agent, before)
                    continue
                connection = self._there(routes, agent)
                if connection is not None and (kept := self._kept.pop((routes.match_id, agent), None)) is not None:
                    due += [(connection, signal) for signal, _ in kept.signals]
        for target, signal in due:
            self._send(target, signal)

    def drop(self, over: DropRoutes) -> None:
        """Forget a match."""
        with self._lock:
            routes = self._matches.pop(over.match_id, None)
            if routes is None:
                return
            for agent in routes.routes:
                self._out_of(over.match_id, agent, routes)

    def pass_on(self, connection: ConnectionId, message: SendSignal | RelayPacket) -> Refusal | None:
        """Pass a page's message on to the partner it is for; says why not when it is not taken."""
        refusal, size = _weighed(message)
        if refusal is not None:
            return refusal
        with self._lock:
            page = self._pages.get(connection)
            if page is None:
                return None
            if isinstance(message, RelayPacket) and not page.relayed.take(self._clock_s(), float(size)):
                return Refusal("rate", f"at most {RELAYED_HZ:.0f} relayed bytes a second")
            match_id = MatchId(message.match_id)
            routes = self._matches.get(match_id)
            sender = _agent_of(routes, connection)
            if routes is None or sender is None:
                return None if match_id in page.over else Refusal("foreign_match", "match_id")
            if message.to not in routes.routes or message.to == sender:
                return Refusal("foreign_agent", "to")
            target = self._there(routes, message.to)
            if target is None or message.to in routes.gone:
                self._not_there(routes, sender, message, size)
                return None
        self._send(target, _passed(sender, message))
        return None

    def agent_of(self, connection: ConnectionId, message: ServerKeys | ServerSeen) -> str | Refusal | None:
        """Return for which agent a page speaks to its match's process; why not; None: the match is over, or goes on so.

        A page speaks for the agent that it plays, whatever it says.
        """
        if isinstance(message, ServerKeys) and (problem := _too_many(message)):
            return Refusal("too_large", problem)
        with self._lock:
            page = self._pages.get(connection)
            if page is None:
                return None
            match_id = MatchId(message.match_id)
            agent = _agent_of(self._matches.get(match_id), connection)
            if agent is None:
                return None if match_id in page.over else Refusal("foreign_match", "match_id")
            return agent

    def page_of(self, match_id: MatchId, agent: str) -> ConnectionId | None:
        """Return the connection of an agent's page, when it is up and the page knows of the match."""
        with self._lock:
            routes = self._matches.get(match_id)
            return self._there(routes, agent) if routes is not None and agent not in routes.gone else None

    def _out_of(self, match_id: MatchId, agent: str, routes: SetRoutes | None) -> None:
        """A page is not in the match any more: what it still sends for it is no offence."""
        self._kept.pop((match_id, agent), None)
        connection = routes.routes.get(agent) if routes is not None else None
        page = self._pages.get(connection) if connection is not None else None
        if page is not None:
            page.over.append(match_id)

    def _there(self, routes: SetRoutes, agent: str) -> ConnectionId | None:
        """The connection of an agent's page, when it is up and the page knows of the match."""
        connection = routes.routes.get(agent)
        if connection is None or agent not in routes.ready or connection not in self._pages:
            return None
        return connection

    def _not_there(self, routes: SetRoutes, sender: str, message: SendSignal | RelayPacket, size: int) -> None:
        passed = _passed(sender, message)
        if isinstance(passed, SignalFrom) and message.to not in routes.gone:
            self._kept.setdefault((routes.match_id, message.to), _Kept()).add(passed, size)
        else:
            self.dropped += 1


def _agent_of(routes: SetRoutes | None, connection: ConnectionId) -> str | None:
    if routes is None:
        return None
    return next((agent for agent, where in routes.routes.items() if where == connection), None)


def _too_many(message: ServerKeys) -> str:
    """What of the keys is more than a page can have; empty: nothing."""
    if len(message.held) + len(message.pressed) > MAX_KEYS:
        return f"at most {MAX_KEYS} keys"
    if any(len(key) > MAX_KEY_CHARS for key in (*message.held, *message.pressed)):
        return f"at most {MAX_KEY_CHARS} characters in the name of a key"
    return ""


def _weighed(message: SendSignal | RelayPacket) -> tuple[Refusal | None, int]:
    """Say what is wrong with a message by itself, and how large it is."""
    if isinstance(message, RelayPacket):
        size = len(message.body)
        if size > MAX_RELAY_BYTES:
            return Refusal("too_large", f"at most {MAX_RELAY_BYTES} bytes"), size
        if message.channel not in _CHANNELS:
            return Refusal("invalid", "channel: expected game or ctrl"), size
        return None, size
    size = len(msgspec.json.encode(message.data))
    if size > MAX_SIGNAL_BYTES:
        return Refusal("too_large", f"at most {MAX_SIGNAL_BYTES} bytes of JSON"), size
    if len(message.data) != 1 or next(iter(message.data)) not in _SIGNALS:
        return Refusal("invalid", f"data: expected one of {', '.join(_SIGNALS)}"), size
    return None, size


def _passed(sender: str, message: SendSignal | RelayPacket) -> SignalFrom | RelayedPacket:
    if isinstance(message, RelayPacket):
        return RelayedPacket(match_id=message.match_id, agent=sender, channel=message.channel, body=message.body)
    return SignalFrom(match_id=message.match_id, agent=sender, data=message.data, life=message.life[:64])
