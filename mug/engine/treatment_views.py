"""A study's treatments as the console shows them, and what unveils their names."""

from mug.engine.live import Core
from mug.protocol.lab import TreatmentView, Unblind
from mug.records import facts as f
from mug.study.treatments import arms_of

__all__ = ["treatment_views", "unblind"]


def treatment_views(core: Core) -> tuple[TreatmentView, ...]:
    """Build the rows of all treatments; while the staff is blind in the order of the letters, else in the study's."""
    arms = arms_of(core.frozen.study)
    if not arms:
        return ()
    allocation = core.state.allocation
    counts = allocation.counts_here([arm.name for arm in arms])
    completed = allocation.completed({who: p.outcome for who, p in core.state.participants.items()})
    views = [
        TreatmentView(
            treatment=core.shown_treatment(arm.name),
            title="" if core.is_blind else arm.title or "",
            weight=1 if core.is_blind else arm.weight,
            running=counts[arm.name] - completed.get(arm.name, 0),
            completed=completed.get(arm.name, 0),
            released=sum(place.free for place in allocation.places if place.treatment == arm.name),
        )
        for arm in arms
    ]
    return tuple(sorted(views, key=lambda view: (len(view.treatment), view.treatment)) if core.is_blind else views)


def unblind(core: Core, request: Unblind) -> str:
    """Show the names from now on; returns what is wrong, in words; empty: it is done, and recorded."""
    rules = core.frozen.study.treatments
    reason = request.reason.strip()[:2000]
    if not rules.arms or not rules.blind:
        return "nobody is blind in this session: the names are shown"
    if core.state.unblinded:
        return ""
    if not reason:
        return "say why: the reason is kept with the session"
    core.record(f.ConsoleAction(at=core.now(), action="unblind", reason=reason))
    core.say("warning", f"the treatments' names are shown from now on: {reason}")
    core.session_changed = True
    core.changed.update(core.state.participants)
    core.changed_matches.update(match.match_id for match in core.state.matches.values() if match.visits)
    return ""
