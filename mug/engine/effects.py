"""What the engine asks its server to do. Effects are values: the engine performs none of them.

The server performs the effects of one input in their order. `Record.then` is performed after the facts of that
record, and so of every earlier one, are on disk.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NewType, TypeAlias

from mug.ids import MatchId, ParticipantId, VisitId
from mug.play.config import GameConfig
from mug.protocol.lab import LabMessage
from mug.protocol.lab_console import DetailView
from mug.protocol.messages import ServerMessage
from mug.records.facts import AnyFact
from mug.study.model import GymGame

__all__ = [
    "AnswerDetail",
    "Call",
    "Close",
    "ConnectionId",
    "DropRoutes",
    "Effect",
    "LabUpdate",
    "ObserveChunk",
    "ObserveWaitroom",
    "Record",
    "Schedule",
    "Send",
    "SendFrames",
    "SetRoutes",
    "StartAuthority",
    "Stop",
    "StopAuthority",
    "TellAuthority",
]

ConnectionId = NewType("ConnectionId", str)
"""Name of one live socket; given by the server, meaningless after it closed."""


@dataclass(frozen=True, slots=True)
class Send:
    """Send a message to one page. A connection that is gone is no error."""

    connection: ConnectionId
    message: ServerMessage


@dataclass(frozen=True, slots=True)
class SendFrames:
    """Read the bodies named by `sha256s` from the records and answer `connection` with StoredFrames."""

    connection: ConnectionId
    visit_id: VisitId
    match_id: MatchId
    sha256s: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetRoutes:
    """From now on, pass signals and relayed packets of a match among these connections, without the engine.

    Attributes:
        match_id: The match; what was set for it before no longer holds.
        routes: Agent -> the connection of its page; None: the page is away, or out of the match.
        ready: The agents whose pages know of the match; signals for the others are kept until they do.
        gone: The agents that are out of the match for good: what is for them is dropped.
    """

    match_id: MatchId
    routes: Mapping[str, ConnectionId | None]
    ready: frozenset[str]
    gone: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class DropRoutes:
    """Pass nothing of a match any more."""

    match_id: MatchId


@dataclass(frozen=True, slots=True)
class Close:
    """Close one page's connection, after what was sent to it before."""

    connection: ConnectionId


@dataclass(frozen=True, slots=True)
class LabUpdate:
    """Send a message to one console, or to all (`connection` None)."""

    message: LabMessage
    connection: ConnectionId | None = None


@dataclass(frozen=True, slots=True)
class AnswerDetail:
    """Answer a console's AskDetail: `view` with what the records say besides, beside the dispatcher's thread.

    `forms`: scene and SHA-256 of each chunk of a form that the participant has sent, in order. `hidden`: words that the
    console is not to read.
    """

    connection: ConnectionId
    request_id: str
    session_id: str
    view: DetailView
    forms: tuple[tuple[str, str], ...]
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """Call a study's function on the server; answered by CallResult or CallFailed with `call_id`.

    Attributes:
        call_id: Number of this call in this process.
        ref: The function's reference as the study names it.
        kind: What the function is for: "on_connect", "on_client_callback", "game_page_html_fn"; of a matchmaker:
            "find_match", "should_reject_for_rtt".
        context: Its argument: plain values, a copy that the function may change.
    """

    call_id: int
    ref: str
    kind: str
    context: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ObserveChunk:
    """A stored chunk of a scene with a GameCallback: derive its hooks' calls from it.

    Hooks run after the fact, in the chunk's order, one game's chunks never at the same time. `stream` is "event",
    "frames", or "end" when the game is over (`body` is empty then). In a game of several people `visit_id` is the
    first player's, whoever sent the chunk, and `people` says who plays which agent.
    """

    ref: str
    participant_id: ParticipantId
    visit_id: VisitId
    game: GymGame
    stream: str
    body: bytes
    people: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ObserveWaitroom:
    """Something happened in the waitroom of a game with a GameCallback: call the hook.

    Attributes:
        ref: The callback's reference.
        hook: "start": somebody came into an empty waitroom; "join": somebody came; "end": a group goes to play;
            "timeout": somebody waited too long.
        participant_id: Whom it is about; at an end the first of the group.
        visit_id: Their visit.
        context: What the hook is told: plain values.
    """

    ref: str
    hook: str
    participant_id: ParticipantId
    visit_id: VisitId
    context: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Schedule:
    """Wake the engine with `Wake(name)` after `after_ms`."""

    after_ms: float
    name: str


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop the server process. `reason` is for its log."""

    reason: str


@dataclass(frozen=True, slots=True)
class StartAuthority:
    """Start a process that steps a game of the mode "server_authoritative"; answered by the `Authority…` inputs.

    Keys and views go between it and the pages of the match (`SetRoutes`) without the engine.

    Attributes:
        config: The game: all `players`, no `human_agents` of its own.
        stored: SHA-256 of the match's stored frames chunks, in order: it steps them again before it goes on.
        dropped: Agents whose players are out of the match.
    """

    match_id: MatchId
    config: GameConfig
    stored: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TellAuthority:
    """Tell a match's process what happened to its players; no process: no error.

    `what`: "begin" (the first frame may come), "pause", "go_on", "away" and "back" (an agent's page is gone or there
    again: it acts neutrally meanwhile), "drop" (for good: with "default_action" or "policy" as the `policy`).
    """

    match_id: MatchId
    what: str
    agent: str = ""
    policy: str = ""


@dataclass(frozen=True, slots=True)
class StopAuthority:
    """End a match's process, after what it has recorded was handed over; nothing is answered after that."""

    match_id: MatchId
    reason: str


@dataclass(frozen=True, slots=True)
class Record:
    """Append facts (with their bodies by sha256) to the journal; perform `then` after their COMMIT.

    Without facts it is a barrier: `then` waits for everything recorded before.
    """

    facts: tuple[AnyFact, ...] = ()
    bodies: Mapping[str, bytes] = field(default_factory=dict)
    then: "tuple[Effect, ...]" = ()


Effect: TypeAlias = (
    Send
    | SendFrames
    | SetRoutes
    | DropRoutes
    | Close
    | AnswerDetail
    | LabUpdate
    | Call
    | ObserveChunk
    | ObserveWaitroom
    | Schedule
    | StartAuthority
    | TellAuthority
    | StopAuthority
    | Stop
    | Record
)
