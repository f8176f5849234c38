"""One waitroom as data: who waits in which order, who may not be matched with whom for a while, what is proposed.

A waitroom lives in memory only; what must outlive the process (since when somebody waits) is a fact.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations
from typing import Final

from mug.engine.effects import ConnectionId
from mug.ids import ParticipantId, VisitId
from mug.study.model import GymGame
from mug.study.waitrooms import WaitroomRules

__all__ = [
    "CROWD",
    "HELD",
    "PROBING",
    "WAITING",
    "Pair",
    "Place",
    "Proposal",
    "Rejection",
    "Room",
    "RoomKey",
    "ScenePlace",
]

ScenePlace = tuple[int, ...]
"""A node's place in the chain, as `PlannedVisit.node_path` has it."""

RoomKey = tuple[ScenePlace, str]
"""A waitroom: the node's place, and the treatment of those who wait there."""

CROWD: Final = 20
"""In larger waitrooms counts are told, and partners looked for anew, ten times a second, not at every change."""

WAITING: Final = "waiting"
PROBING: Final = "probing"
HELD: Final = "held"

Pair = frozenset[ParticipantId]


@dataclass(slots=True, eq=False)
class Place:
    """One participant's place in a waitroom. Times in Unix ms.

    Attributes:
        participant_id: Who.
        visit_id: The visit in which they wait.
        since_ms: When they first came into the waitroom in this visit.
        order: Places with smaller numbers came first.
        connection: The page that waits; None: it is away for the moment, and the participant is not matched.
        away_since_ms: Since when it is away.
        group_id: The group that they are bound to, because it drew the order of the scenes here; empty: none.
        state: WAITING, PROBING or HELD.
        held_ms: How long they were held by the experimenter so far; it does not count as waiting.
        held_since_ms: Since when they are held.
        behind_until_ms: Not matched until then: their page did not answer when connections were measured.
        not_before_ms: Their time is not up before: the server was away meanwhile.
        told: What their page was told last: the count and the stage.
        reserved: The experimenter keeps them for others by name.
        paused: The experimenter pauses them: they are not matched, and their time stands still.
    """

    participant_id: ParticipantId
    visit_id: VisitId
    since_ms: float
    order: int
    connection: ConnectionId | None = None
    away_since_ms: float | None = None
    group_id: str = ""
    state: str = WAITING
    held_ms: float = 0.0
    held_since_ms: float = 0.0
    behind_until_ms: float = 0.0
    not_before_ms: float = 0.0
    told: tuple[int, str] | None = None
    reserved: bool = False
    paused: bool = False

    @property
    def is_free(self) -> bool:
        """Whether they may be matched as far as this place knows: their page is here, and they are in nothing else."""
        return self.connection is not None and self.state == WAITING and not (self.paused or self.reserved)


@dataclass(frozen=True, slots=True)
class Rejection:
    """Two who are not matched for a while. `rtt_ms` None: no connection between them was found."""

    rtt_ms: float | None
    until_ms: float


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """A group that could go: its members in the order in which they came (or are bound)."""

    places: tuple[Place, ...]


@dataclass(slots=True, eq=False)
class Room:
    """The waitroom of one scene, or of one group's random order.

    Attributes:
        rules: What the study says of it.
        treatment: Whose room it is, where each participant has a treatment of their own; else empty: everybody's.
        places: Who is in it.
        rejected: Pairs that are not matched for a while.
        proposals: Groups that wait for the experimenter.
        stale: Those for whom the matchmaker has not been asked since something changed.
        look_later: At the next tick they are all of them.
        asking: Number of the call by which a matchmaker of the study's own is asked now; None: none.
        asked_who: The participant who is "arriving" in that call.
        offered: Those who are "waiting" in it.
        ask_until_ms: When its answer is not waited for any more.
        recheck_ms: When everybody's partners are looked for anew.
        returning: Those who wait for the partners of their last group.
        untold: Its counts changed and not everybody was told.
        max_rtt_ms: The largest round trip between partners before it widens: the study's, or its matchmaker's.
        judged: The study's own matchmaker decides about measured round trips.
    """

    rules: WaitroomRules
    treatment: str = ""
    places: dict[ParticipantId, Place] = field(default_factory=dict)
    rejected: dict[Pair, Rejection] = field(default_factory=dict)
    proposals: list[Proposal] = field(default_factory=list)
    stale: set[ParticipantId] = field(default_factory=set)
    look_later: bool = False
    asking: int | None = None
    asked_who: ParticipantId | None = None
    offered: tuple[ParticipantId, ...] = ()
    ask_until_ms: float = 0.0
    recheck_ms: float = 0.0
    returning: set[ParticipantId] = field(default_factory=set)
    untold: bool = False
    max_rtt_ms: float | None = None
    judged: bool = False

    @property
    def path(self) -> ScenePlace:
        """The node's place."""
        return self.rules.node_path

    @property
    def key(self) -> RoomKey:
        """What tells it from the session's other waitrooms."""
        return self.path, self.treatment

    @property
    def game(self) -> GymGame:
        """The game whose settings hold here."""
        return self.rules.game

    def in_order(self) -> list[Place]:
        """Everybody, the longest waiting first."""
        return sorted(self.places.values(), key=lambda place: place.order)

    def present(self) -> list[Place]:
        """Those whose page is here, the longest waiting first."""
        return [place for place in self.in_order() if place.connection is not None]

    def all_stale(self) -> None:
        """Have partners looked for anew for everybody."""
        self.look_later = False
        self.stale.update(self.places)

    def look_again(self) -> None:
        """Somebody came back, went, or is free again: have partners looked for anew, in a crowd at the next tick.

        To look for everybody costs the square of their number, and when a network fails they all go at one moment.
        """
        if len(self.places) > CROWD:
            self.look_later = True
        else:
            self.all_stale()

    def remember(self, pair: Iterable[ParticipantId], rtt_ms: float | None, until_ms: float) -> None:
        """Do not match two until a time."""
        self.rejected[frozenset(pair)] = Rejection(rtt_ms, until_ms)

    def forget_old(self, now_ms: float) -> bool:
        """Forget rejections whose time is over; returns whether there were any."""
        old = [pair for pair, rejection in self.rejected.items() if rejection.until_ms <= now_ms]
        for pair in old:
            del self.rejected[pair]
        return bool(old)

    def limit_ms(self, one: Place, other: Place, now_ms: float) -> float | None:
        """The largest round trip between two: the longer one of them has waited, the larger. None: any."""
        if self.max_rtt_ms is None:
            return None
        waited_s = max(now_ms - min(one.since_ms, other.since_ms), 0.0) / 1000
        return self.max_rtt_ms + self.rules.widening_ms_per_s * waited_s

    def are_apart(self, one: Place, other: Place, now_ms: float) -> bool:
        """Whether two may not be matched now: their measured round trip is too long, or there was none."""
        rejection = self.rejected.get(frozenset((one.participant_id, other.participant_id)))
        if rejection is None or rejection.until_ms <= now_ms:
            return False
        if rejection.rtt_ms is None:
            return True
        limit_ms = self.limit_ms(one, other, now_ms)
        return limit_ms is None or rejection.rtt_ms > limit_ms

    def apart_in(self, group: Iterable[Place], now_ms: float) -> tuple[Place, Place] | None:
        """The first two of a group who may not be matched now."""
        return next((pair for pair in combinations(group, 2) if self.are_apart(*pair, now_ms)), None)

    def proposal_of(self, place: Place) -> Proposal | None:
        """The proposal that somebody is held in."""
        return next((proposal for proposal in self.proposals if place in proposal.places), None)
