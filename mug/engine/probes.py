"""Measuring the connections within a proposed group: each page pings each other one before they are matched."""

import math
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Final

from mug.engine.effects import ConnectionId, DropRoutes, Send, SetRoutes
from mug.engine.live import Core
from mug.engine.lobby import PROBING, WAITING, Place, Room
from mug.ids import MatchId, ParticipantId
from mug.protocol.messages import ProbeDone, ProbeOver, ProbePartners
from mug.records import facts as f

__all__ = ["PINGS", "PROBE_GRACE_MS", "PROBE_MS", "REMEMBER_MS", "Probe", "Probes", "worse_path"]

PINGS: Final = 5
PROBE_MS: Final = 8_000.0
"""A page answers after this time at the latest."""
PROBE_GRACE_MS: Final = 2_000.0
"""So much later its answer is not waited for any more."""
REMEMBER_MS: Final = 60_000.0
"""A pair that is too far apart is tried again after this time: networks change."""
BEHIND_MS: Final = 15_000.0
"""A page that answered nothing at all is not matched for so long, so that others need not wait for it again."""
MAX_OVER: Final = 1_000
"""Probes that ended last: an answer for them that comes late is no offence of those who were in them."""

_PATHS: Final = ("", "p2p", "relay")


@dataclass(slots=True, eq=False)
class Probe:
    """A group whose connections are measured.

    Attributes:
        probe_id: Its id, which routes use like a match's.
        room: The waitroom of its members.
        places: The members; slot "0" is the first.
        until_ms: When the missing answers are given up.
        answers: (slot, other slot) -> the round trip that this page measured to the other, and its path.
        judging: Number of the call by which the study's own matchmaker is asked about what was measured.
    """

    probe_id: str
    room: Room
    places: tuple[Place, ...]
    until_ms: float
    answers: dict[tuple[int, int], tuple[float | None, str]] = field(default_factory=dict)
    judging: int | None = None

    @property
    def is_complete(self) -> bool:
        """Whether every page has answered for every other."""
        return len(self.answers) == len(self.places) * (len(self.places) - 1)

    def slot_of(self, who: ParticipantId) -> int | None:
        """The slot of a member; None for anybody else."""
        return next((slot for slot, place in enumerate(self.places) if place.participant_id == who), None)


