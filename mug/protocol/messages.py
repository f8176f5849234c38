"""Every message between a participant's page and the server: tagged unions on ``op``.

One Socket.IO event, ``m``, carries them all in both directions on the namespace ``/``; bytes travel as
binary attachments. Identity of a sender comes from its connection, never from a message. "Absent" means
the default; null means "none"; empty means empty.
"""

from typing import Any

import msgspec

from mug.play.config import GameConfig
from mug.protocol.care import ActionSeen, HandState, Held, Paused, RaiseHand, Told
from mug.protocol.partners import PolicyFigures, ServerKeys, ServerReady, ServerSeen, ServerStatus, ServerView
from mug.protocol.parts import (
    ClientEnvironment,
    KeptChunks,
    MatchStatus,
    Message,
    ResumeCandidate,
    RuntimeManifest,
)
from mug.protocol.seats import SeatAsked, SeatDone, SeatHello, SeatRefused, SeatReport, SeatWelcome

PROTOCOL_VERSION = 1


# ---------------------------------------------------------------- participant -> server


class Hello(Message, frozen=True, kw_only=True, tag="participant.hello"):
    """First message of a connection. `subject_id` is the URL's path ("" for "/").

    `token` is set when the page itself was already welcomed (reconnection). `candidates` are the tokens that this
    browser holds, newest first: those of `subject_id`, or all for "/"; the server picks the one of its open session
    (for "/": unfinished, and in use by no live tab), else makes or refuses a participant. `kept`: what this browser's
    outbox holds of any session when the page opens. `seat`: the desk at which the page stands, where it does.
    """

    protocol: int
    build: str
    tab_id: str
    subject_id: str = ""
    token: str | None = None
    candidates: tuple[ResumeCandidate, ...] = ()
    params: dict[str, str] = {}
    environment: ClientEnvironment = ClientEnvironment()
    kept: tuple[KeptChunks, ...] = ()
    seat: str = ""


class Pulse(Message, frozen=True, kw_only=True, tag="participant.pulse"):
    """Once a second: the ping probe and the live status (what lands in the records goes up as chunks)."""

    n: int
    client_ms: float  # performance.now() of the page at sending; echoed
    rtt_ms: float | None = None  # of the last answered probe
    rtt_n: int | None = None  # that probe's number: an answer is one measurement, however often it is said
    jitter_ms: float | None = None
    lost: int = 0  # probes unanswered in the last 10
    focused: bool = True
    visible: bool = True
    fullscreen: bool = False
    frame_rate_hz: float | None = None
    frame_time_p95_ms: float | None = None
    unacked_chunks: int = 0
    phase: str = ""
    episode: int | None = None
    frame: int | None = None
    match: MatchStatus | None = None  # while a game of several people runs


class PhaseChanged(Message, frozen=True, kw_only=True, tag="participant.phase"):
    """The page's ``body[data-mug-phase]`` changed. `fraction` 0..1 while loading."""

    phase: str
    visit_id: str | None = None
    detail: str = ""
    fraction: float | None = None


class PutChunk(Message, frozen=True, kw_only=True, tag="chunk.put"):
    """One numbered chunk of the outbox. `stream`: form, event, telemetry, frames.

    A row of the telemetry stream may name another table: ``"table": "network"`` or ``"ticks"``.

    `meta` of a frames chunk: match_id, episode, first, last, chain_hash, agents. Body: for frames what
    `mug.play.chunks` encodes; for the others UTF-8 JSON lines, one row each with ``at_ms`` (page clock,
    ms since the page's time origin) and ``at`` (ISO-8601 UTC).
    """

    visit_id: str
    stream: str
    seq: int
    body: bytes
    meta: dict[str, Any] = {}


class FinishVisit(Message, frozen=True, kw_only=True, tag="visit.finish"):
    """The participant is done with a scene.

    The server moves on only when it holds all chunks: `counts` says how many were sent per stream.
    `outcome`: "completed", "failed", "partner_left" (the match ended by a verdict) or "void".
    """

    visit_id: str
    counts: dict[str, int] = {}
    outcome: str = "completed"


class SetGlobals(Message, frozen=True, kw_only=True, tag="globals.set"):
    """The participant's `mug_globals` after a change by environment code or a page (the whole dict)."""

    values: dict[str, Any]


