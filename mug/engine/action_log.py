"""What the experimenter did to participants, as the session remembers it and the console shows it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from mug.ids import ParticipantId
from mug.protocol.lab_console import ActionTarget, ActionView, AffectedView
from mug.records import facts as f

__all__ = ["ENDS", "MOVES", "PAUSES", "REACH_AFFECTED", "TakenAction", "action_view", "last_actions", "superseded"]

PAUSES: Final = ("pause", "resume")
"""Of these a page knows only the last one."""
ENDS: Final = ("exclude", "end")
MOVES: Final = ("advance", "to_waitroom", "repair", *ENDS)
"""These bring the participant somewhere else: the page acknowledges the place where it is in the end."""
REACH_AFFECTED: Final = (*PAUSES, "repair")
"""Of these the pages of those affected are told too, and acknowledge it."""


SHOWN: Final = 500
"""So many actions a console that connects is shown."""


@dataclass(slots=True)
class TakenAction:
    """One action. `seen`: participant -> how far it is there (shown, read), and since when."""

    fact: f.ActionTaken
    seen: dict[ParticipantId, tuple[str, str]] = field(default_factory=dict)

    def reaches(self, who: ParticipantId) -> bool:
        """Whether a participant's page is told of it."""
        return who in self.fact.participants or (self.fact.action in REACH_AFFECTED and who in self.fact.affected)


def superseded(unseen: Mapping[str, str], action: str) -> list[str]:
    """Return which of the actions that a page has not answered it need not answer any more, because of a new one."""
    kinds = PAUSES if action in PAUSES else (*MOVES, *PAUSES) if action in ENDS else MOVES if action in MOVES else ()
    return [earlier for earlier, what in unseen.items() if what in kinds]


def last_actions(actions: Mapping[str, TakenAction]) -> tuple[ActionView, ...]:
    """The last actions, oldest first, as a console that connects sees them."""
    return tuple(action_view(action.fact, action.seen) for action in [*actions.values()][-SHOWN:])


def action_view(fact: f.ActionTaken, seen: Mapping[ParticipantId, tuple[str, str]]) -> ActionView:
    """Build an action as the console shows it."""
    reached = [
        ActionTarget(participant_id=who, state=state, at=at)
        for who in fact.participants
        for state, at in (seen.get(ParticipantId(who), ("sent", fact.at)),)
    ]
    skipped = [ActionTarget(participant_id=who, state="skipped", why=why) for who, why in fact.skipped.items()]
    return ActionView(
        action_id=fact.action_id,
        action=fact.action,
        at=fact.at,
        reason=fact.reason,
        text=fact.text,
        outcome=fact.outcome,
        pay=fact.pay,
        targets=(*reached, *skipped),
        affected=tuple(AffectedView(participant_id=who, how=how) for who, how in fact.affected.items()),
    )
