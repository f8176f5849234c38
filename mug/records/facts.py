"""The facts that the journal holds: what happened, never what was asked for.

A running session is ``fold(facts)``; the exported tables are a pure function of them. Every fact goes to
the journal as (kind = its tag, body = its JSON); a chunk's bytes are a body of their own, named by sha256.
Times are ISO-8601 UTC with milliseconds, given by the server's clock.
"""

from typing import Any

import msgspec


class Fact(msgspec.Struct, frozen=True, kw_only=True, tag_field="fact", omit_defaults=True):
    """Base of all facts. `at`: ISO-8601 UTC."""

    at: str


class SessionOpened(Fact, frozen=True, kw_only=True, tag="session_opened"):
    """A session of a frozen study. `seed`: 64-bit. `study`: the whole study as JSON-ready data."""

    session_id: str
    experiment_id: str
    study_hash: str
    seed: int
    pilot: bool = False
    port: int = 0
    versions: dict[str, str] = {}  # mug, python, pyodide, packages
    files: dict[str, str] = {}  # path -> sha256
    study: dict[str, Any] = {}
    release: str = "automatic"  # or "experimenter": who lets groups go, until a ReleaseSet
    stage: str = "running"  # or prepared, doors_open: until a StageSet
    label: str = ""
    expected: int | None = None  # participants
    seats: tuple[str, ...] = ()  # the desks that take part
    conditions: dict[str, str] = {}
    help: bool = False  # participants can raise a hand
    zip_sha256: str = ""  # body: the zip that pages get for /study; empty: none, or an older record
    lock_sha256: str = ""  # body: the study's Pyodide lock, as pages load it
    stepped_zip_sha256: str = ""  # body: the zip of the files of games that the server steps; empty: none, or older
    completed_before: dict[str, int] = {}  # treatment -> its places that earlier sessions of this study completed


class ServerStarted(Fact, frozen=True, kw_only=True, tag="server_started"):
    """The server took up the session (again)."""

    pid: int
    port: int


class SessionEnded(Fact, frozen=True, kw_only=True, tag="session_ended"):
    """The session is closed for good. `reason`: in words."""

    reason: str


class ParticipantJoined(Fact, frozen=True, kw_only=True, tag="participant_joined"):
    """Created once. `token_sha256`: of the resume token; the token itself is never stored."""

    participant_id: str
    seed: int
    token_sha256: str
    params: dict[str, str] = {}
    environment: dict[str, Any] = {}
    recruiter: dict[str, str] = {}  # ids by which a recruiter knows the person: kept out of the exported tables
    seat: str = ""  # the desk


class PlannedVisit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One visit in a participant's plan.

    `node_path`: indices into the chain, outermost first; `repetition`: indices of the Repeat nodes on the way.
    A visit of kind "group_order" is the wait at a random order that a group draws together; PlanExtended follows.
    """

    visit_id: str
    scene_id: str
    node_path: tuple[int, ...]
    repetition: tuple[int, ...] = ()
    kind: str


class PlanDrawn(Fact, frozen=True, kw_only=True, tag="plan_drawn"):
    """The participant's whole way, drawn once from the participant's seed."""

    participant_id: str
    visits: tuple[PlannedVisit, ...]
    completion_code: str | None = None


class PlanExtended(Fact, frozen=True, kw_only=True, tag="plan_extended"):
    """A group's random order was drawn: these visits come after `after_visit_id`. `group_id`: whose order it is."""

    participant_id: str
    after_visit_id: str
    group_id: str
    visits: tuple[PlannedVisit, ...]


class GroupFormed(Fact, frozen=True, kw_only=True, tag="group_formed"):
    """People were put together at a group's random order. `seed`: 64-bit, of the order that they draw.

    `members`: in the order of their agents; `visits`: participant id -> the visit in which they waited.
    """

    group_id: str
    node_path: tuple[int, ...]
    repetition: tuple[int, ...] = ()
    seed: int
    members: tuple[str, ...]
    visits: dict[str, str]
    released_by: str = "automatic"  # or "experimenter"


