"""Messages between the server and MUG Lab (Socket.IO namespace ``/lab``, event ``m``; token needed)."""

from typing import Any

import msgspec

from mug.protocol.lab_console import (
    Act,
    ActionView,
    AddNote,
    AnswerHand,
    AskDetail,
    AskSeats,
    HealthView,
    MakeView,
    NoteView,
    ProbeSeats,
    SeatPairView,
    SeatView,
    SetStage,
)
from mug.protocol.partners import PolicyCardView
from mug.protocol.parts import Message


class ParticipantView(msgspec.Struct, frozen=True, kw_only=True):
    """One participant as the console shows it. Times ISO-8601 UTC."""

    participant_id: str
    state: str  # screening | connected | background | lost | left (for 5 minutes) | finished | excluded | turned_away
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
    outcome: str = ""  # of the participation: complete, screened_out, excluded, no_partner, partner_left, technical
    outcome_reason: str = ""
    warning: str = ""  # kind of the warning that the participant sees now: ping, tab, focus, callback
    lost_probes: int = 0  # pings unanswered among the last ten
    seat: str = ""  # the desk, where the participant came from one
    paused: bool = False  # by the experimenter
    hand: str | None = None  # what the participant asks the experimenter; "" without words; null: no raised hand
    hand_since: str = ""
    unseen_actions: int = 0  # of the experimenter's, not acknowledged by the page yet
    treatment: str = ""  # its name, or its letter while the staff is blind; empty: none, or none yet


class TreatmentView(msgspec.Struct, frozen=True, kw_only=True):
    """One treatment as it stands. While the staff is blind `treatment` is a letter, and `title` is empty.

    `running` and `completed` count participants or groups; `released`: places that somebody dropped out of, which are
    given again.
    """

    treatment: str
    title: str = ""
    weight: int = 1
    running: int = 0
    completed: int = 0
    released: int = 0


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
    release: str = "automatic"  # or "experimenter": groups wait until they are let go
    stage: str = "running"  # prepared (doors closed) | doors_open (people come in and wait) | running | paused | ended
    label: str = ""
    expected: int | None = None  # participants
    seats: tuple[str, ...] = ()  # the desks that take part; empty: any
    conditions: dict[str, str] = {}
    help: bool = False  # participants can raise a hand
    treatments: tuple[TreatmentView, ...] = ()
    treatments_per: str = ""  # participant | group; empty: the study has no treatments
    blind: bool = False  # letters stand for the treatments' names at present
    unblinded: bool = False  # the experimenter asked for the names


class WaitingView(msgspec.Struct, frozen=True, kw_only=True):
    """One participant in a waitroom. `state`: waiting, probing, held, returning. Times ISO-8601 UTC."""

    participant_id: str
    since: str
    state: str = "waiting"
    timeout_at: str | None = None
    rtt_ms: float | None = None  # to the server


class RejectedPairView(msgspec.Struct, frozen=True, kw_only=True):
    """Two participants who are not matched for a while. `rtt_ms` null: no connection between them was found."""

    participants: tuple[str, ...]
    rtt_ms: float | None
    until: str


class WaitroomView(msgspec.Struct, frozen=True, kw_only=True):
    """One waitroom as it stands: of a game scene, or of a group's random order. An empty one is sent once.

    `proposals`: groups that could go now, each in the order of its agents; only while the experimenter releases.
    """

    node_path: tuple[int, ...]
    scene_id: str
    needed: int
    treatment: str = ""  # whose room it is, as the console may see it; empty: everybody's
    waiting: tuple[WaitingView, ...] = ()
    proposals: tuple[tuple[str, ...], ...] = ()
    probing: tuple[tuple[str, ...], ...] = ()
    rejected: tuple[RejectedPairView, ...] = ()


class TelemetryPoint(msgspec.Struct, frozen=True, kw_only=True):
    """One pulse. `at_ms`: server's Unix time in ms. Of `match_id` on: only while a game of several people runs."""

    participant_id: str
    at_ms: float
    rtt_ms: float | None
    focused: bool
    visible: bool
    frame_rate_hz: float | None = None
    jitter_ms: float | None = None
    loss: float | None = None  # 0..1: pings unanswered among the last ten
    fullscreen: bool = False
    match_id: str = ""
    rollbacks: int = 0  # of the last second, as the following
    depth_mean: float = 0.0
    depth_max: int = 0
    stalled_ms: float = 0.0