class ClientError(Message, frozen=True, kw_only=True, tag="participant.error"):
    """Something failed on the page. `kind`: environment, runtime, script, storage.

    `traceback` names the study's own file and line where there is one. `console`: the last lines of the page's console,
    oldest first, each ``HH:MM:SS.mmm level text``.
    """

    kind: str
    message: str
    visit_id: str | None = None
    traceback: str = ""
    fatal: bool = False
    console: tuple[str, ...] = ()


class ClientCallback(Message, frozen=True, kw_only=True, tag="scene.callback"):
    """Data for the scene's `on_client_callback` hook."""

    visit_id: str
    data: dict[str, Any] = {}


class FetchFrames(Message, frozen=True, kw_only=True, tag="frames.fetch"):
    """After a reload: ask for the stored frames chunks of this visit's match (answered by StoredFrames)."""

    visit_id: str
    match_id: str


class RestartMatch(Message, frozen=True, kw_only=True, tag="match.restart"):
    """Re-simulation after a reload did not reproduce: ask for a new match of the same visit.

    The old match is flagged with `reason`.
    """

    visit_id: str
    match_id: str
    reason: str


class JoinMatch(Message, frozen=True, kw_only=True, tag="match.join"):
    """The participant is ready for partners; repeated after a reconnection while none came."""

    visit_id: str


class SendSignal(Message, frozen=True, kw_only=True, tag="peer.signal"):
    """For a partner's page: a WebRTC description or candidate. Passed on at once, not stored.

    `data` is ``{"description": {...}}``, ``{"candidate": {...} or null}`` or ``{"restart": true}``.
    """

    match_id: str
    to: str  # agent
    data: dict[str, Any]
    life: str = ""  # how often the two pages have come back into the match; signals of another life are dropped


class RelayPacket(Message, frozen=True, kw_only=True, tag="peer.relay"):
    """A packet of the game for a partner, where no direct path exists. `channel`: game or ctrl."""

    match_id: str
    to: str  # agent
    channel: str
    body: bytes


class ReportPeer(Message, frozen=True, kw_only=True, tag="match.peer"):
    """A partner has been silent for so long that the game is paused (`state` lost), or is heard again (back)."""

    match_id: str
    agent: str
    state: str
    silent_ms: float = 0.0


class ReportMatch(Message, frozen=True, kw_only=True, tag="match.report"):
    """Something about the match that analysts must know, in words: `flag` desync, refused, void or not_reproduced.

    `desync`: the peers' states differ from `frame` of `episode` on. `refused`: the handshake found that the pages do
    not run the same program. `void`: the pages could not agree on how to go on. `not_reproduced`: this page came back,
    and could not rebuild the game.
    """

    match_id: str
    flag: str
    detail: str
    episode: int = 0
    frame: int = 0


class ReturnDone(Message, frozen=True, kw_only=True, tag="match.returned"):
    """This page was loaded again, has rebuilt the game, and plays on from `frame` of `episode`."""

    match_id: str
    episode: int
    frame: int


class ProbeDone(Message, frozen=True, kw_only=True, tag="probe.done"):
    """What this page measured to one other page of a ProbePartners: the median round trip of its pings.

    `rtt_ms` null: no ping came back in time. `path`: p2p or relay; empty without one.
    """

    probe_id: str
    to: str  # slot
    rtt_ms: float | None = None
    path: str = ""
    pings: int = 0  # answered


ParticipantMessage = (
    Hello
    | Pulse
    | PhaseChanged
    | PutChunk
    | FinishVisit
    | SetGlobals
    | ClientError
    | ClientCallback
    | FetchFrames
    | RestartMatch
    | JoinMatch
    | SendSignal
    | RelayPacket
    | ReportPeer
    | ReportMatch
    | ReturnDone
    | ProbeDone
    | ActionSeen
    | RaiseHand
    | ServerReady
    | ServerKeys
    | ServerSeen
    | PolicyFigures
    | SeatHello
    | SeatReport
    | SeatDone
)

# ---------------------------------------------------------------- server -> participant


class BuildFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a build that the page fetches. `role`: loader, framework, data, code; page: an HTML game's own."""

    role: str
    url: str
    mime: str
    size: int  # bytes, as far as it is known unpacked: for the progress bar


