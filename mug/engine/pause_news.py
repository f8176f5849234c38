"""What a page is told of pauses: the present state, for whoever was ever paused."""

from typing import Final

from mug.engine.effects import Effect, Send
from mug.engine.live import Core
from mug.engine.state import ParticipantState
from mug.protocol.care import Paused

__all__ = ["STAGE", "pause_news"]

STAGE: Final = "stage-"
"""Begins the action id of what a page is told when the whole session is paused, or runs again; it is no action."""


def pause_news(core: Core, participant: ParticipantState) -> tuple[Effect, ...]:
    """Effects that tell a page whether it is paused; none for who was never paused, or sees no scene any more."""
    connection = core.presence(participant.participant_id).connection
    if connection is None or not participant.was_paused or participant.is_closed:
        return ()
    own, state = participant.paused_by, core.state
    last = participant.pause_action if participant.pause_action in participant.unseen else ""
    is_paused = state.is_paused(participant)
    message = Paused(
        action_id=(own if is_paused else last) or f"{STAGE}{state.stages_set}",
        paused=is_paused,
        message=participant.pause_message if own and is_paused else "",
    )
    return (Send(connection, message),)
