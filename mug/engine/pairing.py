"""From people who wait to groups: partners are looked for, connections measured, groups let go or held."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from mug.engine.groups import can_still_come, in_roles, known_partners
from mug.engine.live import Core
from mug.engine.lobby import HELD, WAITING, Place, Proposal, Room
from mug.engine.matchmakers import ASK_MS, Matchmakers, as_answer
from mug.engine.probes import Probe, Probes
from mug.ids import ParticipantId
from mug.study.matchmaking import MatchCandidate
from mug.study.traversal import human_agents

__all__ = ["EXPERIMENTER", "LetGo", "Pairing"]

RECHECK_MS: Final = 5_000.0
"""So often partners are looked for anew for everybody: round trips change, and limits widen with the time."""
EXPERIMENTER: Final = "experimenter"

LetGo = Callable[[Room, tuple[Place, ...], str], None]
"""Takes a waitroom, a group in the order of its agents, and who released it: its members do not wait any more."""


class Pairing:
    """Finds the groups of the waitrooms."""

    def __init__(self, core: Core, probes: Probes, matchmakers: Matchmakers, let_go: LetGo) -> None:
        self._core = core
        self._probes = probes
        self._matchmakers = matchmakers
        self._let_go = let_go

    # ------------------------------------------------------------- looking for partners

    def run(self, room: Room) -> None:
        """Find every group that can be found now; with a matchmaker of the study's own, ask for the next one."""
        now_ms = self._core.clock.now_ms()
        returning = {place.participant_id for place in room.in_order() if self.returns_until(room, place) is not None}
        back = [place for place in room.places.values() if 0 < place.behind_until_ms <= now_ms]
        for place in back:
            place.behind_until_ms = 0.0
        if returning != room.returning:
            self.changed(room)
        if room.forget_old(now_ms) or back or returning != room.returning or now_ms >= room.recheck_ms:
            room.all_stale()
            room.recheck_ms = now_ms + RECHECK_MS
        room.returning = returning
        matchmaker = self._matchmakers.inline(room)
        if matchmaker is not None:
            room.max_rtt_ms = _smaller(room.rules.max_rtt_ms, matchmaker.max_p2p_rtt_ms)
        while self._join_bound(room) or self._join_known(room):
            pass
        known: dict[ParticipantId, MatchCandidate] = {}
        free = self._free(room)
        while room.asking is None:
            number = next((n for n, place in enumerate(free) if place.participant_id in room.stale), None)
            if number is None:
                return
            arriving, waiting = free[number], free[:number]
            room.stale.discard(arriving.participant_id)
            pools = [pool for pool in self._pools(arriving, waiting) if len(pool) >= room.rules.needed - 1]
            if not pools:
                continue
            if matchmaker is None:
                self._matchmakers.ask(room, arriving, pools[0])
                continue
            found = (self._matchmakers.find(matchmaker, room, arriving, pool, known) for pool in pools)
            group = next((group for group in found if group is not None), None)
            if group is not None:
                self._propose(room, group)
                free = self._free(room)

    def answered(self, room: Room, value: Any) -> None:
        """The study's matchmaker answered. Who has gone meanwhile cannot be matched: then it is asked again."""
        arriving = self._arrived(room)
        answer = as_answer(value)
        if answer is None:
            self._fall_back(room, arriving, "answer", f"answered {_shown(value)}, which is no group")
            return
        names, room.judged = answer.group, answer.judges
        room.max_rtt_ms = _smaller(room.rules.max_rtt_ms, answer.max_p2p_rtt_ms)
        if arriving is None or names is None:
            return
        fault = self._fault(room, arriving, names)
        if fault:
            self._fall_back(room, arriving, "group", f"answered {_shown(names)}: {fault}")
            return
        free = {str(place.participant_id): place for place in self._free(room)}
        group = [free[who] for who in names if who in free]
        if len(group) < room.rules.needed:
            room.stale.add(arriving.participant_id)
            return
        apart = room.apart_in(group, self._core.clock.now_ms())
        if apart is None:
            self._propose(room, group)
            return
        offender = next(place for place in reversed(apart) if place is not arriving)
        others = [free[who] for who in room.offered if who in free and free[who] is not offender]
        self._matchmakers.ask(room, arriving, others)

    def ask_failed(self, room: Room, error: str, traceback: str = "") -> None:
        """The study's matchmaker raised an exception, or did not answer in time."""
        self._fall_back(room, self._arrived(room), "call", f"failed: {error}", traceback)

    def _arrived(self, room: Room) -> Place | None:
        """Who was arriving in the call that is over now, if they are still free."""
        who, room.asking, room.asked_who = room.asked_who, None, None
        return next((place for place in self._free(room) if place.participant_id == who), None)

    def _fall_back(self, room: Room, arriving: Place | None, kind: str, text: str, traceback: str = "") -> None:
        self._matchmakers.failed(room, kind, text, traceback)
        if arriving is None:
            return
        waiting = [place for place in self._free(room) if place.order < arriving.order]
        first_come = self._matchmakers.first_come()
        found = (
            self._matchmakers.find(first_come, room, arriving, pool, {}) for pool in self._pools(arriving, waiting)
        )
        group = next((group for group in found if group is not None), None)
        if group is not None:
            self._propose(room, group)

    def _fault(self, room: Room, arriving: Place, names: Sequence[str]) -> str:
        """What is wrong with a group by itself, whoever has gone meanwhile."""
        needed = room.rules.needed
        if len(names) != needed or len(set(names)) != needed:
            return f"a group here has {needed} different people"
        if arriving.participant_id not in names:
            return f"{arriving.participant_id}, who has just come, is not in it"
        strangers = [who for who in names if who != arriving.participant_id and who not in room.offered]
        return f"{strangers[0]!r} is none of those it was asked about" if strangers else ""

    def _free(self, room: Room) -> list[Place]:
        """Those whom the matchmaker may match, the longest waiting first."""
        now_ms = self._core.clock.now_ms()
        return [
            place
            for place in room.in_order()
            if place.is_free
            and not place.group_id
            and place.behind_until_ms <= now_ms
            and self.returns_until(room, place) is None
        ]

    def _pools(self, arriving: Place, waiting: Sequence[Place]) -> list[list[Place]]:
        """Those of whom somebody may be matched with any, whole groups of one treatment; mostly it is everybody.

        Where groups draw their treatment, who has one already is matched with people of the same, or of none yet.
        """
        state = self._core.state
        held = {place: state.participants[place.participant_id].treatment for place in (arriving, *waiting)}
        treatments = [held[arriving]] if held[arriving] else list(dict.fromkeys(t for t in held.values() if t))
        return [[place for place in waiting if held[place] in ("", treatment)] for treatment in treatments or [""]]

    # ------------------------------------------------------------- groups that are known

    def returns_until(self, room: Room, place: Place) -> float | None:
        """Until when somebody waits for the partners of the last group; None: for these no longer, or for none."""
        game = room.game
        if not game.multiplayer.wait_for_known_group or place.group_id:
            return None
        paused_ms = self._core.state.visits[place.visit_id].paused_ms
        until_ms = place.since_ms + paused_ms + game.multiplayer.group_wait_timeout
        if self._core.clock.now_ms() >= until_ms or not self._may_come_together(room, place):
            return None
        return until_ms

    def _may_come_together(self, room: Room, place: Place) -> bool:
        """Whether the last group is of the right size, the last one of all its members, and all can come."""
        state, who = self._core.state, place.participant_id
        partners = known_partners(state, who)
        group = {who, *partners}
        if len(group) != room.rules.needed:
            return False
        now_ms = self._core.clock.now_ms()
        for partner in partners:
            there = room.places.get(partner)
            if {partner, *known_partners(state, partner)} != group:
                return False
            if there is None and not can_still_come(state, partner, room.path):
                return False
            if there is not None and room.are_apart(place, there, now_ms):
                return False
        return True

    def _join_known(self, room: Room) -> bool:
        """Match one group of former partners who are all here."""
        if not room.game.multiplayer.wait_for_known_group:
            return False
        now_ms = self._core.clock.now_ms()
        for place in room.in_order():
            if not place.is_free or place.group_id or not self._may_come_together(room, place):
                continue
            partners = [room.places.get(who) for who in known_partners(self._core.state, place.participant_id)]
            group = [place, *(partner for partner in partners if partner is not None and partner.is_free)]
            complete = len(group) == room.rules.needed and all(member.behind_until_ms <= now_ms for member in group)
            if complete and room.apart_in(group, now_ms) is None:
                self._propose(room, sorted(group, key=lambda member: member.order))
                return True
        return False

    def _join_bound(self, room: Room) -> bool:
        """Let one group go on that drew the order of the scenes here, as soon as all its members are here."""
        for place in room.in_order():
            if not place.is_free or not place.group_id:
                continue
            members = self._core.state.groups[place.group_id].members
            places = [room.places.get(ParticipantId(who)) for who in members]
            group = [member for member in places if member is not None and member.is_free]
            if len(group) == len(members) and all(member.group_id == place.group_id for member in group):
                self._let_go(room, self._in_roles(room, group), "automatic")
                return True
        return False

    # ------------------------------------------------------------- a group is found

    def _propose(self, room: Room, group: Sequence[Place]) -> None:
        """A group was found: measure its connections where a limit holds, else let it go."""
        room.stale.difference_update(place.participant_id for place in group)
        if room.max_rtt_ms is not None or room.judged:
            self._probes.start(room, tuple(group))
            self.changed(room)
        else:
            self._found(room, group)

    def probed(self, probe: Probe) -> None:
        """All answers of a probe are here, or its time is over; a study's own rule for round trips is asked first."""
        pairs = self._probes.measured(probe)
        if probe.room.judged and pairs and probe.judging is None:
            now_ms = self._core.clock.now_ms()
            probe.judging = self._matchmakers.ask_about(probe.room, probe.places[0], list(pairs.values()))
            probe.until_ms = now_ms + ASK_MS
            return
        if probe.judging is not None:
            self._core.calls.pop(probe.judging, None)
            self._matchmakers.failed(probe.room, "judge", "did not say in time whether a round trip is too long")
        self._decide(probe, {})

    def judged(self, call_id: int, value: Any, error: str = "", traceback: str = "") -> None:
        """The study's matchmaker said of each measured round trip whether it is refused."""
        probe = next((probe for probe in self._probes.running() if probe.judging == call_id), None)
        if probe is None:
            return
        pairs = list(self._probes.measured(probe))
        fits = isinstance(value, list) and len(value) == len(pairs) and all(isinstance(word, bool) for word in value)
        if error or not fits:
            text = f"failed: {error}" if error else f"answered {_shown(value)} when it was asked about round trips"
            self._matchmakers.failed(probe.room, "judge", text, traceback)
            self._decide(probe, {})
        else:
            self._decide(probe, dict(zip(pairs, value, strict=True)))

    def _decide(self, probe: Probe, refused: Mapping[tuple[int, int], bool]) -> None:
        room = probe.room
        self.changed(room)
        if self._probes.decide(probe, refused) and all(place.is_free for place in probe.places):
            self._found(room, probe.places)
        else:
            room.look_again()

    def _found(self, room: Room, group: Sequence[Place]) -> None:
        ordered = self._in_roles(room, group)
        if self._core.state.release != EXPERIMENTER:
            self._let_go(room, ordered, "automatic")
            return
        for place in ordered:
            place.state, place.held_since_ms = HELD, self._core.clock.now_ms()
        room.proposals.append(Proposal(ordered))
        self.changed(room)

    def _in_roles(self, room: Room, group: Sequence[Place]) -> tuple[Place, ...]:
        """Put a group in the order of the agents that its members get."""
        places = {place.participant_id: place for place in group}
        agents = [str(agent) for agent in human_agents(room.game)]
        seed = "/".join(sorted(str(place.visit_id) for place in group))
        order = in_roles(self._core.state, list(places), agents, room.game.matchmaking.roles, seed)
        return tuple(places[who] for who in order)

    def changed(self, room: Room) -> None:
        """Have the pages of those who wait, and the consoles, told how the waitroom stands now."""
        room.untold = True
        self._core.changed_rooms.add(room.key)

    def dissolve(self, room: Room, proposal: Proposal) -> None:
        """Somebody of a proposed group is gone: the others wait as before, and get back the time they were held."""
        room.proposals.remove(proposal)
        for place in proposal.places:
            if place.state == HELD:
                place.state = WAITING
                place.held_ms += self._core.clock.now_ms() - place.held_since_ms
        room.look_again()
        self.changed(room)


def _smaller(one: float | None, other: float | None) -> float | None:
    return min((value for value in (one, other) if value is not None), default=None)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:117]}..."