class Welcome(Message, frozen=True, kw_only=True, tag="participant.welcome"):
    """Answer to Hello. `runtime` is null when no scene of the study needs Python.

    `token` is the secret that resumes this participant: kept in localStorage per session and id. `preview`: nothing of
    this session is kept; the page says so, and loads itself anew when it comes back to another session. `help`: the
    page has a button with which the participant can ask for the experimenter (RaiseHand).
    """

    participant_id: str
    session_id: str
    experiment_id: str
    token: str
    title: str = ""
    server_time: str  # ISO-8601 UTC
    runtime: RuntimeManifest | None = None
    mug_globals: dict[str, Any] = {}
    preview: bool = False
    help: bool = False


class Refused(Message, frozen=True, kw_only=True, tag="participant.refused"):
    """No entry, or no longer. `message` is for the participant.

    `reason`: protocol, build, token, second_tab, finished, full, closed, excluded, bad_id, or how the participation
    ended (`Closed`). Code and address as in `Closed`: who asks again gets them again.
    """

    reason: str
    message: str
    completion_code: str | None = None
    redirect_url: str | None = None


class PageContent(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="page"):
    """A static page. `role`: start, static, end, completion_code."""

    role: str
    scene_header: str = ""
    scene_subheader: str = ""
    body_html: str = ""
    continue_label: str = "Continue"
    completion_code: str | None = None
    redirect_url: str | None = None  # complete: parameters already added by the server
    redirect_after_s: int | None = None  # the page goes there by itself so long after everything is saved


class FormHeading(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="heading"):
    """A text between questions, as HTML."""

    html: str


class TextQuestion(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="text"):
    """Answered with a text of at most `max_chars` characters."""

    question_id: str
    label_html: str
    required: bool
    max_chars: int


class ChoiceQuestion(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="choice"):
    """Answered with one of `choices`, or with a list of some of them (`multiple`).

    `boxes`: the choices are shown as boxes. `images`: a picture for each choice, or none at all; empty texts are none.
    """

    question_id: str
    label_html: str
    required: bool
    choices: tuple[str, ...]
    multiple: bool = False
    boxes: bool = False
    image: str = ""
    images: tuple[str, ...] = ()


class ScaleQuestion(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="scale"):
    """Answered with a whole number from 1 to `points`. `labels` are spread from the first point to the last."""

    question_id: str
    label_html: str
    required: bool
    points: int
    labels: tuple[str, ...] = ()


class FormContent(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="form"):
    """A page with questions.

    The answers go up as rows of the stream `form`: question_id, answer (null: none), submission, which counts from 1
    how often this page was handed in. `submissions`: how often the server has it already. A `visit.finish` without the
    answers that are required, or with wrong ones, is answered by `error.reply` with the code `unanswered` and the
    questions' ids in `path`, separated by commas; the page can hand in again.
    """

    scene_header: str = ""
    scene_subheader: str = ""
    body_html: str = ""
    items: tuple[FormHeading | TextQuestion | ChoiceQuestion | ScaleQuestion, ...] = ()
    continue_label: str = "Continue"
    submissions: int = 0


class GameContent(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="game"):
    """A gym game. With `config.players` it is one of several people, and without a `match_id` it waits for partners.

    `waits`: the participant was in the waitroom already, and the page joins without a Start.
    `asset_roots`: the served folders; a picture's path that begins with none is below `assets_dir`.
    """

    config: GameConfig
    scene_header: str = ""
    body_html: str = ""
    in_game_html: str = ""
    background: str = "#FFFFFF"
    rollback_smoothing_duration_ms: int = 100
    asset_specs: tuple[dict[str, Any], ...] = ()
    assets_base_url: str = ""
    asset_roots: tuple[str, ...] = ()
    assets_dir: str = ""
    animations: tuple[dict[str, Any], ...] = ()
    first_objects: tuple[dict[str, Any], ...] = ()
    resume_match: bool = False
    hide_lobby_count: bool = False
    waits: bool = False


class WaitContent(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="wait"):
    """The wait for a group that draws the order of its games: shown like a game's waitroom.

    The page joins by itself (JoinMatch); ShowScene of the first game follows as soon as the group is there.
    """

    needed: int
    hide_lobby_count: bool = False


