"""What is told of a waitroom: to the pages of those who wait, and to the game's callback."""

from mug.engine.effects import ObserveWaitroom, Send
from mug.engine.live import Core
from mug.engine.lobby import CROWD, HELD, WAITING, Place, Room
from mug.engine.pairing import Pairing
from mug.protocol.messages import MatchWaiting

__all__ = ["WaitroomNews"]


class WaitroomNews:
    """Tells who has to know."""

    def __init__(self, core: Core, pairing: Pairing) -> None:
        self._core = core
        self._pairing = pairing

    def tell_all(self, room: Room, *, crowd: bool = False) -> None:
        """Tell everybody in a waitroom what changed; a crowd only when its time has come."""
        if not room.untold:
            return
        present = room.present()
        if len(present) > CROWD and not crowd:
            return
        room.untold = False
        for place in present:
            self.tell(room, place, len(present))

    def tell(self, room: Room, place: Place, count: int | None = None) -> None:
        """Tell a page how many wait and what happens; not again what it knows."""
        if place.connection is None:
            return
        waiting = 0 if room.rules.hidden else self._count(room, place, count)
        told = (waiting, self.stage(room, place))
        if place.told == told:
            return
        place.told = told
        timeout_ms, held = room.rules.timeout_ms, place.state == HELD or place.paused
        held_ms = place.held_ms + self._core.state.visits[place.visit_id].paused_ms
        message = MatchWaiting(
            visit_id=place.visit_id,
            waiting=waiting,
            needed=room.rules.needed,
            stage=told[1],
            waited_ms=max(self._core.clock.now_ms() - place.since_ms, 0.0),
            timeout_ms=None if timeout_ms is None or held else timeout_ms + held_ms,
        )
        self._core.emit(Send(place.connection, message))

    def _count(self, room: Room, place: Place, count: int | None) -> int:
        """How many wait with whom somebody may be put together, they themselves among them."""
        people = self._core.state.participants
        own = people[place.participant_id].treatment
        if own and not room.treatment:
            held = [people[other.participant_id].treatment for other in room.present()]
            return sum(treatment in ("", own) for treatment in held)
        return count if count is not None else len(room.present())

    def stage(self, room: Room, place: Place) -> str:
        """What somebody waits for: waiting, probing, held, returning."""
        if place.state == WAITING and self._pairing.returns_until(room, place) is not None:
            return "returning"
        return place.state

    def observe(self, room: Room, hook: str, place: Place, people: list[str]) -> None:
        """Have the game's callback told, where it has one."""
        ref = room.game.gameplay.callback
        if ref is None:
            return
        context = {
            "scene_id": room.rules.scene_id,
            "subject_ids": people,
            "waiting": [str(other.participant_id) for other in room.in_order()],
            "needed": room.rules.needed,
            "waited_ms": max(self._core.clock.now_ms() - place.since_ms, 0.0),
        }
        self._core.emit(ObserveWaitroom(ref, hook, place.participant_id, place.visit_id, context))
