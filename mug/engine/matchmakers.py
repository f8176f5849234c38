"""Asking matchmakers: those of MUG at once, a study's own by a call on a copy of the waiting list."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mug.engine.effects import Call, ConnectionId
from mug.engine.groups import group_history
from mug.engine.live import Core, PendingCall
from mug.engine.lobby import Place, Room
from mug.ids import ParticipantId
from mug.study.matchmaking import FIFOMatchmaker, MatchCandidate, Matchmaker

__all__ = ["ASK_MS", "FIND_MATCH", "JUDGE_RTTS", "Answer", "Matchmakers", "as_answer"]

FIND_MATCH: Final = "find_match"
"""Kind of the call by which a matchmaker of the study's own is asked."""
JUDGE_RTTS: Final = "should_reject_for_rtt"
"""Kind of the call by which such a one is asked about measured round trips, where it has a rule of its own for them."""
ASK_MS: Final = 10_000.0
"""An answer that has not come by then is not waited for: the server gives up on a call much earlier."""
MAX_TRIES: Final = 32
"""Groups that are looked at for one arriving participant before others are tried."""


class Matchmakers:
    """Who says which group it is to be, for each waitroom.

    Args:
        core: The engine's shared heart.
        built_in: Reference -> the matchmaker it names, where that is one of MUG's own.
    """

    def __init__(self, core: Core, built_in: Mapping[str, Matchmaker]) -> None:
        self._core = core
        self._built_in = built_in
        self._fifo = FIFOMatchmaker()
        self._told: set[tuple[str, str]] = set()

    def inline(self, room: Room) -> Matchmaker | None:
        """The room's matchmaker when it is one of MUG's own; None: it is the study's, and has to be called."""
        ref = room.rules.matchmaker
        return self._fifo if ref is None else self._built_in.get(ref)

    def first_come(self) -> Matchmaker:
        """First come, first served: for the turns in which a study's own matchmaker fails."""
        return self._fifo

    def find(
        self,
        matchmaker: Matchmaker,
        room: Room,
        arriving: Place,
        waiting: Sequence[Place],
        known: dict[ParticipantId, MatchCandidate],
    ) -> list[Place] | None:
        """Return a group with `arriving` in it whom nothing keeps apart, by a matchmaker of MUG's own.

        Args:
            matchmaker: Who says.
            room: The waitroom.
            arriving: Who has come last.
            waiting: Who waits, the longest waiting first.
            known: What matchmakers are told of people, as far as it was put together at this moment; added to.
        """
        now_ms = self._core.clock.now_ms()
        places = {str(place.participant_id): place for place in (*waiting, arriving)}
        for place in places.values():
            if place.participant_id not in known:
                known[place.participant_id] = self.candidate(place)
        own = known[arriving.participant_id]
        untried = [[place for place in waiting if not room.are_apart(arriving, place, now_ms)]]
        for _ in range(MAX_TRIES):
            if not untried:
                return None
            offered = untried.pop()
            if len(offered) < room.rules.needed - 1:
                continue
            found = matchmaker.find_match(own, [known[p.participant_id] for p in offered], room.rules.needed)
            if found is None:
                continue
            group = [places[candidate.subject_id] for candidate in found]
            apart = room.apart_in(group, now_ms)
            if apart is None:
                return group
            # Once without the one of the two, once without the other; the longer waiting is kept first.
            first, second = sorted(apart, key=lambda place: place.order)
            untried.append([place for place in offered if place is not first])
            untried.append([place for place in offered if place is not second])
        return None

    def ask(self, room: Room, arriving: Place, waiting: Sequence[Place]) -> None:
        """Have a study's own matchmaker called; its answer comes as a CallResult or a CallFailed.

        Where fewer than are needed are near enough, nothing is asked.
        """
        core, ref = self._core, room.rules.matchmaker
        assert ref is not None
        assert arriving.connection is not None
        now_ms = core.clock.now_ms()
        near = [place for place in waiting if not room.are_apart(arriving, place, now_ms)]
        if len(near) < room.rules.needed - 1:
            return
        context = {
            "arriving": self._as_data(arriving),
            "waiting": [self._as_data(place) for place in near],
            "group_size": room.rules.needed,
        }
        core.calls_made += 1
        core.calls[core.calls_made] = PendingCall(
            FIND_MATCH, ref, arriving.participant_id, arriving.visit_id, arriving.connection
        )
        core.emit(Call(core.calls_made, ref, FIND_MATCH, context))
        room.asking, room.asked_who, room.ask_until_ms = core.calls_made, arriving.participant_id, now_ms + ASK_MS
        room.offered = tuple(place.participant_id for place in near)

    def ask_about(self, room: Room, who: Place, rtts: Sequence[float | None]) -> int:
        """Have a study's own matchmaker asked about measured round trips; returns the number of the call."""
        core, ref = self._core, room.rules.matchmaker
        assert ref is not None
        core.calls_made += 1
        connection = who.connection or ConnectionId("")
        core.calls[core.calls_made] = PendingCall(JUDGE_RTTS, ref, who.participant_id, who.visit_id, connection)
        core.emit(Call(core.calls_made, ref, JUDGE_RTTS, {"rtts": list(rtts)}))
        return core.calls_made

    def failed(self, room: Room, kind: str, text: str, traceback: str = "") -> None:
        """Tell the experimenter, once for each kind of failure."""
        ref = room.rules.matchmaker or ""
        if (ref, kind) in self._told:
            return
        self._told.add((ref, kind))
        self._core.say(
            "error",
            f"the matchmaker {ref} {text}; until it answers as it should, first come, first served",
            traceback=traceback,
        )

    def candidate(self, place: Place) -> MatchCandidate:
        """What a matchmaker is told of somebody who waits."""
        core = self._core
        return MatchCandidate(
            subject_id=str(place.participant_id),
            rtt_ms=core.presence(place.participant_id).server_rtt_ms(),
            group_history=group_history(core.state, place.participant_id),
            waited_ms=max(core.clock.now_ms() - place.since_ms, 0.0),
        )

    def _as_data(self, place: Place) -> dict[str, Any]:
        told = self.candidate(place)
        history = told.group_history
        past = None
        if history is not None:
            past = {
                "previous_partners": [str(who) for who in history.previous_partners],
                "source_scene_id": history.source_scene_id,
                "group_id": history.group_id,
                "role": history.role,
                "outcome": history.outcome,
                "earlier_partners": [str(who) for who in history.earlier_partners],
            }
        return {
            "subject_id": told.subject_id,
            "rtt_ms": told.rtt_ms,
            "group_history": past,
            "waited_ms": told.waited_ms,
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """What the call of a matchmaker answered.

    Attributes:
        group: The ids of the group; None: it has to wait.
        max_p2p_rtt_ms: Its limit for the measured round trip of two; None: any.
        judges: Whether it wants to be asked about each measured round trip.
    """

    group: list[str] | None
    max_p2p_rtt_ms: float | None
    judges: bool


def as_answer(value: Any) -> Answer | None:
    """Read what the call of a matchmaker answered; None: it is no answer."""
    if not isinstance(value, dict):
        return None
    group, limit_ms = value.get("group"), value.get("max_p2p_rtt_ms")
    if limit_ms is not None and not _is_time(limit_ms):
        return None
    if group is not None and not (isinstance(group, list) and all(isinstance(who, str) for who in group)):
        return None
    return Answer(group, limit_ms, value.get("judges") is True)


def _is_time(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0