class EmbeddedContent(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="embedded"):
    """A game that is a build of its own, in a frame of its own.

    `scores`: of the episodes that are over already, in order; null: none. The page begins with the next one.
    `settles`: the server answers each end of an episode (EpisodeTaken); the page waits a moment for it.
    """

    build: str  # unity | html
    scene_header: str = ""
    scene_subheader: str = ""
    body_html: str = ""
    continue_label: str = "Continue"
    folder_url: str  # of the build, with "/" at its end
    files: tuple[BuildFile, ...]
    width: int  # CSS pixels
    height: int
    allow_continue_on: str  # episodes_done | first_episode | build | always
    ready_timeout_s: int
    num_episodes: int
    show_score: bool = True
    scores: tuple[float | None, ...] = ()
    settles: bool = False


class ShowScene(Message, frozen=True, kw_only=True, tag="scene.show"):
    """Show this visit. `next_seq`: per stream, the chunk number that the server expects next.

    `notice`: why the participant is here, where it is not plain (nobody came to play with); shown above the page.
    `action_id`: the experimenter's action that brings it, answered by ActionSeen once it is shown. `preload`: files of
    builds of scenes to come, which the page fetches meanwhile.
    """

    visit_id: str
    scene_id: str
    index: int  # from 0
    total: int
    content: PageContent | FormContent | GameContent | EmbeddedContent | WaitContent
    next_seq: dict[str, int] = {}
    notice: str = ""
    action_id: str = ""
    preload: tuple[BuildFile, ...] = ()


class ChunkAck(Message, frozen=True, kw_only=True, tag="chunk.ack"):
    """All chunks of (visit, stream) below `next_seq` are on disk. Sent after COMMIT."""

    visit_id: str
    stream: str
    next_seq: int


class GlobalsChanged(Message, frozen=True, kw_only=True, tag="globals.changed"):
    """What a hook of the study set in the participant's `mug_globals`: only these keys; the page merges them."""

    values: dict[str, Any]


class EpisodeTaken(Message, frozen=True, kw_only=True, tag="episode.taken"):
    """The end of a build's episode is on disk, and the study's functions for it have been called.

    `score`: what the episode is worth; null: nothing is known of it.
    """

    visit_id: str
    episode: int
    score: float | None = None


class PulseEcho(Message, frozen=True, kw_only=True, tag="pulse.echo"):
    """Answer to Pulse, at once: the page takes the round trip from `client_ms`."""

    n: int
    client_ms: float
    server_time: str


class StoredFrames(Message, frozen=True, kw_only=True, tag="frames.stored"):
    """Answer to FetchFrames: the bodies of all stored chunks in order."""

    visit_id: str
    match_id: str
    chunks: tuple[bytes, ...]


class MatchWaiting(Message, frozen=True, kw_only=True, tag="match.waiting"):
    """Answer to JoinMatch, and again whenever it changes: how many wait (with this one), how many are needed.

    `waiting` is 0 where the study hides the count. `stage`: "waiting"; "probing" while connections are measured;
    "held" when a group could go and the experimenter lets it go; "returning" while known partners are waited for.
    """

    visit_id: str
    waiting: int
    needed: int
    stage: str = "waiting"
    waited_ms: float = 0.0
    timeout_ms: float | None = None  # of the whole wait; null: none


class ProbePartners(Message, frozen=True, kw_only=True, tag="probe.partners"):
    """Measure the round trip to the other pages of a proposed group, each page under a slot's name.

    Signals go by `SendSignal`/`SignalFrom` with `probe_id` for the match and slots for agents. The lower slot of a pair
    offers. Each page answers with one ProbeDone for each other slot, at the latest after `timeout_ms`.
    """

    visit_id: str
    probe_id: str
    slots: tuple[str, ...]
    own: str
    pings: int = 5
    timeout_ms: float = 8_000.0
    ice_servers: tuple[dict[str, Any], ...] = ()
    force_relay: bool = False


class ProbeOver(Message, frozen=True, kw_only=True, tag="probe.over"):
    """The probe is decided or given up: close its connections."""

    probe_id: str


class Screening(Message, frozen=True, kw_only=True, tag="participant.screening"):
    """Before the first scene the connection is measured: pulse every `interval_ms` until a scene or an end comes."""

    measurements: int
    interval_ms: float = 250.0


