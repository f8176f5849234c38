"""Waiting for partners: who comes into a waitroom, who leaves it, and when the time is up."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

from mug.engine.clock import ms_of
from mug.engine.effects import ConnectionId, Schedule
from mug.engine.group_orders import GroupOrders
from mug.engine.live import Core
from mug.engine.lobby import HELD, PROBING, WAITING, Place, Room, RoomKey, ScenePlace
from mug.engine.matches import Matches
from mug.engine.matchmakers import Matchmakers
from mug.engine.pairing import EXPERIMENTER, Pairing
from mug.engine.probes import Probes
from mug.engine.reservations import Reservations
from mug.engine.state import ParticipantState, VisitState
from mug.engine.waitroom_news import WaitroomNews
from mug.ids import ParticipantId, VisitId
from mug.protocol.messages import JoinMatch, ProbeDone
from mug.records import facts as f
from mug.study.matchmaking import Matchmaker
from mug.study.waitrooms import game_for_one, waitroom_at

__all__ = ["WAITROOM", "Leaving", "Waiting"]

WAITROOM: Final = "waitroom"
"""Name of the timer at whose end the waitrooms are looked at again."""
AWAY_GRACE_MS: Final = 10_000.0
"""Whose page is back within this time keeps the place in the order."""
SILENT_MS: Final = 6_000.0
"""Whose page pulsed, and has not for so long, is not matched until it does again."""
RESTART_GRACE_MS: Final = 30_000.0
"""After a restart of the server nobody's time is up earlier: the pages have to come back first."""


class Leaving(Protocol):
    """Moves people out of a waitroom along their plan."""

    def waited_too_long(self, participant: ParticipantState, visit: VisitState) -> None:
        """The time is up: the participant goes on without partners, or the participation ends."""

    def go_on(self, participant: ParticipantState, visit: VisitState) -> None:
        """The visit is over, the next one begins."""


