"""A participant's plan: the visits that `mug.study.plan` draws, with ids of their own."""

from mug.engine.clock import short_hash
from mug.ids import ParticipantId, SessionId
from mug.records.facts import PlannedVisit
from mug.study.model import Study
from mug.study.plan import draw_plan

__all__ = ["plan_visits"]


def plan_visits(
    study: Study, session_id: SessionId, participant_id: ParticipantId, seed: int
) -> tuple[PlannedVisit, ...]:
    """Draw the plan from the participant's seed. The same arguments give the same plan."""
    return tuple(
        PlannedVisit(
            visit_id=f"v-{short_hash('visit', session_id, participant_id, index)}",
            scene_id=drawn.scene_id,
            node_path=drawn.node_path,
            repetition=drawn.repetition,
            kind=drawn.kind,
        )
        for index, drawn in enumerate(draw_plan(study, seed))
    )