class PairView(msgspec.Struct, frozen=True, kw_only=True):
    """The connection of two players, as the worse of the two pages sees it. `path`: p2p, relay, or empty."""

    agents: tuple[str, ...]  # two
    path: str = ""
    rtt_ms: float | None = None
    jitter_ms: float | None = None
    loss: float | None = None


class PlayerView(msgspec.Struct, frozen=True, kw_only=True):
    """One player of a match. Figures are of the last second."""

    agent: str
    participant_id: str
    stage: str = ""
    frame: int = 0
    rollbacks: int = 0
    depth_mean: float = 0.0
    depth_max: int = 0
    stalled_ms: float = 0.0
    dropped: bool = False


class MatchView(msgspec.Struct, frozen=True, kw_only=True):
    """One match as the console shows it: of several people, or stepped by the server (`mode`).

    `state`: connecting, playing, paused, completed, partner_left, void, refused, failed, called_off (the experimenter
    sent its players back to the waitroom). `compared`, `desyncs`: of the player who counts most. `hz`: frames a second,
    as the server steps it. Its players' stages are "playing", "away" or "connecting".
    """

    match_id: str
    scene_id: str
    state: str
    formed_at: str
    players: tuple[PlayerView, ...] = ()
    policies: tuple[str, ...] = ()  # agents that policies control
    pairs: tuple[PairView, ...] = ()
    episode: int = 0
    frame: int = 0
    input_delay: int | None = None
    compared: int = 0
    desyncs: int = 0
    flags: tuple[str, ...] = ()
    mode: str = "p2p"
    hz: float = 0.0


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
    matches: tuple[MatchView, ...] = ()
    waitrooms: tuple[WaitroomView, ...] = ()
    actions: tuple[ActionView, ...] = ()
    notes: tuple[NoteView, ...] = ()
    seats: tuple[SeatView, ...] = ()
    seat_pairs: tuple[SeatPairView, ...] = ()
    health: HealthView | None = None
    policies: tuple[PolicyCardView, ...] = ()


class LabBatch(Message, frozen=True, kw_only=True, tag="lab.batch"):
    """What changed since the last batch, at most 10 a second. Participants are whole rows."""

    session: SessionView | None = None
    participants: tuple[ParticipantView, ...] = ()
    telemetry: tuple[TelemetryPoint, ...] = ()
    log: tuple[LogLine, ...] = ()
    counts: dict[str, int] = {}  # rows per table stored so far
    matches: tuple[MatchView, ...] = ()  # whole, those that changed
    waitrooms: tuple[WaitroomView, ...] = ()  # whole, those that changed
    actions: tuple[ActionView, ...] = ()  # whole, those that changed, as the following
    notes: tuple[NoteView, ...] = ()
    seats: tuple[SeatView, ...] = ()
    seat_pairs: tuple[SeatPairView, ...] = ()
    health: HealthView | None = None
    policies: tuple[PolicyCardView, ...] = ()  # whole, those that changed


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


class SetRelease(Message, frozen=True, kw_only=True, tag="lab.set_release"):
    """Who lets groups go from now on: `mode` automatic or experimenter. Recorded."""

    request_id: str
    mode: str
    reason: str = ""


class ReleaseGroups(Message, frozen=True, kw_only=True, tag="lab.release_groups"):
    """Let groups go from a waitroom. `groups` empty: all that are proposed; else by hand, each in its agents' order.

    By hand, no matchmaker is asked and no connection is measured. Recorded.
    """

    request_id: str
    node_path: tuple[int, ...]
    groups: tuple[tuple[str, ...], ...] = ()
    reason: str = ""
    treatment: str = ""  # of the waitroom, as its view has it


class Unblind(Message, frozen=True, kw_only=True, tag="lab.unblind"):
    """Show the treatments' names from now on, in a session whose staff is blind. `reason` must be given. Recorded."""

    request_id: str
    reason: str


LabRequest = (
    EndSession
    | StopServer
    | LetIn
    | SetRelease
    | ReleaseGroups
    | SetStage
    | Act
    | AnswerHand
    | AddNote
    | AskDetail
    | AskSeats
    | ProbeSeats
    | MakeView
    | Unblind
)
LabMessage = LabSnapshot | LabBatch | LabReply
