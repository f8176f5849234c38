"""Groups that the experimenter put together by hand, until all of each are in the waitroom and go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mug.engine.clock import ms_of
from mug.engine.live import Core
from mug.engine.lobby import WAITING, Place, Room, RoomKey, ScenePlace
from mug.ids import ParticipantId

__all__ = ["RESERVED_MS", "Reservations"]

RESERVED_MS: Final = 60_000.0
"""Whoever of a group has not come to the waitroom by then is not waited for any more."""


@dataclass(slots=True, eq=False)
class _Reservation:
    """One group, in the order of its agents, at one waitroom. `until_ms`: Unix time."""

    path: ScenePlace
    members: tuple[ParticipantId, ...]
    until_ms: float


class Reservations:
    """Who is kept for whom. They live in memory; a restarted server makes them again from the recorded actions."""

    def __init__(self, core: Core, grace_ms: float) -> None:
        self._core = core
        self._all: list[_Reservation] = []
        self._refill(grace_ms)

    def add(self, path: ScenePlace, members: Sequence[ParticipantId]) -> None:
        """Keep people for each other, from now on; whoever was kept for others is not any more."""
        self._all = [known for known in self._all if not set(known.members) & set(members)]
        self._all.append(_Reservation(path, tuple(members), self._core.clock.now_ms() + RESERVED_MS))

    @property
    def are_any(self) -> bool:
        """Whether anybody is kept for others."""
        return bool(self._all)

    def is_reserved(self, who: ParticipantId) -> bool:
        """Whether somebody is kept for others, and so is matched with nobody else."""
        return any(who in reservation.members for reservation in self._all)

    def next_ms(self, path: ScenePlace) -> list[float]:
        """When something of one waitroom is due."""
        return [reservation.until_ms for reservation in self._all if reservation.path == path]

    def take_complete(self, rooms: Mapping[RoomKey, Room], now_ms: float) -> list[tuple[Room, tuple[Place, ...]]]:
        """Return the groups all of whose members wait now; what cannot come about any more is dissolved, and said."""
        complete: list[tuple[Room, tuple[Place, ...]]] = []
        for reservation in tuple(self._all):
            room = rooms.get((reservation.path, self._treatment_of(reservation.members[0])))
            places = [room.places.get(who) if room is not None else None for who in reservation.members]
            here = [place for place in places if place is not None and place.connection is not None]
            gone = next((who for who in reservation.members if not self._can_come(reservation.path, who)), None)
            if gone is not None:
                self._dissolve(reservation, f"{gone} went another way")
            elif any(self._core.is_paused(who) for who in reservation.members):
                reservation.until_ms = max(reservation.until_ms, now_ms + RESERVED_MS)  # nobody's time runs
            elif room is not None and len(here) == len(places) and all(place.state == WAITING for place in here):
                self._all.remove(reservation)
                complete.append((room, tuple(here)))
            elif now_ms >= reservation.until_ms:
                late = next(
                    who
                    for who, place in zip(reservation.members, places, strict=True)
                    if place is None or place.connection is None or place.state != WAITING
                )
                self._dissolve(reservation, f"{late} did not come to the waitroom in time")
        return complete

    def _can_come(self, path: ScenePlace, who: ParticipantId) -> bool:
        state = self._core.state
        participant = state.participants[who]
        visit = state.current_visit(participant)
        if visit is None or participant.outcome is not None:
            return False
        return visit.planned.node_path == path and visit.outcome is None and not visit.match_ids

    def _treatment_of(self, who: ParticipantId) -> str:
        """The treatment whose waitroom somebody comes to."""
        per_participant = self._core.frozen.study.treatments.per == "participant"
        return self._core.state.participants[who].treatment if per_participant else ""

    def _dissolve(self, reservation: _Reservation, why: str) -> None:
        self._all.remove(reservation)
        self._core.say("warning", f"{', '.join(reservation.members)} were not put together: {why}")

    def _refill(self, grace_ms: float) -> None:
        """After a restart: what the experimenter asked for goes on, as soon as the pages are back.

        The time that the server was gone does not count, nor does that of a pause.
        """
        core = self._core
        now_ms = core.clock.now_ms()
        for action in core.state.actions.values():
            if action.fact.action != "repair":
                continue
            left_ms = ms_of(action.fact.at) + RESERVED_MS - ms_of(core.state.heard_at)
            for group in action.fact.groups:
                members = tuple(ParticipantId(who) for who in group)
                visit = core.state.current_visit(core.state.participants[members[0]])
                if visit is None or not all(self._can_come(visit.planned.node_path, who) for who in members):
                    continue
                if left_ms <= 0 and not any(core.is_paused(who) for who in members):
                    continue  # it was dissolved, and said
                self.add(visit.planned.node_path, members)
                self._all[-1].until_ms = now_ms + max(left_ms, grace_ms)
