"""Who gets which treatment, when a place in one is free again, and when somebody met what differs by it.

Every function returns facts, which whoever calls it records together with what they belong to.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from mug.engine.live import LEFT_AFTER_MS, Core
from mug.engine.state import ParticipantState
from mug.ids import ParticipantId
from mug.records import facts as f
from mug.study.allocation import draw_arm
from mug.study.treatments import arms_of

__all__ = ["assign_group", "assign_participant", "came_back", "exposed", "gone", "may_play_together", "released"]

GONE: Final = "gone"
"""Reason of a release: the page was away for too long. Who comes back has the place again."""


def assign_participant(core: Core, participant: ParticipantState) -> list[f.AnyFact]:
    """Draw the treatment of somebody who begins; nothing where groups draw them, or the study has none."""
    rules = core.frozen.study.treatments
    if not rules.arms or rules.per != "participant" or participant.treatment:
        return []
    free, counts, draws = _free_the_gone(core, but=(participant.participant_id,))
    return [*free, _drawn(core, (participant.participant_id,), counts, draws)]


def assign_group(core: Core, members: Sequence[ParticipantId], group_id: str) -> tuple[str, list[f.AnyFact]]:
    """Return the treatment of people who are put together, and the facts that give it to those who have none.

    A group whose members have none draws one; whoever has none and meets somebody who has one takes that.
    """
    state, rules = core.state, core.frozen.study.treatments
    people = [state.participants[who] for who in members]
    held = next((participant.treatment for participant in people if participant.treatment), "")
    if not rules.arms or rules.per != "group":
        return held, []
    without = tuple(participant.participant_id for participant in people if not participant.treatment)
    if held and without:
        place = next(state.allocation.place_of[p.participant_id] for p in people if p.treatment)
        joined = f.TreatmentAssigned(
            at=core.now(),
            treatment=held,
            participants=without,
            group_id=place.group_id,
            counts=state.allocation.counts(_names(core)),
            draw=state.allocation.draws,
            by="group",
        )
        return held, [joined]
    if held:
        return held, []
    free, counts, draws = _free_the_gone(core, but=members)
    drawn = _drawn(core, without, counts, draws, group_id)
    return drawn.treatment, [*free, drawn]


def exposed(core: Core, participant: ParticipantState, treatment: str, visit_id: str, scene_id: str) -> list[f.AnyFact]:
    """Return the fact that somebody meets, for the first time, a scene that differs by treatment; else nothing."""
    if not treatment or participant.exposed or scene_id not in core.frozen.differing:
        return []
    fact = f.TreatmentExposed(
        at=core.now(),
        treatment=treatment,
        participant_id=participant.participant_id,
        visit_id=visit_id,
        scene_id=scene_id,
    )
    return [fact]


def released(core: Core, participant: ParticipantState, reason: str) -> list[f.AnyFact]:
    """Return the fact that the place of somebody who dropped out is free again; nothing where it is already."""
    place = core.state.allocation.place_of.get(participant.participant_id)
    if place is None or place.free or participant.participant_id not in place.members:
        return []
    return [_released(core, place.treatment, participant.participant_id, place.group_id, reason)]


def gone(core: Core, participant: ParticipantState) -> list[f.AnyFact]:
    """Return the fact that somebody has been away for so long that they do not count as running any more."""
    return released(core, participant, GONE) if participant.outcome is None and not core.state.ended else []


def came_back(core: Core, participant: ParticipantState) -> list[f.AnyFact]:
    """Return the fact that somebody who counted as gone is here again, and has the place as before."""
    place = core.state.allocation.place_of.get(participant.participant_id)
    if place is None or not participant.gone or participant.outcome is not None or core.state.ended:
        return []
    others = [core.state.participants[who] for who in place.members if who != participant.participant_id]
    if any(other.outcome not in (None, "complete") for other in others):
        return []
    return [
        f.TreatmentAssigned(
            at=core.now(),
            treatment=place.treatment,
            participants=(participant.participant_id,),
            group_id=place.group_id,
            counts=core.state.allocation.counts(_names(core)),
            draw=core.state.allocation.draws,
            by="return",
        )
    ]


def may_play_together(core: Core, people: Sequence[ParticipantId]) -> bool:
    """Whether people can be put into one group: they have one treatment, or none yet."""
    held = {core.state.participants[who].treatment for who in people}
    if core.frozen.study.treatments.per == "group":
        held -= {""}
    return len(held) <= 1


def _names(core: Core) -> list[str]:
    return [arm.name for arm in arms_of(core.frozen.study)]


def _free_the_gone(core: Core, but: Sequence[ParticipantId]) -> tuple[list[f.AnyFact], dict[str, int], int]:
    """Release who is away for long, though no timer said so yet; the counts are those after it."""
    allocation, now_ms = core.state.allocation, core.clock.now_ms()
    facts: list[f.AnyFact] = []
    freed: dict[str, set[int]] = {}
    for number, place in enumerate(allocation.places):
        if place.free:
            continue
        for who in sorted(place.members - set(but)):
            participant, presence = core.state.participants[who], core.presence(who)
            if participant.outcome is not None or presence.connection is not None:
                continue
            if presence.lost_at_ms is not None and now_ms - presence.lost_at_ms >= LEFT_AFTER_MS:
                facts.append(_released(core, place.treatment, who, place.group_id, GONE))
                freed.setdefault(place.treatment, set()).add(number)
    counts = allocation.counts(_names(core))
    for treatment, places in freed.items():
        counts[treatment] -= len(places)
    return facts, counts, allocation.draws


def _released(core: Core, treatment: str, who: ParticipantId, group_id: str, reason: str) -> f.TreatmentReleased:
    return f.TreatmentReleased(
        at=core.now(), treatment=treatment, participants=(who,), group_id=group_id, reason=reason
    )


def _drawn(
    core: Core, members: Sequence[ParticipantId], counts: Mapping[str, int], draws: int, group_id: str = ""
) -> f.TreatmentAssigned:
    assert core.state.opened is not None
    study = core.frozen.study
    weights = {arm.name: arm.weight for arm in arms_of(study)}
    treatment = draw_arm(weights, counts, core.state.opened.seed, draws, study.treatments.allocation)
    return f.TreatmentAssigned(
        at=core.now(),
        treatment=treatment,
        participants=tuple(members),
        group_id=group_id,
        counts=dict(counts),
        draw=draws,
    )
