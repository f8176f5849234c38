"""What a participant's page hears from the experimenter, what it acknowledges, and what it is told again."""

from mug.engine.effects import ConnectionId, Effect, Send
from mug.engine.live import Core
from mug.engine.pause_news import STAGE, pause_news
from mug.engine.state import ParticipantState
from mug.ids import ParticipantId
from mug.protocol.care import ActionSeen, HandState, Told
from mug.records import facts as f

__all__ = ["Care"]


class Care:
    """The way to the pages and back."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def tell(self, fact: f.ActionTaken, who: ParticipantId) -> None:
        """Bring a message of the experimenter to a page, if it is there; else it hears it when it comes back."""
        connection = self._core.presence(who).connection
        if connection is not None:
            self._core.after_commit(Send(connection, _told(fact)))

    def missed(self, participant: ParticipantState) -> tuple[Effect, ...]:
        """What a page that comes in has to hear: whether it is paused, the messages not put away, its raised hand."""
        core = self._core
        connection = core.presence(participant.participant_id).connection
        if connection is None:
            return ()
        told = [Send(connection, _told(core.state.actions[action_id].fact)) for action_id in participant.unread]
        hands = [
            Send(connection, HandState(hand_id=hand_id, state=state))
            for hand_id, state in list(participant.hands.items())[-1:]
        ]
        return (*pause_news(core, participant), *told, *hands)

    def seen(self, connection: ConnectionId, participant: ParticipantState, message: ActionSeen) -> None:
        """A page has shown or done something, or its participant has read it: recorded once for each."""
        core, about, who = self._core, "participant.action_seen", participant.participant_id
        if message.state not in ("shown", "read"):
            core.refuse(connection, "invalid", "expected shown or read", path="state", about=about)
            return
        if message.action_id.startswith(STAGE):
            return  # that the session is paused, or runs again, is no action on somebody
        action = core.state.actions.get(message.action_id)
        if action is None or not action.reaches(who):
            core.refuse(connection, "invalid", "this was not done to you", path="action_id", about=about)
            return
        state = message.state if action.fact.action == "message" else "shown"
        known = action.seen.get(who, ("", ""))[0]
        if known in (state, "read"):
            return
        core.record(
            f.ActionAcknowledged(at=core.now(), action_id=action.fact.action_id, participant_id=who, state=state)
        )
        core.changed.add(who)
        core.changed_actions[action.fact.action_id] = None


def _told(fact: f.ActionTaken) -> Told:
    return Told(action_id=fact.action_id, text=fact.text, hand_id=fact.hand_id)
