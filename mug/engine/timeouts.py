"""What happens to people who leave a waitroom without a match: the time was up, or their group begins its order."""

from mug.engine.endings import Endings
from mug.engine.live import Core
from mug.engine.state import ParticipantState, SessionState, VisitState
from mug.engine.visits import Visits
from mug.records import facts as f
from mug.study.waitrooms import waitroom_at

__all__ = ["Timeouts"]


class Timeouts:
    """The ways out of a waitroom."""

    def __init__(self, core: Core, visits: Visits, endings: Endings) -> None:
        self._core = core
        self._visits = visits
        self._endings = endings

    def waited_too_long(self, participant: ParticipantState, visit: VisitState) -> None:
        """The time is up: the participant goes on at the scene that the study names, or the participation ends."""
        rules = waitroom_at(self._core.frozen_of(participant).study, visit.planned.node_path)
        assert rules is not None
        waitroom = rules.game.waitroom
        index = _index_of(self._core.state, participant, waitroom.timeout_scene_id)
        if index is not None:
            self._visits.jump(participant, visit, "waitroom_timeout", index)
            return
        over = f.VisitFinished(
            at=self._core.now(),
            participant_id=participant.participant_id,
            visit_id=visit.planned.visit_id,
            outcome="waitroom_timeout",
        )
        self._endings.end(
            participant,
            "no_partner",
            "waitroom_timeout",
            waitroom.timeout_message or "",
            before=(over,),
            redirect_url=waitroom.timeout_redirect_url,
        )

    def go_on(self, participant: ParticipantState, visit: VisitState) -> None:
        """The group is there: the wait is over, the first scene of its order begins."""
        self._visits.jump(participant, visit, "completed", participant.position + 1)


def _index_of(state: SessionState, participant: ParticipantState, scene_id: str | None) -> int | None:
    """The place in the plan of the next visit of a scene; None when there is none."""
    ahead = enumerate(participant.plan[participant.position + 1 :], participant.position + 1)
    return next((index for index, visit in ahead if state.visits[visit].planned.scene_id == scene_id), None)
