"""What can happen to a running session: the engine's only way of hearing of the world."""

from dataclasses import dataclass
from typing import Any, TypeAlias

from mug.engine.effects import ConnectionId
from mug.ids import MatchId, ParticipantId, VisitId
from mug.protocol.lab import LabRequest, TelemetryPoint
from mug.protocol.lab_console import HealthView
from mug.protocol.messages import ParticipantMessage

__all__ = [
    "AuthorityChanged",
    "AuthorityChunk",
    "AuthorityFailed",
    "AuthorityFinished",
    "AuthorityMeasured",
    "CallFailed",
    "CallResult",
    "HookFailed",
    "Input",
    "LabAsked",
    "LabConnected",
    "LabLost",
    "LifelineEnded",
    "PageLost",
    "PageMessage",
    "PageRefusal",
    "PastTelemetry",
    "ServerMeasured",
    "ServerTrouble",
    "StopRequested",
    "StorageFailed",
    "StorageRecovered",
    "Tick",
    "Wake",
]


@dataclass(frozen=True, slots=True)
class PageMessage:
    """A page sent a message, decoded."""

    connection: ConnectionId
    message: ParticipantMessage


@dataclass(frozen=True, slots=True)
class PageRefusal:
    """A page sent something that was not taken at the edge; it is counted and shown.

    `code`: unknown_op, invalid, too_large, rate, foreign_match, foreign_agent.
    """

    connection: ConnectionId
    code: str
    about: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class PageLost:
    """A page's connection ended."""

    connection: ConnectionId
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LabConnected:
    """A console connected (its token was checked)."""

    connection: ConnectionId


@dataclass(frozen=True, slots=True)
class LabLost:
    """A console's connection ended."""

    connection: ConnectionId


@dataclass(frozen=True, slots=True)
class LabAsked:
    """A console asks for something."""

    connection: ConnectionId
    request: LabRequest


@dataclass(frozen=True, slots=True)
class CallResult:
    """A study's function returned."""

    call_id: int
    value: Any


@dataclass(frozen=True, slots=True)
class CallFailed:
    """A study's function raised, or did not return in time."""

    call_id: int
    error: str
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class HookFailed:
    """A hook of a GameCallback raised, or did not return in time."""

    participant_id: ParticipantId
    visit_id: VisitId
    ref: str
    error: str
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class StorageFailed:
    """The journal cannot be written at present; nothing is acknowledged until it can."""

    text: str


@dataclass(frozen=True, slots=True)
class StorageRecovered:
    """The journal is written again."""


@dataclass(frozen=True, slots=True)
class ServerTrouble:
    """Something of ours failed and was contained; it belongs before the experimenter's eyes, not only into a log."""

    text: str
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class ServerMeasured:
    """How the server was in the last second; what only the engine knows is not in it yet."""

    health: HealthView


@dataclass(frozen=True, slots=True)
class PastTelemetry:
    """What pages measured before the server was started again, oldest first."""

    points: tuple[TelemetryPoint, ...]


@dataclass(frozen=True, slots=True)
class AuthorityChanged:
    """A match's process has another stage.

    "ready" (loaded, waits for "begin"), "countdown", "playing", "paused", "between" (episodes). With "ready": its
    agents, and the images that the environment registered. `frame`: frames stepped in the episode. `hz`: frames a
    second since the last word; it says so about once a second while it plays. `mug_globals`: the match's dict, when
    study code changed it; None: it is as it was.
    """

    match_id: MatchId
    stage: str
    episode: int = 0
    frame: int = 0
    hz: float = 0.0
    agents: tuple[str, ...] = ()
    asset_specs: tuple[dict[str, Any], ...] = ()
    mug_globals: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class AuthorityChunk:
    """Rows or events of a match that its process made: to be stored like a page's chunk. `stream`: frames, event."""

    match_id: MatchId
    stream: str
    meta: dict[str, Any]
    body: bytes


@dataclass(frozen=True, slots=True)
class AuthorityMeasured:
    """What a policy's decisions took in a match; when its process ends."""

    match_id: MatchId
    agent: str
    decisions: int
    median_ms: float
    p99_ms: float
    late: int = 0


@dataclass(frozen=True, slots=True)
class AuthorityFinished:
    """The last episode is over, and all its chunks came before this."""

    match_id: MatchId
    outcome: str = "completed"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AuthorityFailed:
    """A match's process is gone without having finished.

    `kind`: "environment" (study code raised), "crashed" (the process ended), "hung" (no sign for too long), "memory"
    (it took more than it may), "start" (it could not be started), "irreproducible" (stored rows came out otherwise).
    """

    match_id: MatchId
    kind: str
    message: str
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class LifelineEnded:
    """The process that started the server is gone."""


@dataclass(frozen=True, slots=True)
class StopRequested:
    """The process was asked to stop by a signal; the session stays open."""

    reason: str


@dataclass(frozen=True, slots=True)
class Wake:
    """A scheduled time has come."""

    name: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A tenth of a second went by."""


Input: TypeAlias = (
    AuthorityChanged
    | AuthorityChunk
    | AuthorityMeasured
    | AuthorityFinished
    | AuthorityFailed
    | PageMessage
    | PageRefusal
    | PageLost
    | LabConnected
    | LabLost
    | LabAsked
    | CallResult
    | CallFailed
    | HookFailed
    | StorageFailed
    | StorageRecovered
    | ServerMeasured
    | ServerTrouble
    | PastTelemetry
    | LifelineEnded
    | StopRequested
    | Wake
    | Tick
)
