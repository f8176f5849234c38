"""Messages between the server and MUG Lab (Socket.IO namespace ``/lab``, event ``m``; token needed)."""

from typing import Any

import msgspec

from mug.protocol.messages import Message


class ParticipantView(msgspec.Struct, frozen=True, kw_only=True):
    """One participant as the console shows it. Times ISO-8601 UTC."""

    participant_id: str
    state: str  # connected | background | lost | left (lost for 5 minutes) | finished | excluded | turned_away
    scene_id: str | None = None
    scene_index: int = 0
    scene_total: int = 0
    visit_id: str | None = None
    phase: str = ""
    phase_detail: str = ""
    since: str = ""  # of the present phase
    joined_at: str = ""
    rtt_ms: float | None = None
    jitter_ms: float | None = None
    focused: bool = True
    visible: bool = True
    fullscreen: bool = False
    frame_rate_hz: float | None = None
    episode: int | None = None
    frame: int | None = None
    unacked_chunks: int = 0
    frames_stored: int = 0
    errors: int = 0
    wants_in: bool = False  # turned away without a token: "let in" is offered
    browser: str = ""


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    """The session as the console shows it."""

    session_id: str
    experiment_id: str
    title: str
    study_hash: str
    state: str  # open | ended
    started_at: str
    addresses: tuple[str, ...]  # for participants; the first is the one to show
    data_dir: str
    pilot: bool = False


class TelemetryPoint(msgspec.Struct, frozen=True, kw_only=True):
    """One pulse. `at_ms`: server's Unix time in ms."""

    participant_id: str
    at_ms: float
    rtt_ms: float | None
    focused: bool
    visible: bool
    frame_rate_hz: float | None = None


class LogLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the session's log. `level`: info, warning, error."""

    at: str
    level: str
    text: str
    participant_id: str | None = None
    traceback: str = ""


class LabSnapshot(Message, frozen=True, kw_only=True, tag="lab.snapshot"):
    """Everything, on connect: replaces what the console had. `telemetry`: the last 2 hours at most.

    It comes once more when the server has read what was measured before its own restart.
    """

    session: SessionView
    participants: tuple[ParticipantView, ...]
    telemetry: tuple[TelemetryPoint, ...] = ()
    log: tuple[LogLine, ...] = ()
    counts: dict[str, int] = {}


class LabBatch(Message, frozen=True, kw_only=True, tag="lab.batch"):
    """What changed since the last batch, at most 10 a second. Participants are whole rows."""

    session: SessionView | None = None
    participants: tuple[ParticipantView, ...] = ()
    telemetry: tuple[TelemetryPoint, ...] = ()
    log: tuple[LogLine, ...] = ()
    counts: dict[str, int] = {}  # rows per table stored so far


class LabReply(Message, frozen=True, kw_only=True, tag="lab.reply"):
    """Answer to one request, by its `request_id`. `error` is empty when it was done."""

    request_id: str
    error: str = ""
    data: dict[str, Any] = {}


class EndSession(Message, frozen=True, kw_only=True, tag="lab.end_session"):
    """Close the session for good; unfinished participants see a calm page. `reason` is recorded."""

    request_id: str
    reason: str


class StopServer(Message, frozen=True, kw_only=True, tag="lab.stop_server"):
    """Stop the server process cleanly; the session stays open if somebody is unfinished."""

    request_id: str


class LetIn(Message, frozen=True, kw_only=True, tag="lab.let_in"):
    """Allow, once, that the participant's id is taken by the next browser that asks. Recorded."""

    request_id: str
    participant_id: str
    reason: str = ""


LabRequest = EndSession | StopServer | LetIn
LabMessage = LabSnapshot | LabBatch | LabReply
