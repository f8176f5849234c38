"""Between a participant's page and the experimenter: messages, pauses, the wait before the start, a raised hand."""

from mug.protocol.parts import Message

__all__ = ["ActionSeen", "HandState", "Held", "Paused", "RaiseHand", "Told"]


class ActionSeen(Message, frozen=True, kw_only=True, tag="participant.action_seen"):
    """What the experimenter did has arrived here. Sent for every message with an `action_id`, again if it comes again.

    `state`: "shown" once the page has done or shown it; "read" when the participant has put a Told away.
    """

    action_id: str
    state: str = "shown"


class RaiseHand(Message, frozen=True, kw_only=True, tag="participant.hand"):
    """The participant asks for the experimenter, or (`raised` false) needs no help any more.

    `hand_id`: drawn by the page for each time; repeated after a reconnection until HandState says that it is known.
    """

    hand_id: str
    text: str = ""
    raised: bool = True


class Told(Message, frozen=True, kw_only=True, tag="participant.told"):
    """Words of the experimenter, shown above the page until the participant puts them away. Once for each `action_id`.

    Repeated after a reconnection while it was not answered by ActionSeen "read". `hand_id`: the raised hand that it
    answers.
    """

    action_id: str
    text: str
    hand_id: str = ""


class Paused(Message, frozen=True, kw_only=True, tag="participant.paused"):
    """The experimenter pauses this page, or (`paused` false) lets it go on; sent again to a page that comes back.

    A paused page takes no input, its game makes no frame but stays connected to its partners, and it says `message`.
    """

    action_id: str
    paused: bool
    message: str = ""


class Held(Message, frozen=True, kw_only=True, tag="participant.held"):
    """The page waits for the experimenter, with nothing to do: `why` doors (not open yet) or start (not begun yet).

    ShowScene, Screening, Welcome or Closed follow by themselves.
    """

    why: str
    message: str = ""


class HandState(Message, frozen=True, kw_only=True, tag="participant.hand_state"):
    """What became of a raised hand: `state` raised (the experimenter sees it), answered, or lowered."""

    hand_id: str
    state: str