class PairProbed(Fact, frozen=True, kw_only=True, tag="pair_probed"):
    """The connection between two waiting participants was measured. `rtt_ms` None: none was found."""

    probe_id: str
    participants: tuple[str, ...]
    rtt_ms: float | None
    path: str = ""
    accepted: bool
    limit_ms: float | None = None


class ReleaseSet(Fact, frozen=True, kw_only=True, tag="release_set"):
    """Who lets groups go from now on: automatic, experimenter."""

    mode: str
    reason: str = ""


class ScreeningPassed(Fact, frozen=True, kw_only=True, tag="screening_passed"):
    """The participant may take part. `ping_ms`: the median that was judged; None: ping was not asked for."""

    participant_id: str
    ping_ms: float | None = None
    measurements: int = 0


class ParticipantWarned(Fact, frozen=True, kw_only=True, tag="participant_warned"):
    """The participant was warned during a scene. `kind`: ping, tab, focus, callback; `value` in ms."""

    participant_id: str
    kind: str
    visit_id: str | None = None
    value: float | None = None
    message: str = ""


class PlayerReturning(Fact, frozen=True, kw_only=True, tag="player_returning"):
    """A player's page was loaded again during a match: the others wait while it rebuilds the game.

    `returns`: how often this player's page has come back, this time included.
    """

    match_id: str
    agent: str
    participant_id: str
    returns: int


class PlayerReturned(Fact, frozen=True, kw_only=True, tag="player_returned"):
    """A player's page came back into a running match and plays on from `frame` of `episode`."""

    match_id: str
    agent: str
    participant_id: str
    episode: int
    frame: int


class TokenRenewed(Fact, frozen=True, kw_only=True, tag="token_renewed"):
    """A browser was let in by the experimenter and holds a new token."""

    participant_id: str
    token_sha256: str


class Connected(Fact, frozen=True, kw_only=True, tag="connected"):
    """A tab of the participant's browser is connected and holds the lease."""

    participant_id: str
    tab_id: str


class Disconnected(Fact, frozen=True, kw_only=True, tag="disconnected"):
    """The participant's connection is gone."""

    participant_id: str
    reason: str = ""


class VisitStarted(Fact, frozen=True, kw_only=True, tag="visit_started"):
    """The participant was shown a scene for the first time."""

    participant_id: str
    visit_id: str


class WaitStarted(Fact, frozen=True, kw_only=True, tag="wait_started"):
    """The participant came into a waitroom for the first time in this visit: its timeout counts from here."""

    participant_id: str
    visit_id: str


class VisitFinished(Fact, frozen=True, kw_only=True, tag="visit_finished"):
    """The participant is done with a scene, and its data is on disk."""

    participant_id: str
    visit_id: str
    outcome: str  # completed | failed | partner_left | void | waitroom_timeout | skipped | excluded, and by the
    # experimenter: advanced | sent_back | ended
    counts: dict[str, int] = {}


class MatchFormed(Fact, frozen=True, kw_only=True, tag="match_formed"):
    """`agents`: agent id -> participant id, or "policy:<name>".

    With several people, `visits` is participant id -> visit id (`visit_id` is the first player's), and `settings` is
    what holds for the match on every peer: players, input_delay, window, snapshot_level, network_conditions. In a study
    with treatments it holds the players' `treatment`, too.
    """

    match_id: str
    visit_id: str
    scene_id: str
    seed: int
    agents: dict[str, str]
    visits: dict[str, str] = {}
    settings: dict[str, Any] = {}
    group_id: str = ""  # the people who play together, however often they do
    released_by: str = "automatic"  # or "experimenter"


class PlayerDropped(Fact, frozen=True, kw_only=True, tag="player_dropped"):
    """A player is out of a match for good. `policy`: end, default_action, policy, void."""

    match_id: str
    agent: str
    participant_id: str
    policy: str
    reason: str = ""


class MatchEnded(Fact, frozen=True, kw_only=True, tag="match_ended"):
    """The match is over."""

    match_id: str
    outcome: str  # completed | failed | restarted | abandoned | partner_left | void | refused | sent_back | repaired
    reason: str = ""


class MatchFlagged(Fact, frozen=True, kw_only=True, tag="match_flagged"):
    """Something about the match that an analyst must know. `flag` is a stable word."""

    match_id: str
    flag: str
    detail: str = ""


