"""Measuring the connections between desks before anybody sits down: each pair once, a few at a time."""

import math
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Final

from mug.engine.effects import ConnectionId, DropRoutes, Schedule, Send, SetRoutes
from mug.engine.live import Core
from mug.engine.probes import PINGS, PROBE_GRACE_MS, PROBE_MS, worse_path
from mug.ids import MatchId
from mug.protocol.lab_console import SeatPairView
from mug.protocol.messages import ProbeDone, ProbeOver, ProbePartners
from mug.records import facts as f

__all__ = ["MAX_AT_ONCE", "SEAT_PROBE", "SeatProbes", "tournament"]

MAX_AT_ONCE: Final = 8
"""Pairs that measure at the same time; of one desk only one: a page that serves several measures itself."""
SEAT_PROBE: Final = "seat-probe:"
_MAX_OVER: Final = 1_000
_PATHS: Final = ("p2p", "relay")

Pair = tuple[str, str]


@dataclass(slots=True, eq=False)
class _Probe:
    """Two desks that measure. Slot "0" is the first of them."""

    probe_id: str
    pair: Pair
    connections: tuple[ConnectionId, ConnectionId]
    answers: dict[int, tuple[float | None, str]] = field(default_factory=dict)


def tournament(desks: Sequence[str]) -> Iterator[Pair]:
    """All pairs of `desks`, each once, in rounds in which no desk occurs twice (the circle method)."""
    circle: list[str | None] = [*dict.fromkeys(desks)]
    if len(circle) % 2:
        circle.append(None)
    for _ in range(len(circle) - 1):
        for place in range(len(circle) // 2):
            one, other = circle[place], circle[-1 - place]
            if one is not None and other is not None:
                yield (one, other) if one < other else (other, one)
        circle.insert(1, circle.pop())


class SeatProbes:
    """The pairs that are measured, that wait for it, and what was found."""

    def __init__(self, core: Core, *, ice_servers: tuple[dict[str, Any], ...] = (), force_relay: bool = False) -> None:
        self._core = core
        self._ice_servers = ice_servers
        self._force_relay = force_relay
        self._home: dict[str, ConnectionId] = {}
        self._queue: deque[Pair] = deque()
        self._running: dict[str, _Probe] = {}
        self._over: deque[tuple[str, tuple[ConnectionId, ConnectionId]]] = deque(maxlen=_MAX_OVER)
        self.views: dict[Pair, SeatPairView] = {}

    def ask(self, desks: Sequence[str]) -> int:
        """Have all pairs of `desks` measured; those that are already under way are not begun again.

        Returns:
            How many pairs that are.
        """
        under_way = {*self._queue, *(probe.pair for probe in self._running.values())}
        for pair in tournament(desks):
            if pair not in under_way:
                self._queue.append(pair)
                self._show(pair, "waiting")
        self._advance()
        return sum(1 for _ in combinations(set(desks), 2))

    def came(self, desk: str, connection: ConnectionId) -> None:
        """A desk's page is at home."""
        if self._home.get(desk) == connection:
            return
        self.went(desk, "its page was loaded again")
        self._home[desk] = connection
        self._advance()

    def went(self, desk: str, why: str) -> None:
        """A desk's page is not at home any more: its pairs fail."""
        if self._home.pop(desk, None) is None:
            return
        for probe in [probe for probe in self._running.values() if desk in probe.pair]:
            self._end(probe, why=f"{desk}: {why}")
        waiting, self._queue = self._queue, deque()
        for pair in waiting:
            if desk in pair:
                self._show(pair, "failed", why=f"{desk}: {why}")
            else:
                self._queue.append(pair)
        self._advance()

    def done(self, connection: ConnectionId, message: ProbeDone) -> None:
        """Take up what a desk's page measured."""
        probe = self._running.get(message.probe_id)
        if probe is None or connection not in probe.connections:
            if not any(message.probe_id == over and connection in members for over, members in self._over):
                self._core.refuse(
                    connection, "foreign_match", "this is not a probe of yours", path="probe_id", about="probe.done"
                )
            return
        slot = probe.connections.index(connection)
        if message.to != str(1 - slot):
            self._core.refuse(connection, "foreign_agent", "not a slot of this probe", path="to", about="probe.done")
            return
        rtt_ms = message.rtt_ms
        if rtt_ms is not None and not (math.isfinite(rtt_ms) and rtt_ms >= 0):
            rtt_ms = None
        probe.answers[slot] = (rtt_ms, message.path if rtt_ms is not None and message.path in _PATHS else "")
        if len(probe.answers) == len(probe.connections):
            self._decide(probe)

    def due(self, name: str) -> None:
        """The time of a probe is over."""
        probe = self._running.get(name.removeprefix(SEAT_PROBE))
        if probe is not None:
            self._decide(probe)

    # ------------------------------------------------------------- one pair

    def _advance(self) -> None:
        """Begin with as many pairs as may measure at once."""
        busy = {desk for probe in self._running.values() for desk in probe.pair}
        later: deque[Pair] = deque()
        while self._queue:
            pair = self._queue.popleft()
            if len(self._running) >= MAX_AT_ONCE or busy & set(pair):
                later.append(pair)
                continue
            away = next((desk for desk in pair if desk not in self._home), None)
            if away is not None:
                self._show(pair, "failed", why=f"{away}: its page is not at home")
                continue
            busy |= set(pair)
            self._start(pair)
        self._queue = later

    def _start(self, pair: Pair) -> None:
        core = self._core
        probe_id = f"s-{core.rng.getrandbits(48):012x}"
        probe = _Probe(probe_id, pair, (self._home[pair[0]], self._home[pair[1]]))
        self._running[probe_id] = probe
        routes = {str(slot): connection for slot, connection in enumerate(probe.connections)}
        # Signals that come before the other page has heard of the probe are kept until it has.
        core.emit(SetRoutes(MatchId(probe_id), routes, frozenset()))
        for slot, connection in routes.items():
            message = ProbePartners(
                visit_id="",
                probe_id=probe_id,
                slots=tuple(routes),
                own=slot,
                pings=PINGS,
                timeout_ms=PROBE_MS,
                ice_servers=self._ice_servers,
                force_relay=self._force_relay,
            )
            core.emit(Send(connection, message))
        core.emit(SetRoutes(MatchId(probe_id), routes, frozenset(routes)))
        core.emit(Schedule(PROBE_MS + PROBE_GRACE_MS, f"{SEAT_PROBE}{probe_id}"))
        self._show(pair, "probing")

    def _decide(self, probe: _Probe) -> None:
        core = self._core
        silent = [desk for slot, desk in enumerate(probe.pair) if slot not in probe.answers]
        if silent:
            self._end(probe, why=f"{' and '.join(silent)} did not answer")
            self._advance()
            return
        times = [rtt_ms for rtt_ms, _ in probe.answers.values() if rtt_ms is not None]
        rtt_ms = max(times) if len(times) == len(probe.pair) else None
        path = worse_path([way for _, way in probe.answers.values()])
        core.record(f.SeatsProbed(at=core.now(), desks=probe.pair, rtt_ms=rtt_ms, path=path))
        why = "" if rtt_ms is not None else "no ping came back, neither from page to page nor through the server"
        self._end(probe, rtt_ms, path, why)
        self._advance()

    def _end(self, probe: _Probe, rtt_ms: float | None = None, path: str = "", why: str = "") -> None:
        core = self._core
        del self._running[probe.probe_id]
        self._over.append((probe.probe_id, probe.connections))
        core.emit(DropRoutes(MatchId(probe.probe_id)))
        for connection in probe.connections:
            core.emit(Send(connection, ProbeOver(probe_id=probe.probe_id)))
        self._show(probe.pair, "failed" if why else "done", rtt_ms, path, why)

    def _show(self, pair: Pair, state: str, rtt_ms: float | None = None, path: str = "", why: str = "") -> None:
        at = self._core.now()
        self.views[pair] = SeatPairView(desks=pair, state=state, rtt_ms=rtt_ms, path=path, at=at, why=why)
        self._core.changed_seat_pairs.add(pair)
