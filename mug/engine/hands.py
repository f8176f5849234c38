"""Participants who ask for the experimenter: a hand is raised, answered with words, lowered."""

from collections import deque
from typing import Final

from mug.engine.actions import USED_ID
from mug.engine.care import Care
from mug.engine.effects import ConnectionId, Send
from mug.engine.live import Core
from mug.engine.pause_news import STAGE
from mug.engine.state import ParticipantState
from mug.ids import ParticipantId, is_valid_id
from mug.protocol.care import HandState, RaiseHand
from mug.protocol.lab_console import AnswerHand
from mug.records import facts as f

__all__ = ["Hands"]

MAX_CHARS: Final = 500
MAX_ANSWER_CHARS: Final = 2_000
MAX_ID_CHARS: Final = 128
MAX_IN_A_MINUTE: Final = 6
MAX_HANDS: Final = 200
"""Times that one participant may ask in one session."""
_ABOUT: Final = "participant.hand"


class Hands:
    """The rules of asking for help."""

    def __init__(self, core: Core, care: Care) -> None:
        self._core = core
        self._care = care
        self._raised_ms: dict[ParticipantId, deque[float]] = {}

    def said(self, connection: ConnectionId, participant: ParticipantState, message: RaiseHand) -> None:
        """A page raises its hand, or lowers it; said again it is answered again."""
        core = self._core
        assert core.state.opened is not None
        if not core.state.opened.help:
            core.refuse(connection, "invalid", "nobody can be asked for help in this session", about=_ABOUT)
            return
        if not is_valid_id(message.hand_id):
            core.refuse(connection, "invalid", "expected an id", path="hand_id", about=_ABOUT)
            return
        if message.raised:
            self._raised(connection, participant, message)
        elif message.hand_id == participant.hand_id:
            self._lower(participant, "participant")
            core.say("info", "needs no help any more", participant.participant_id)
        state = participant.hands.get(message.hand_id, "" if message.raised else "lowered")
        if state:
            core.after_commit(Send(connection, HandState(hand_id=message.hand_id, state=state)))

    def _raised(self, connection: ConnectionId, participant: ParticipantState, message: RaiseHand) -> None:
        core, who = self._core, participant.participant_id
        if message.hand_id in participant.hands:
            return
        if participant.is_closed or core.state.ended:
            core.refuse(connection, "closed", "the participation is over", about=_ABOUT)
            return
        now_ms = core.clock.now_ms()
        times = self._raised_ms.setdefault(who, deque(maxlen=MAX_IN_A_MINUTE))
        often = len(times) == MAX_IN_A_MINUTE and now_ms - times[0] < 60_000
        if often or len(participant.hands) >= MAX_HANDS:
            core.refuse(connection, "rate", "help was asked for very often: please wait a moment", about=_ABOUT)
            return
        times.append(now_ms)
        if participant.hand_id:
            self._lower(participant, "participant")  # it asks anew
        text = message.text.strip()[:MAX_CHARS]
        core.record(f.HandRaised(at=core.now(), participant_id=who, hand_id=message.hand_id, text=text))
        core.say("warning", f"asks for help: {text}" if text else "asks for help", who)

    def _lower(self, participant: ParticipantState, by: str) -> None:
        core, who = self._core, participant.participant_id
        core.record(f.HandLowered(at=core.now(), participant_id=who, hand_id=participant.hand_id, by=by))
        core.changed.add(who)

    def answer(self, request: AnswerHand) -> str:
        """Answer a raised hand with words, or only lower it; returns what is wrong, in words."""
        core, who = self._core, ParticipantId(request.participant_id)
        text = request.text.strip()
        known = core.state.actions.get(request.request_id)
        if known is not None:
            is_again = bool(known.fact.hand_id) and (known.fact.participants, known.fact.text) == ((who,), text)
            return "" if is_again else USED_ID
        participant = core.state.participants.get(who)
        if participant is None:
            return f"there is no participant {request.participant_id[:80]!r} in this session"
        hand_id = participant.hand_id
        if not hand_id:
            return f"{who} has no raised hand any more: send a message instead" if text else ""
        if len(text) > MAX_ANSWER_CHARS:
            return f"the answer has {len(text)} characters; it may have {MAX_ANSWER_CHARS}"
        if not 0 < len(request.request_id) <= MAX_ID_CHARS or request.request_id.startswith(STAGE):
            return f"an answer needs a request_id of at most {MAX_ID_CHARS} characters, not beginning with {STAGE}"
        with core.as_one():
            if text:
                fact = f.ActionTaken(
                    at=core.now(),
                    action_id=request.request_id,
                    action="message",
                    participants=(who,),
                    text=text,
                    hand_id=hand_id,
                )
                core.record(fact)
                core.changed_actions[fact.action_id] = None
                self._care.tell(fact, who)
            self._lower(participant, "experimenter")
            connection = core.presence(who).connection
            if connection is not None:
                state = HandState(hand_id=hand_id, state=participant.hands[hand_id])
                core.after_commit(Send(connection, state))
        core.say("info", f"was answered: {text}" if text else "the raised hand was lowered", who)
        return ""