class ChunkStored(Fact, frozen=True, kw_only=True, tag="chunk_stored"):
    """Identity: (visit, stream, seq). The bytes are the body `sha256` beside the fact."""

    participant_id: str
    visit_id: str
    stream: str  # form | event | telemetry | frames
    seq: int
    sha256: str
    size: int
    meta: dict[str, Any] = {}


class GlobalsSet(Fact, frozen=True, kw_only=True, tag="globals_set"):
    """The participant's `mug_globals`, whole, after a change."""

    participant_id: str
    values: dict[str, Any]


class ErrorReported(Fact, frozen=True, kw_only=True, tag="error_reported"):
    """Something failed on the participant's page."""

    participant_id: str
    kind: str
    message: str
    visit_id: str | None = None
    traceback: str = ""
    fatal: bool = False  # the page could not go on
    console: tuple[str, ...] = ()  # the last lines of the page's console


class ParticipantFinished(Fact, frozen=True, kw_only=True, tag="participant_finished"):
    """The participation is over."""

    participant_id: str
    outcome: str  # complete | screened_out | excluded | no_partner | partner_left | technical
    message: str = ""
    reason: str = ""  # a stable word: browser, mobile, ping, tab, focus, callback, waitroom_timeout, …
    completion_code: str | None = None  # of this outcome
    redirect_url: str | None = None  # complete, as the participant gets it
    value: float | None = None  # what was measured, in ms, where that is the reason
    pay: str = ""  # full, partial, none: what the experimenter said; for the key file only


class ConsoleAction(Fact, frozen=True, kw_only=True, tag="console_action"):
    """Something the experimenter did."""

    action: str
    participant_id: str | None = None
    reason: str = ""
    detail: dict[str, Any] = {}


class StageSet(Fact, frozen=True, kw_only=True, tag="stage_set"):
    """The experimenter moved the session on. `stage`: prepared, doors_open, running, paused."""

    stage: str
    reason: str = ""


class ActionTaken(Fact, frozen=True, kw_only=True, tag="action_taken"):
    """Something that the experimenter did to participants. `action`: message, pause, resume, advance, and so on.

    `skipped`: participant id -> why nothing was done. `affected`: participant id -> how, in words. `pay` is for the key
    file only. `hand_id`: the raised hand that a message answers.
    """

    action_id: str
    action: str
    participants: tuple[str, ...] = ()
    reason: str = ""
    text: str = ""
    outcome: str = ""
    pay: str = ""
    groups: tuple[tuple[str, ...], ...] = ()
    skipped: dict[str, str] = {}
    affected: dict[str, str] = {}
    hand_id: str = ""


class ActionAcknowledged(Fact, frozen=True, kw_only=True, tag="action_acknowledged"):
    """A page has shown or done what the experimenter did, or its participant has read it. `state`: shown, read."""

    action_id: str
    participant_id: str
    state: str


class VisitRepeated(Fact, frozen=True, kw_only=True, tag="visit_repeated"):
    """The experimenter sent a participant back to a waitroom: another visit of the scene, after the one that ends."""

    participant_id: str
    after_visit_id: str
    visit: PlannedVisit


class HandRaised(Fact, frozen=True, kw_only=True, tag="hand_raised"):
    """A participant asks for the experimenter."""

    participant_id: str
    hand_id: str
    text: str = ""


class HandLowered(Fact, frozen=True, kw_only=True, tag="hand_lowered"):
    """A raised hand is down again. `by`: participant, experimenter."""

    participant_id: str
    hand_id: str
    by: str = "participant"


class NoteAdded(Fact, frozen=True, kw_only=True, tag="note_added"):
    """A note of the experimenter."""

    note_id: str
    text: str
    participant_id: str | None = None


class SeatChecked(Fact, frozen=True, kw_only=True, tag="seat_checked"):
    """How a desk stood when a participant began there. `checks`: name -> good, wait, or what was wrong, in words."""

    desk: str
    participant_id: str
    clock_offset_ms: float | None = None
    rtt_ms: float | None = None
    frame_rate_hz: float | None = None
    checks: dict[str, str] = {}