class Probes:
    """The probes that run."""

    def __init__(self, core: Core, *, ice_servers: tuple[dict[str, Any], ...] = (), force_relay: bool = False) -> None:
        self._core = core
        self._ice_servers = ice_servers
        self._force_relay = force_relay
        self._running: dict[str, Probe] = {}
        self._of: dict[ParticipantId, Probe] = {}
        self._over: deque[tuple[str, frozenset[ParticipantId]]] = deque(maxlen=MAX_OVER)

    def running(self) -> tuple[Probe, ...]:
        """All probes, the oldest first."""
        return tuple(self._running.values())

    def of(self, place: Place) -> Probe | None:
        """The probe that somebody is in."""
        probe = self._of.get(place.participant_id)
        return probe if probe is not None and place in probe.places else None

    def start(self, room: Room, group: tuple[Place, ...]) -> None:
        """Have the pages of a group measure; until it is over they are matched with nobody else."""
        core = self._core
        probe_id = f"p-{core.rng.getrandbits(48):012x}"
        probe = Probe(probe_id, room, group, core.clock.now_ms() + PROBE_MS + PROBE_GRACE_MS)
        self._running[probe_id] = probe
        slots = tuple(str(slot) for slot in range(len(group)))
        routes = {slot: place.connection for slot, place in zip(slots, group, strict=True)}
        # Signals that come before the other page has heard of the probe are kept until it has.
        core.emit(SetRoutes(MatchId(probe_id), routes, frozenset()))
        for slot, place in zip(slots, group, strict=True):
            place.state = PROBING
            self._of[place.participant_id] = probe
            if place.connection is not None:
                message = ProbePartners(
                    visit_id=place.visit_id,
                    probe_id=probe_id,
                    slots=slots,
                    own=slot,
                    pings=PINGS,
                    timeout_ms=PROBE_MS,
                    ice_servers=self._ice_servers,
                    force_relay=self._force_relay,
                )
                core.emit(Send(place.connection, message))
        core.emit(SetRoutes(MatchId(probe_id), routes, frozenset(slots)))

    def done(self, connection: ConnectionId, who: ParticipantId, message: ProbeDone) -> Probe | None:
        """Take up what a page measured; returns the probe when that was the last answer it waited for."""
        core, about = self._core, "probe.done"
        probe = self._running.get(message.probe_id)
        slot = probe.slot_of(who) if probe is not None else None
        if probe is None or slot is None or probe.places[slot].connection != connection:
            if not self._was_mine(message.probe_id, who):
                core.refuse(connection, "foreign_probe", "this is not a probe of yours", path="probe_id", about=about)
            return None
        others = {str(other): other for other in range(len(probe.places)) if other != slot}
        if message.to not in others:
            core.refuse(connection, "foreign_agent", "this is not a slot of yours", path="to", about=about)
            return None
        rtt_ms = message.rtt_ms
        if message.path not in _PATHS:
            core.refuse(connection, "invalid", "expected p2p, relay or nothing", path="path", about=about)
            return None
        if rtt_ms is not None and not (math.isfinite(rtt_ms) and rtt_ms >= 0):
            core.refuse(connection, "invalid", "expected a time in ms", path="rtt_ms", about=about)
            return None
        probe.answers.setdefault((slot, others[message.to]), (rtt_ms, message.path))
        return probe if probe.is_complete and probe.judging is None else None

    def measured(self, probe: Probe) -> dict[tuple[int, int], float | None]:
        """The round trips of the pairs of which both pages answered: the larger of the two; None: no way was found."""
        found: dict[tuple[int, int], float | None] = {}
        for slots in combinations(range(len(probe.places)), 2):
            ways = [probe.answers.get(way) for way in (slots, slots[::-1])]
            if all(way is not None for way in ways):
                times = [way[0] for way in ways if way is not None and way[0] is not None]
                found[slots] = max(times) if len(times) == 2 else None
        return found

    def decide(self, probe: Probe, refused: Mapping[tuple[int, int], bool]) -> bool:
        """End a probe; returns whether every pair of the group is near enough.

        The pairs that are not are remembered for a while; who answered nothing at all is put behind for a moment.

        Args:
            probe: The probe.
            refused: What the study's own matchmaker says of pairs; those that it does not name are held to the limit.
        """
        core, room, now_ms = self._core, probe.room, self._core.clock.now_ms()
        self.stop(probe)
        silent = {slot for slot in range(len(probe.places)) if not any(own == slot for own, _ in probe.answers)}
        for slot in silent:
            probe.places[slot].behind_until_ms = now_ms + BEHIND_MS
        measured = self.measured(probe)
        fine = True
        for slots in combinations(range(len(probe.places)), 2):
            pair = (probe.places[slots[0]], probe.places[slots[1]])
            members = tuple(place.participant_id for place in pair)
            if slots not in measured:
                fine = False
                if not silent & set(slots):
                    room.remember(members, None, now_ms + REMEMBER_MS)
                continue
            rtt_ms, limit_ms = measured[slots], room.limit_ms(*pair, now_ms)
            within = limit_ms is None or (rtt_ms is not None and rtt_ms <= limit_ms)
            accepted = within and not refused.get(slots, False)
            core.record(
                f.PairProbed(
                    at=core.now(),
                    probe_id=probe.probe_id,
                    participants=members,
                    rtt_ms=rtt_ms,
                    path=worse_path([probe.answers[way][1] for way in (slots, slots[::-1])]),
                    accepted=accepted,
                    limit_ms=limit_ms,
                )
            )
            if not accepted:
                fine = False
                # What its own rule refused, a limit that grows does not allow.
                room.remember(members, None if within else rtt_ms, now_ms + REMEMBER_MS)
        return fine

    def stop(self, probe: Probe) -> None:
        """End a probe without a decision: its members wait as before."""
        if self._running.pop(probe.probe_id, None) is None:
            return
        self._core.emit(DropRoutes(MatchId(probe.probe_id)))
        for place in probe.places:
            place.state = WAITING
            del self._of[place.participant_id]
            if place.connection is not None:
                self._core.emit(Send(place.connection, ProbeOver(probe_id=probe.probe_id)))
        self._over.append((probe.probe_id, frozenset(place.participant_id for place in probe.places)))

    def due(self, now_ms: float) -> Iterator[Probe]:
        """The probes whose time is over."""
        yield from [probe for probe in self._running.values() if probe.until_ms <= now_ms]

    def _was_mine(self, probe_id: str, who: ParticipantId) -> bool:
        return any(probe_id == over and who in members for over, members in self._over)


def worse_path(paths: list[str]) -> str:
    """The worse of the two ways: none, then the relay, then the direct one."""
    if "" in paths:
        return ""
    return "relay" if "relay" in paths else "p2p"
