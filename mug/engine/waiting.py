"""Waiting for partners: who joins a scene's queue, and the match that comes of it."""

from mug.engine.effects import ConnectionId, Send
from mug.engine.live import Core
from mug.engine.lobby import Lobbies, Place, ScenePlace
from mug.engine.matches import Matches
from mug.engine.payload import hides_lobby_count, scene_at
from mug.engine.state import ParticipantState, VisitState
from mug.ids import ParticipantId, VisitId
from mug.protocol.messages import JoinMatch, MatchWaiting
from mug.study.model import GymGame
from mug.study.multiplayer import is_multiplayer
from mug.study.traversal import human_agents

__all__ = ["Waiting"]


class Waiting:
    """The rules of waiting."""

    def __init__(self, core: Core, matches: Matches) -> None:
        self._core = core
        self._matches = matches
        self._lobbies = Lobbies()

    def join(self, connection: ConnectionId, participant: ParticipantState, message: JoinMatch) -> None:
        """A page is ready for partners: it waits, or the match is formed; a match that is there is told again."""
        core, about = self._core, "match.join"
        visit = core.state.visits.get(VisitId(message.visit_id))
        if visit is None or visit.participant_id != participant.participant_id:
            core.refuse(connection, "foreign_visit", "this is not a visit of yours", path="visit_id", about=about)
            return
        if visit is not core.state.current_visit(participant) or visit.outcome is not None:
            core.refuse(connection, "not_current", "this visit is not the present one", path="visit_id", about=about)
            return
        game = self._game(visit)
        if game is None:
            core.refuse(connection, "invalid", "this scene is not for several people", path="visit_id", about=about)
            return
        if core.state.ended:
            core.refuse(connection, "closed", "the session is over", about=about)
            return
        match = core.state.current_match(visit)
        if match is not None:
            self._matches.tell_again(connection, participant, visit, match)
            return
        scene = visit.planned.node_path
        self._lobbies.join(scene, Place(participant.participant_id, connection, VisitId(visit.planned.visit_id)))
        while group := self._lobbies.take(scene, len(human_agents(game))):
            self._matches.form(game, group)
        self._tell_waiting(scene, game, connection)

    def leave(self, who: ParticipantId) -> None:
        """Take somebody out of the queue who waits in one."""
        scene = self._lobbies.leave(who)
        if scene is None:
            return
        game = scene_at(self._core.frozen.study, scene)
        assert isinstance(game, GymGame)
        self._tell_waiting(scene, game)

    def session_over(self) -> None:
        """Nobody waits any more."""
        self._lobbies.clear()

    def _tell_waiting(self, scene: ScenePlace, game: GymGame, asked: ConnectionId | None = None) -> None:
        """Tell everybody in a queue how many they are; where the study hides it, only who asked gets an answer."""
        waiting, hidden = self._lobbies.waiting(scene), hides_lobby_count(game)
        for place in waiting:
            if hidden and place.connection != asked:
                continue
            message = MatchWaiting(
                visit_id=place.visit_id, waiting=0 if hidden else len(waiting), needed=len(human_agents(game))
            )
            self._core.emit(Send(place.connection, message))

    def _game(self, visit: VisitState) -> GymGame | None:
        scene = scene_at(self._core.frozen.study, visit.planned.node_path)
        return scene if isinstance(scene, GymGame) and is_multiplayer(scene) else None