class SeatsProbed(Fact, frozen=True, kw_only=True, tag="seats_probed"):
    """The connection between two desks' pages was measured. `rtt_ms` None: none was found."""

    desks: tuple[str, ...]
    rtt_ms: float | None
    path: str = ""


class Withdrawn(Fact, frozen=True, kw_only=True, tag="withdrawn"):
    """A tombstone: a participant's data was taken out on request. `how`: removed, anonymised.

    `participant_id` is what stands in the tables from now on (a new pseudonym when anonymised). `bodies`: how many were
    deleted. `earlier`: a salted, slow hash (scrypt) of the former id, so that the same request is recognised, and
    nothing else. `changes` names a body: JSON, SHA-256 of each body that was taken out -> of what stands in its place,
    or empty.
    """

    participant_id: str
    how: str
    reason: str = ""
    bodies: int = 0
    earlier: str = ""
    changes: str = ""


class PolicyDescribed(Fact, frozen=True, kw_only=True, tag="policy_described"):
    """A policy of the study, as it was when the session was opened: once a scene, agent and treatment.

    `card`: name, framework (random, python, onnx), file, sha256, size, inputs and outputs (name, dtype, shape),
    recurrent, sampling, frame_skip, seed (in words).
    """

    scene_id: str
    agent: str
    treatment: str = ""
    card: dict[str, Any] = {}


class PolicyMeasured(Fact, frozen=True, kw_only=True, tag="policy_measured"):
    """What one decision of a policy took in a match, in ms, as one page saw it.

    `participant_id` empty: as the server saw it. `late`: decisions that took longer than a frame.
    """

    match_id: str
    agent: str
    participant_id: str
    decisions: int
    median_ms: float
    p99_ms: float
    late: int = 0


class TreatmentAssigned(Fact, frozen=True, kw_only=True, tag="treatment_assigned"):
    """A participant, or a group, has a treatment from now on.

    `participants`: all whom it concerns. `counts`: per treatment, how many were completed or running just before, from
    which, with the seed, the draw can be done again. `by`: allocation (a draw), group (somebody joined a group that has
    one), return (somebody who was gone came back to theirs).
    """

    treatment: str
    participants: tuple[str, ...]
    group_id: str = ""
    counts: dict[str, int] = {}
    draw: int = 0  # how many were drawn before in this session
    by: str = "allocation"  # or group, return


class TreatmentExposed(Fact, frozen=True, kw_only=True, tag="treatment_exposed"):
    """A participant met, for the first time, a scene that differs by treatment."""

    treatment: str
    participant_id: str
    visit_id: str
    scene_id: str


class TreatmentReleased(Fact, frozen=True, kw_only=True, tag="treatment_released"):
    """Who had a treatment dropped out: its place is free again, and the next draw counts without it."""

    treatment: str
    participants: tuple[str, ...]
    group_id: str = ""
    reason: str = ""


class EpisodeScored(Fact, frozen=True, kw_only=True, tag="episode_scored"):
    """The study's `score_fn` said what an episode of a build is worth."""

    participant_id: str
    visit_id: str
    episode: int
    score: float


AnyFact = (
    SessionOpened
    | ServerStarted
    | SessionEnded
    | ParticipantJoined
    | PlanDrawn
    | PlanExtended
    | GroupFormed
    | PairProbed
    | ReleaseSet
    | ScreeningPassed
    | ParticipantWarned
    | PlayerReturning
    | PlayerReturned
    | TokenRenewed
    | Connected
    | Disconnected
    | VisitStarted
    | WaitStarted
    | VisitFinished
    | MatchFormed
    | PlayerDropped
    | MatchEnded
    | MatchFlagged
    | ChunkStored
    | GlobalsSet
    | ErrorReported
    | ParticipantFinished
    | ConsoleAction
    | StageSet
    | ActionTaken
    | ActionAcknowledged
    | VisitRepeated
    | HandRaised
    | HandLowered
    | NoteAdded
    | SeatChecked
    | SeatsProbed
    | PolicyDescribed
    | PolicyMeasured
    | TreatmentAssigned
    | TreatmentExposed
    | TreatmentReleased
    | EpisodeScored
    | Withdrawn
)
