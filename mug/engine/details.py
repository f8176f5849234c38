"""What the console may ask of one participant: the way through the chain, and what the records say."""

from mug.engine.effects import AnswerDetail, ConnectionId
from mug.engine.live import Core
from mug.engine.state import ParticipantState
from mug.ids import ParticipantId
from mug.protocol.lab_console import AskDetail, DetailView, PathStep

__all__ = ["answer_detail"]


def answer_detail(core: Core, connection: ConnectionId, request: AskDetail) -> str:
    """Have the question answered; returns why it cannot be, in words, else an empty text."""
    participant = core.state.participants.get(ParticipantId(request.participant_id))
    if participant is None or core.state.opened is None:
        return f"there is no participant {request.participant_id[:80]!r} in this session"
    visits = [core.state.visits[visit_id] for visit_id in participant.plan]
    forms = tuple((visit.planned.scene_id, sha256) for visit in visits for sha256 in visit.form_chunks)
    view = DetailView(
        participant_id=participant.participant_id,
        path=_path(core, participant),
        params=dict(participant.params),
        environment=dict(participant.environment),
        mug_globals=dict(participant.mug_globals),
    )
    hidden = core.frozen.telling if core.is_blind else ()
    core.after_commit(AnswerDetail(connection, request.request_id, core.state.opened.session_id, view, forms, hidden))
    return ""


def _path(core: Core, participant: ParticipantState) -> tuple[PathStep, ...]:
    steps: list[PathStep] = []
    for place, visit_id in enumerate(participant.plan):
        visit = core.state.visits[visit_id]
        is_present = place == participant.position and visit.outcome is None and participant.outcome is None
        steps.append(
            PathStep(
                visit_id=visit_id,
                scene_id=visit.planned.scene_id,
                kind=visit.planned.kind,
                state="present" if is_present else "past" if place <= participant.position else "ahead",
                started_at=visit.started_at or "",
                finished_at=visit.finished_at,
                outcome=visit.outcome or "",
                match_ids=tuple(visit.match_ids),
            )
        )
    return tuple(steps)
