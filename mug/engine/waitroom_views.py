"""A waitroom as the console shows it."""

from mug.engine.clock import iso
from mug.engine.live import Core
from mug.engine.lobby import Place, Room
from mug.engine.waiting import Waiting
from mug.protocol.lab import RejectedPairView, WaitingView, WaitroomView

__all__ = ["changed_waitrooms", "waitrooms"]


def waitrooms(core: Core, waiting: Waiting) -> tuple[WaitroomView, ...]:
    """Build the rows of all waitrooms that somebody is in."""
    return tuple(_view(core, waiting, room) for room in waiting.rooms() if room.places)


def changed_waitrooms(core: Core, waiting: Waiting) -> tuple[WaitroomView, ...]:
    """Build the rows of those that changed; one that is empty now is among them, once."""
    rooms = {room.key: room for room in waiting.rooms()}
    views = (_view(core, waiting, rooms[key]) for key in core.changed_rooms if key in rooms)
    return tuple(sorted(views, key=lambda view: (view.node_path, view.treatment)))


def _view(core: Core, waiting: Waiting, room: Room) -> WaitroomView:
    now_ms = core.clock.now_ms()
    probing = [probe for probe in waiting.probes.running() if probe.room is room]
    return WaitroomView(
        node_path=room.path,
        treatment=core.shown_treatment(room.treatment),
        scene_id=room.rules.scene_id,
        needed=room.rules.needed,
        waiting=tuple(_waiting(core, waiting, room, place) for place in room.in_order()),
        proposals=tuple(_names(proposal.places) for proposal in room.proposals),
        probing=tuple(_names(probe.places) for probe in probing),
        rejected=tuple(
            RejectedPairView(participants=tuple(sorted(pair)), rtt_ms=rejection.rtt_ms, until=iso(rejection.until_ms))
            for pair, rejection in room.rejected.items()
            if rejection.until_ms > now_ms and all(who in room.places for who in pair)
        ),
    )


def _waiting(core: Core, waiting: Waiting, room: Room, place: Place) -> WaitingView:
    deadline_ms = waiting.deadline(room, place)
    return WaitingView(
        participant_id=place.participant_id,
        since=iso(place.since_ms),
        state=waiting.stage(room, place),
        timeout_at=None if deadline_ms is None else iso(deadline_ms),
        rtt_ms=core.presence(place.participant_id).server_rtt_ms(),
    )


def _names(places: tuple[Place, ...]) -> tuple[str, ...]:
    return tuple(str(place.participant_id) for place in places)
