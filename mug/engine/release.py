"""Letting groups go from MUG Lab: as they are proposed, or put together by hand."""

from mug.engine.live import Core
from mug.engine.lobby import HELD, Place, Room
from mug.engine.pairing import EXPERIMENTER
from mug.engine.treatments import may_play_together
from mug.engine.waiting import Waiting
from mug.ids import ParticipantId
from mug.protocol.lab import ReleaseGroups, SetRelease
from mug.records import facts as f

__all__ = ["Release"]

MODES = ("automatic", EXPERIMENTER)
MAX_NAMED = 20
"""People whom an answer names; of more it names the first."""


class Release:
    """The experimenter's hand on the waitrooms. Each method answers with what is wrong, in words; empty: it is done."""

    def __init__(self, core: Core, waiting: Waiting) -> None:
        self._core = core
        self._waiting = waiting

    def set_mode(self, request: SetRelease) -> str:
        """Say who lets groups go from now on; with "automatic" those that are held go at once."""
        core = self._core
        if request.mode not in MODES:
            return f"{request.mode[:80]!r} is no way to let groups go: use {' or '.join(MODES)}"
        if core.state.ended:
            return "the session is over"
        if request.mode == core.state.release:
            return ""
        reason = request.reason[:2000]
        core.record(
            f.ConsoleAction(at=core.now(), action="set_release", reason=reason, detail={"mode": request.mode}),
            f.ReleaseSet(at=core.now(), mode=request.mode, reason=reason),
        )
        core.session_changed = True
        who = "MUG lets groups go" if request.mode == "automatic" else "the experimenter lets groups go"
        core.say("info", f"{who} from now on")
        if request.mode == "automatic":
            for room in self._waiting.rooms():
                self._let_proposed_go(room, "automatic")
        self._waiting.settle()
        return ""

    def let_go(self, request: ReleaseGroups) -> str:
        """Let groups go from one waitroom: all of them or none, if something is wrong with one."""
        core = self._core
        if core.state.ended:
            return "the session is over"
        room = next((room for room in self._waiting.rooms() if self._is_meant(room, request)), None)
        if room is None or not room.places:
            return "nobody waits there"
        if not request.groups:
            if not room.proposals:
                return "no group is complete there yet"
            groups = [tuple(str(place.participant_id) for place in proposal.places) for proposal in room.proposals]
            self._record(room, groups, request.reason, by_hand=False)
            self._let_proposed_go(room, EXPERIMENTER)
        else:
            found = self._by_hand(room, request.groups)
            if isinstance(found, str):
                return found
            self._record(room, list(request.groups), request.reason, by_hand=True)
            for group in found:
                for place in group:
                    self._waiting.free(room, place)
            for group in found:
                self._waiting.let_go(room, group, EXPERIMENTER)
        self._waiting.settle()
        return ""

    def _is_meant(self, room: Room, request: ReleaseGroups) -> bool:
        shown = self._core.shown_treatment(room.treatment)
        return room.path == request.node_path and shown == request.treatment

    def _record(self, room: Room, groups: list[tuple[str, ...]], reason: str, *, by_hand: bool) -> None:
        core = self._core
        detail = {
            "scene_id": room.rules.scene_id,
            "node_path": list(room.path),
            "groups": [list(group) for group in groups],
            "by_hand": by_hand,
        }
        core.record(f.ConsoleAction(at=core.now(), action="release_groups", reason=reason[:2000], detail=detail))

    def _let_proposed_go(self, room: Room, released_by: str) -> None:
        proposals, room.proposals = room.proposals, []
        for proposal in proposals:
            if all(place.state == HELD and place.connection is not None for place in proposal.places):
                self._waiting.let_go(room, proposal.places, released_by)

    def _by_hand(self, room: Room, groups: tuple[tuple[str, ...], ...]) -> list[tuple[Place, ...]] | str:
        """Find the places of groups that the experimenter put together, or say what is wrong with them."""
        found: list[tuple[Place, ...]] = []
        taken: set[str] = set()
        for group in groups:
            named = ", ".join(who[:80] for who in group[:MAX_NAMED]) + (", …" if len(group) > MAX_NAMED else "")
            if len(group) != room.rules.needed or len(set(group)) != len(group):
                return f"{named or 'nobody'}: a group here has {room.rules.needed} different participants"
            places: list[Place] = []
            for who in group:
                place = room.places.get(ParticipantId(who))
                if place is None:
                    return f"{who[:80]} does not wait there"
                if place.connection is None:
                    return f"{who} is not connected at the moment"
                if place.paused:
                    return f"{who} is paused: let them go on first"
                if who in taken:
                    return f"{who} is in two of the groups"
                taken.add(who)
                places.append(place)
            if bound := {place.group_id for place in places} - {""}:
                return (
                    f"{named}: they belong to the group{'s'[: len(bound) != 1]} that drew the order of these scenes, "
                    "and go on by themselves when all of it are here"
                )
            if not may_play_together(self._core, [place.participant_id for place in places]):
                return f"{named}: they have different treatments, and only people of one treatment play together"
            found.append(tuple(places))
        return found
