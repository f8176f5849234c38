"""Who waits for partners: one queue for each scene, first come, first served.

The queues live in memory only. After a restart of the server they are empty, and every page that was in one joins
again as soon as it is connected.
"""

from dataclasses import dataclass

from mug.engine.effects import ConnectionId
from mug.ids import ParticipantId, VisitId

__all__ = ["Lobbies", "Place", "ScenePlace"]

ScenePlace = tuple[int, ...]
"""A scene's place in the chain, as `PlannedVisit.node_path` has it."""


@dataclass(frozen=True, slots=True)
class Place:
    """One participant's place in a queue."""

    participant_id: ParticipantId
    connection: ConnectionId
    visit_id: VisitId


class Lobbies:
    """The queues of all scenes. A participant is in one queue, once, or in none."""

    def __init__(self) -> None:
        self._queues: dict[ScenePlace, dict[ParticipantId, Place]] = {}
        self._where: dict[ParticipantId, ScenePlace] = {}

    def join(self, scene: ScenePlace, place: Place) -> None:
        """Queue up; who is in this queue already keeps the place, with the new connection."""
        who = place.participant_id
        if self._where.get(who) != scene:
            self.leave(who)
        self._where[who] = scene
        self._queues.setdefault(scene, {})[who] = place

    def leave(self, who: ParticipantId) -> ScenePlace | None:
        """Leave; returns the scene whose queue it was, or None when the participant was in none."""
        scene = self._where.pop(who, None)
        if scene is not None:
            del self._queues[scene][who]
        return scene

    def take(self, scene: ScenePlace, size: int) -> tuple[Place, ...]:
        """Take the `size` who have waited longest out of the queue; nobody when there are fewer."""
        queue = self._queues.get(scene, {})
        if size < 1 or len(queue) < size:
            return ()
        taken = tuple(queue.values())[:size]
        for place in taken:
            self.leave(place.participant_id)
        return taken

    def waiting(self, scene: ScenePlace) -> tuple[Place, ...]:
        """Who waits, the longest waiting first."""
        return tuple(self._queues.get(scene, {}).values())

    def clear(self) -> None:
        """Send everybody out of every queue."""
        self._queues.clear()
        self._where.clear()
