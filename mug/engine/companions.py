"""Who else is concerned when somebody leaves a game or a group, and how, in words."""

from collections.abc import Sequence
from typing import Final

from mug.engine.live import Core
from mug.engine.matches import Matches
from mug.engine.state import ParticipantState
from mug.ids import ParticipantId

__all__ = ["left_behind"]

_POLICIES: Final = {
    "end": "the game ends",
    "void": "the game ends and counts as void",
    "default_action": "the game goes on without them, with the default action in their place",
    "policy": "the game goes on without them, with a policy in their place",
}


def left_behind(core: Core, matches: Matches, leaving: Sequence[ParticipantState]) -> dict[str, str]:
    """Return whom it concerns when people leave what they are in, and how: their games, and groups kept together."""
    gone = {participant.participant_id for participant in leaving}
    found: dict[str, str] = {}
    for participant in leaving:
        name = participant.participant_id
        policy = matches.policy_for(participant)
        for other in matches.players_with(participant):
            if other not in gone:
                found.setdefault(other, f"plays with {name}: {_POLICIES.get(policy, 'the game ends')}")
        visit = core.state.current_visit(participant)
        group = core.state.groups.get(visit.group_id) if visit is not None else None
        for who in group.members if group is not None else ():
            member = core.state.participants[ParticipantId(who)]
            there = core.state.current_visit(member)
            together = there is not None and visit is not None and there.group_id == visit.group_id
            if member.participant_id not in gone and member.outcome is None and together:
                found.setdefault(who, f"is in a group with {name}, which cannot go on together")
    return found