class Waiting:
    """The rules of waiting."""

    def __init__(
        self,
        core: Core,
        matches: Matches,
        matchmakers: Mapping[str, Matchmaker],
        *,
        ice_servers: tuple[dict[str, Any], ...] = (),
        force_relay: bool = False,
    ) -> None:
        self._core = core
        self._matches = matches
        self.probes = Probes(core, ice_servers=ice_servers, force_relay=force_relay)
        self.pairing = Pairing(core, self.probes, Matchmakers(core, matchmakers), self.let_go)
        self._orders = GroupOrders(core)
        self._news = WaitroomNews(core, self.pairing)
        self._rooms: dict[RoomKey, Room] = {}
        self._where: dict[ParticipantId, Room] = {}
        self._arrivals = 0
        self._wake_at_ms: float | None = None
        self._silent: dict[ParticipantId, ConnectionId] = {}
        self._leaving: Leaving | None = None
        self._reservations = Reservations(core, RESTART_GRACE_MS)
        self._has_reserved = False
        self._refill()

    def leave_by(self, leaving: Leaving) -> None:
        """Say who moves people on (it is made after this, and knows this)."""
        self._leaving = leaving

    # ------------------------------------------------------------- coming and going

    def join(self, connection: ConnectionId, participant: ParticipantState, message: JoinMatch) -> None:
        """A page is ready for partners: it waits, or the match is formed; a match that is there is told again."""
        core, about = self._core, "match.join"
        visit = core.own_visit(connection, participant, message.visit_id, about)
        if visit is None:
            return
        if visit is not core.state.current_visit(participant) or visit.outcome is not None:
            core.refuse(connection, "not_current", "this visit is not the present one", path="visit_id", about=about)
            return
        alone = game_for_one(core.frozen_of(participant).study, visit.planned.node_path)
        room = self._room(participant, visit)
        if room is None and alone is None:
            core.refuse(connection, "invalid", "this scene is not for several people", path="visit_id", about=about)
            return
        if core.state.ended or participant.outcome is not None:
            core.refuse(connection, "closed", "the session is over", about=about)
            return
        match = core.state.current_match(visit)
        if match is not None:
            self._matches.tell_again(connection, participant, visit, match)
            return
        if room is None:
            now_ms = core.clock.now_ms()
            place = Place(participant.participant_id, VisitId(visit.planned.visit_id), now_ms, 0, connection)
            self._matches.form((place,))  # nobody is waited for
            return
        place = self._take_place(room, connection, participant, visit)
        self.settle()
        if self._where.get(participant.participant_id) is room and place.told is None:
            self._news.tell(room, place)

    def page_gone(self, who: ParticipantId) -> None:
        """Somebody's page is gone: they keep their place for a while, and are not matched meanwhile."""
        room = self._where.get(who)
        if room is None:
            return
        place = room.places[who]
        self._out_of_group(room, place)
        if place.connection is not None:
            place.connection, place.away_since_ms = None, self._core.clock.now_ms()
        self.pairing.changed(room)
        room.look_again()
        self.settle()

    def heard(self, connection: ConnectionId, participant: ParticipantState) -> None:
        """A page says something of itself: one that had fallen silent waits on."""
        who = participant.participant_id
        if self._silent.get(who) != connection:
            return
        del self._silent[who]
        room, visit = self._where.get(who), self._core.state.current_visit(participant)
        if room is not None and visit is not None and room.places[who].connection is None:
            self._take_place(room, connection, participant, visit)
            self.settle()

    def paused(self, people: Iterable[ParticipantId]) -> None:
        """People are paused: they keep their places, are matched with nobody, and their time stands still."""
        for who in people:
            if (room := self._where.get(who)) is not None:
                place = room.places[who]
                self._out_of_group(room, place)
                place.paused, place.told = True, None
                room.look_again()
                self.pairing.changed(room)

    def gone_on(self, people: Iterable[ParticipantId]) -> None:
        """People who were paused wait on."""
        rooms = [(who, room) for who in people if (room := self._where.get(who)) is not None]
        for who, room in rooms:
            room.places[who].paused, room.places[who].told = False, None
            room.look_again()
            self.pairing.changed(room)
        self.settle()

    def expect(self, participant: ParticipantState, visit: VisitState) -> None:
        """Somebody is sent to a waitroom: they have a place, which their page takes up. `settle` follows."""
        core, who = self._core, participant.participant_id
        room = self._room(participant, visit)
        assert room is not None
        core.record(f.WaitStarted(at=core.now(), participant_id=who, visit_id=visit.planned.visit_id))
        is_first = not room.places
        place = self._new_place(room, participant, visit, core.clock.now_ms())
        place.away_since_ms = core.clock.now_ms()
        for hook in ("start", "join") if is_first else ("join",):
            self._news.observe(room, hook, place, [str(who)])
        self.pairing.changed(room)

    def reserve(self, path: ScenePlace, members: Sequence[ParticipantId]) -> None:
        """Keep people for each other: as soon as all of them wait they go, by the experimenter's hand."""
        self._reservations.add(path, members)
        for who in members:
            if (room := self._where.get(who)) is not None:
                self._out_of_group(room, room.places[who])
                self.pairing.changed(room)

    def take_out(self, people: Iterable[ParticipantId]) -> None:
        """Take people out of whatever waitrooms they are in. `settle` follows, when all that goes with it is done."""
        for who in people:
            self._take_out(who)

    def leave(self, who: ParticipantId) -> None:
        """Take somebody out of the waitroom, who waits in one."""
        if self._take_out(who) is not None:
            self.settle()

    def session_over(self) -> None:
        """Nobody waits any more."""
        for probe in self.probes.running():
            self.probes.stop(probe)
        for room in self._rooms.values():
            room.places.clear()
            room.proposals.clear()
            room.rejected.clear()
            self.pairing.changed(room)
        self._where.clear()

    def free(self, room: Room, place: Place) -> None:
        """Take somebody out of whatever group was found for them: the experimenter puts them into another one."""
        self._out_of_group(room, place)

    def let_go(self, room: Room, group: tuple[Place, ...], released_by: str) -> None:
        """A group is complete and goes: into its match, or into the order that it draws."""
        for place in group:
            self._take_out(place.participant_id)
        self._news.observe(room, "end", group[0], [str(place.participant_id) for place in group])
        if not room.rules.is_order:
            bound = group[0].group_id
            self._matches.form(group, group_id=bound, released_by=released_by)
            return
        assert self._leaving is not None
        self._orders.form(room, group, released_by)
        for place in group:
            participant = self._core.state.participants[place.participant_id]
            self._leaving.go_on(participant, self._core.state.visits[place.visit_id])

    # ------------------------------------------------------------- what happens meanwhile

    def probe_done(self, connection: ConnectionId, who: ParticipantId, message: ProbeDone) -> None:
        """A page says what it measured."""
        probe = self.probes.done(connection, who, message)
        if probe is not None:
            self.pairing.probed(probe)
            self.settle()

    def matchmaker_answered(self, call_id: int, value: Any) -> None:
        """A matchmaker of the study's own returned."""
        room = self._asking(call_id)
        if room is not None:
            self.pairing.answered(room, value)
            self.settle()

    def matchmaker_failed(self, call_id: int, error: str, traceback: str) -> None:
        """A matchmaker of the study's own raised an exception, or did not return in time."""
        room = self._asking(call_id)
        if room is not None:
            self.pairing.ask_failed(room, error, traceback)
            self.settle()

    def rtts_judged(self, call_id: int, value: Any, error: str = "", traceback: str = "") -> None:
        """A matchmaker of the study's own was asked about measured round trips."""
        self.pairing.judged(call_id, value, error, traceback)
        self.settle()

    def due(self) -> None:
        """Time went by: look whether something of the waitrooms is due."""
        if self._wake_at_ms is None or self._core.clock.now_ms() < self._wake_at_ms:
            return
        self._wake_at_ms = None
        self.settle()

    def settle(self) -> None:
        """Do everything that is due now: time that is up, probes, groups; then tell the pages what changed."""
        core = self._core
        if core.state.ended:
            return
        now_ms = core.clock.now_ms()
        for probe in self.probes.due(now_ms):
            self.pairing.probed(probe)
        for room in list(self._rooms.values()):
            if room.asking is not None and now_ms >= room.ask_until_ms:
                core.calls.pop(room.asking, None)
                self.pairing.ask_failed(room, "it did not answer")
            self._time_out(room, now_ms)
        self._keep_reservations(now_ms)
        for room in list(self._rooms.values()):
            self.pairing.run(room)
        for room in list(self._rooms.values()):
            self._news.tell_all(room)
        self._wake_in_time(now_ms)

    def _keep_reservations(self, now_ms: float) -> None:
        """Let the groups go that the experimenter made, and whose members are all here."""
        if not self._reservations.are_any and not self._has_reserved:
            return
        for room, group in self._reservations.take_complete(self._rooms, now_ms):
            self.let_go(room, group, EXPERIMENTER)
        self._has_reserved = self._reservations.are_any
        for room in self._rooms.values():
            for place in room.places.values():
                is_reserved = self._reservations.is_reserved(place.participant_id)
                if place.reserved and not is_reserved:
                    room.look_again()
                place.reserved = is_reserved

    def ticked(self) -> None:
        """A tenth of a second went by: look for what is due, and tell large waitrooms what has changed meanwhile."""
        self._miss_the_silent()
        crowds = [room for room in self._rooms.values() if room.look_later]
        for room in crowds:
            room.all_stale()
        if crowds:
            self.settle()
        self.due()
        if self._core.changed and any(self._depends_on_others(room) for room in self._rooms.values()):
            self.settle()  # somebody who is waited for may have gone another way
        for room in self._rooms.values():
            if room.untold:
                self._news.tell_all(room, crowd=True)

    def _miss_the_silent(self) -> None:
        """A page whose connection stands but that says nothing any more (a laptop that sleeps) is put into no match."""
        now_ms = self._core.clock.now_ms()
        for room in self._rooms.values():
            for place in room.present():
                presence = self._core.presence(place.participant_id)
                if presence.pulsing and place.connection and now_ms - presence.pulsed_at_ms > SILENT_MS:
                    self._silent[place.participant_id] = place.connection
                    self.page_gone(place.participant_id)

    @staticmethod
    def _depends_on_others(room: Room) -> bool:
        return any(place.group_id for place in room.places.values()) or bool(room.returning)

    def rooms(self) -> tuple[Room, ...]:
        """Every waitroom that somebody has come into, whether or not somebody waits there now."""
        return tuple(self._rooms.values())

    def room_of(self, who: ParticipantId) -> Room | None:
        """The waitroom that somebody is in."""
        return self._where.get(who)

    def stage(self, room: Room, place: Place) -> str:
        """What somebody waits for: waiting, probing, held, returning."""
        return self._news.stage(room, place)

    def deadline(self, room: Room, place: Place) -> float | None:
        """When somebody's time is up; None: never, or not while the experimenter holds or pauses them."""
        if room.rules.timeout_ms is None or place.state == HELD or place.paused:
            return None
        waits_ms = room.rules.timeout_ms + place.held_ms + self._core.state.visits[place.visit_id].paused_ms
        until_ms = max(place.since_ms + waits_ms, place.not_before_ms)
        probe = self.probes.of(place) if place.state == PROBING else None
        return until_ms if probe is None else max(until_ms, probe.until_ms)

    # ------------------------------------------------------------- places

    def _refill(self) -> None:
        """After a restart: who waited waits on, as soon as the page is back; the time that is up runs on."""
        state, now_ms = self._core.state, self._core.clock.now_ms()
        waited: list[tuple[str, ParticipantState, VisitState]] = []
        for participant in state.participants.values():
            visit = state.current_visit(participant)
            if visit is None or visit.waiting_since is None or visit.match_ids:
                continue
            if visit.outcome is None and participant.outcome is None and not state.ended:
                waited.append((visit.waiting_since, participant, visit))
        for since, participant, visit in sorted(waited, key=lambda entry: entry[0]):
            room = self._room(participant, visit)
            if room is not None:
                place = self._new_place(room, participant, visit, ms_of(since))
                place.away_since_ms, place.not_before_ms = now_ms, now_ms + RESTART_GRACE_MS
        self._wake_in_time(now_ms)

    def _room(self, participant: ParticipantState, visit: VisitState) -> Room | None:
        """The waitroom of a visit. With a treatment for each participant, every treatment has its own."""
        core, path = self._core, visit.planned.node_path
        own = participant.treatment if core.frozen.study.treatments.per == "participant" else ""
        room = self._rooms.get((path, own))
        if room is None:
            rules = waitroom_at(core.frozen.under(own).study, path)
            if rules is None:
                return None
            room = self._rooms[path, own] = Room(rules, own, max_rtt_ms=rules.max_rtt_ms)
        return room

    def _take_place(
        self, room: Room, connection: ConnectionId, participant: ParticipantState, visit: VisitState
    ) -> Place:
        core, who = self._core, participant.participant_id
        place = room.places.get(who)
        if place is not None and place.visit_id == visit.planned.visit_id:
            if place.connection == connection:
                place.told = None  # it asks, so it is answered
                return place
            self._out_of_group(room, place)
            if place.away_since_ms is not None and core.clock.now_ms() - place.away_since_ms > AWAY_GRACE_MS:
                self._arrivals += 1
                place.order = self._arrivals
            room.look_again()
        else:
            self._take_out(who)
            if visit.waiting_since is None:
                core.record(f.WaitStarted(at=core.now(), participant_id=who, visit_id=visit.planned.visit_id))
            assert visit.waiting_since is not None
            is_first = not room.places
            place = self._new_place(room, participant, visit, ms_of(visit.waiting_since))
            if is_first:
                self._news.observe(room, "start", place, [str(who)])
            self._news.observe(room, "join", place, [str(who)])
        place.connection, place.away_since_ms, place.told = connection, None, None
        room.stale.add(who)
        self.pairing.changed(room)
        return place

    def _new_place(self, room: Room, participant: ParticipantState, visit: VisitState, since_ms: float) -> Place:
        self._arrivals += 1
        is_bound = bool(visit.group_id) and not room.rules.is_order
        place = Place(
            participant.participant_id,
            VisitId(visit.planned.visit_id),
            min(since_ms, self._core.clock.now_ms()),  # the computer's clock may have been set back meanwhile
            self._arrivals,
            group_id=visit.group_id if is_bound else "",
            paused=self._core.state.is_paused(participant),
        )
        room.places[place.participant_id] = place
        self._where[place.participant_id] = room
        return place

    def _take_out(self, who: ParticipantId) -> Room | None:
        room = self._where.pop(who, None)
        self._silent.pop(who, None)
        if room is None:
            return None
        place = room.places[who]
        self._out_of_group(room, place)
        del room.places[who]
        room.stale.discard(who)
        room.look_again()
        self.pairing.changed(room)
        return room

    def _out_of_group(self, room: Room, place: Place) -> None:
        """Whoever is in a probe or a proposal leaves it; the others wait as before."""
        if place.state == PROBING and (probe := self.probes.of(place)) is not None:
            self.probes.stop(probe)
        elif place.state == HELD and (proposal := room.proposal_of(place)) is not None:
            self.pairing.dissolve(room, proposal)
        place.state = WAITING

    # ------------------------------------------------------------- time that is up

    def _time_out(self, room: Room, now_ms: float) -> None:
        """Let those go on who have waited long enough, and those whose group cannot be complete any more."""
        assert self._leaving is not None
        for place in room.in_order():
            participant = self._core.state.participants[place.participant_id]
            if participant.outcome is not None:  # it was ended elsewhere
                self._take_out(place.participant_id)
                continue
            if place.paused:
                continue
            deadline = self.deadline(room, place)
            is_over = deadline is not None and now_ms >= deadline
            if not is_over and not (place.group_id and self._orders.is_broken(place.group_id, place.visit_id)):
                continue
            self._take_out(place.participant_id)
            self._core.say("warning", "waited for partners in vain", place.participant_id)
            self._news.observe(room, "timeout", place, [str(place.participant_id)])
            self._leaving.waited_too_long(participant, self._core.state.visits[place.visit_id])

    def _wake_in_time(self, now_ms: float) -> None:
        """Have the waitrooms looked at again when the next thing is due."""
        next_ms = min((at_ms for room in self._rooms.values() for at_ms in self._times(room)), default=None)
        if next_ms is None or (self._wake_at_ms is not None and now_ms < self._wake_at_ms <= next_ms):
            return
        self._wake_at_ms = next_ms
        self._core.emit(Schedule(max(math.ceil(next_ms - now_ms), 0.0) + 1.0, WAITROOM))

    def _times(self, room: Room) -> list[float]:
        now_ms = self._core.clock.now_ms()
        times: list[float | None] = [probe.until_ms for probe in self.probes.running() if probe.room is room]
        times += [rejection.until_ms for rejection in room.rejected.values()]
        times += self._reservations.next_ms(room.path)
        if room.asking is not None:
            times.append(room.ask_until_ms)
        for place in room.places.values():
            times += [self.deadline(room, place), self.pairing.returns_until(room, place)]
            times.append(place.behind_until_ms if place.behind_until_ms > now_ms else None)
        if sum(place.is_free for place in room.places.values()) >= room.rules.needed:
            times.append(room.recheck_ms)
        return [at_ms for at_ms in times if at_ms is not None]

    def _asking(self, call_id: int) -> Room | None:
        return next((room for room in self._rooms.values() if room.asking == call_id), None)
