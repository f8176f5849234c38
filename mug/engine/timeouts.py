"""What happens to people who leave a waitroom without a match: the time was up, or their group begins its order."""

from typing import Final, Protocol

from mug.engine.effects import Send
from mug.engine.live import Core
from mug.engine.state import ParticipantState, SessionState, VisitState
from mug.engine.visits import Visits
from mug.protocol.messages import Closed
from mug.records import facts as f
from mug.study.waitrooms import waitroom_at

__all__ = ["EndParticipation", "Timeouts"]

NOBODY_CAME: Final = "Unfortunately there was nobody to play with this time. Thank you for waiting."


class EndParticipation(Protocol):
    """Ends somebody's participation, and tells the page if there is one."""

    def __call__(
        self, participant: ParticipantState, outcome: str, reason: str, message: str, redirect_url: str | None
    ) -> None:
        """Record the end and say it. `redirect_url` None: what the study says of this outcome."""
        ...


class Timeouts:
    """The ways out of a waitroom."""

    def __init__(self, core: Core, visits: Visits, end: EndParticipation | None = None) -> None:
        self._core = core
        self._visits = visits
        self._end = end or self._end_plainly

    def waited_too_long(self, participant: ParticipantState, visit: VisitState) -> None:
        """The time is up: the participant goes on at the scene that the study names, or the participation ends."""
        rules = waitroom_at(self._core.frozen.study, visit.planned.node_path)
        assert rules is not None
        waitroom = rules.game.waitroom
        index = _index_of(self._core.state, participant, waitroom.timeout_scene_id)
        if index is not None:
            self._visits.jump(participant, visit, "waitroom_timeout", index)
            return
        self._core.record(
            f.VisitFinished(
                at=self._core.now(),
                participant_id=participant.participant_id,
                visit_id=visit.planned.visit_id,
                outcome="waitroom_timeout",
            )
        )
        message = waitroom.timeout_message or NOBODY_CAME
        self._end(participant, "no_partner", "waitroom_timeout", message, waitroom.timeout_redirect_url)

    def go_on(self, participant: ParticipantState, visit: VisitState) -> None:
        """The group is there: the wait is over, the first scene of its order begins."""
        self._visits.jump(participant, visit, "completed", participant.position + 1)

    def _end_plainly(
        self, participant: ParticipantState, outcome: str, reason: str, message: str, redirect_url: str | None
    ) -> None:
        core = self._core
        core.record(
            f.ParticipantFinished(
                at=core.now(),
                participant_id=participant.participant_id,
                outcome=outcome,
                message=message,
                reason=reason,
            )
        )
        core.say("info", f"finished ({outcome})", participant.participant_id)
        connection = core.presence(participant.participant_id).connection
        if connection is not None:
            core.after_commit(Send(connection, Closed(reason=outcome, message=message, redirect_url=redirect_url)))


def _index_of(state: SessionState, participant: ParticipantState, scene_id: str | None) -> int | None:
    """The place in the plan of the next visit of a scene; None when there is none."""
    ahead = enumerate(participant.plan[participant.position + 1 :], participant.position + 1)
    return next((index for index, visit in ahead if state.visits[visit].planned.scene_id == scene_id), None)