class Warned(Message, frozen=True, kw_only=True, tag="participant.warned"):
    """The participant is warned, or (`active` false) a warning is over. `kind`: ping, tab, focus, callback."""

    kind: str
    message: str
    active: bool = True


class MatchReady(Message, frozen=True, kw_only=True, tag="match.ready"):
    """Partners are found: load this game and connect to the others of `config.players`.

    `ice_servers` as `RTCPeerConnection` takes them; `force_relay`: no direct path (with `ice_servers`: by TURN only,
    without: by the server). `in_game_html`: what the study's `game_page_html_fn` made for this player, now that the
    partners are known; null: what ShowScene said holds.
    """

    visit_id: str
    config: GameConfig
    ice_servers: tuple[dict[str, Any], ...] = ()
    force_relay: bool = False
    in_game_html: str | None = None


class SignalFrom(Message, frozen=True, kw_only=True, tag="peer.signal_from"):
    """What a partner's page said with SendSignal."""

    match_id: str
    agent: str
    data: dict[str, Any]
    life: str = ""


class RelayedPacket(Message, frozen=True, kw_only=True, tag="peer.relayed"):
    """What a partner's page sent with RelayPacket."""

    match_id: str
    agent: str
    channel: str
    body: bytes


class MatchVerdict(Message, frozen=True, kw_only=True, tag="match.verdict"):
    """Players are out of the match for good, by the study's `policy`: end, default_action, policy, void.

    The remaining pages agree on the frame; a page whose own agent is in `dropped` stops. `ends`: the participation is
    over with the game; the page sends what it holds and finishes the visit by itself, and Closed follows.
    """

    match_id: str
    dropped: tuple[str, ...]
    policy: str
    message: str = ""
    ends: bool = False


class PartnerAway(Message, frozen=True, kw_only=True, tag="match.away"):
    """A partner's page went to the background, or (`away` false) is back: a game that waits for it says so."""

    match_id: str
    agent: str
    away: bool


class PartnerReturning(Message, frozen=True, kw_only=True, tag="match.returning"):
    """A partner's page was loaded again and rebuilds the game, which stands still; new ways to that page are sought.

    `returns`: how often that page has come back, this time included. Repeated after a reconnection.
    """

    match_id: str
    agent: str
    returns: int


class Closed(Message, frozen=True, kw_only=True, tag="participant.closed"):
    """The participation is over from the server's side.

    `reason`: session_ended, replaced, or how it ended: screened_out, excluded, no_partner, partner_left, technical; or
    complete, when the experimenter ended it so before the last scene.
    The page keeps sending what it holds. `redirect_url` is complete, its parameters already added. `visit_id` is the
    visit in which it ended, if it was in one, and `next_seq` what the server expects of it, as in ShowScene.
    `action_id` as there: ActionSeen goes out before the connection ends.
    """

    reason: str
    message: str
    visit_id: str = ""
    next_seq: dict[str, int] = {}
    completion_code: str | None = None
    redirect_url: str | None = None
    redirect_after_s: int | None = None  # the page goes there by itself so long after everything is saved
    action_id: str = ""


class Trouble(Message, frozen=True, kw_only=True, tag="participant.trouble"):
    """Answer to a fatal ClientError: what the participant can hand in if loading the page again does not help.

    The participation is not over.
    """

    completion_code: str | None = None
    redirect_url: str | None = None


class ErrorReply(Message, frozen=True, kw_only=True, tag="error.reply"):
    """A message of the page was not taken. `path` names the field, `code` is stable."""

    code: str
    message: str
    path: str = ""
    about: str = ""  # op of the refused message


ServerMessage = (
    Welcome
    | Refused
    | ShowScene
    | ChunkAck
    | GlobalsChanged
    | EpisodeTaken
    | PulseEcho
    | StoredFrames
    | MatchWaiting
    | ProbePartners
    | ProbeOver
    | Screening
    | Warned
    | MatchReady
    | SignalFrom
    | RelayedPacket
    | MatchVerdict
    | PartnerAway
    | PartnerReturning
    | Closed
    | Trouble
    | Told
    | Paused
    | Held
    | HandState
    | ServerStatus
    | ServerView
    | SeatWelcome
    | SeatRefused
    | SeatAsked
    | ErrorReply
)
