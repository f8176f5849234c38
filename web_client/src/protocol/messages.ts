// Generated from mug/protocol by `python -m mug.protocol.typescript`. Do not edit.
//
// Every message is one Socket.IO event, "m", whose payload is the message with its `op`; Uint8Array fields travel as
// binary attachments. Seeds are 64-bit integers and travel as decimal texts.

export const PROTOCOL_VERSION = 1;

/** A participant whose token this browser holds. */
export interface ResumeCandidate {
  session_id: string;
  participant_id: string;
  token: string;
}

/** What the page says of its browser: coarse by design (no full user agent). */
export interface ClientEnvironment {
  browser?: string;
  browser_major?: number;
  mobile?: boolean;
  viewport_width?: number;
  viewport_height?: number;
  device_pixel_ratio?: number;
  webgl?: boolean;
  webassembly?: boolean;
}

/** Chunks that a browser holds until the server of their session takes them. */
export interface KeptChunks {
  session_id: string;
  participant_id: string;
  chunks: number;
}

/**
 * First message of a connection. `subject_id` is the URL's path ("" for "/").
 *
 * `token` is set when the page itself was already welcomed (reconnection). `candidates` are the tokens that this
 * browser holds, newest first: those of `subject_id`, or all for "/"; the server picks the one of its open session
 * (for "/": unfinished, and in use by no live tab), else makes or refuses a participant. `kept`: what this browser's
 * outbox holds of any session when the page opens. `seat`: the desk at which the page stands, where it does.
 */
export interface Hello {
  op: "participant.hello";
  protocol: number;
  build: string;
  tab_id: string;
  subject_id?: string;
  token?: string | null;
  candidates?: ResumeCandidate[];
  params?: Record<string, string>;
  environment?: ClientEnvironment;
  kept?: KeptChunks[];
  seat?: string;
}

/** One partner, seen from this page. `path`: p2p, relay, or empty while there is none. Times in ms. */
export interface PeerStatus {
  agent: string;
  path?: string;
  rtt_ms?: number | null;
  jitter_ms?: number | null;
  loss?: number | null;
  silent_ms?: number;
}

/**
 * A game of several people as one of its pages stands; figures of "the last second" end at this pulse.
 *
 * `stage`: connecting, countdown, playing, stalled, paused, between, over. `compared` and `desyncs` are sums of the
 * match.
 */
export interface MatchStatus {
  match_id: string;
  stage: string;
  episode?: number;
  frame?: number;
  confirmed?: number;
  input_delay?: number;
  window?: number;
  rollbacks?: number;
  depth_mean?: number;
  depth_max?: number;
  stalled_ms?: number;
  compared?: number;
  desyncs?: number;
  peers?: PeerStatus[];
}

/** Once a second: the ping probe and the live status (what lands in the records goes up as chunks). */
export interface Pulse {
  op: "participant.pulse";
  n: number;
  client_ms: number;
  rtt_ms?: number | null;
  rtt_n?: number | null;
  jitter_ms?: number | null;
  lost?: number;
  focused?: boolean;
  visible?: boolean;
  fullscreen?: boolean;
  frame_rate_hz?: number | null;
  frame_time_p95_ms?: number | null;
  unacked_chunks?: number;
  phase?: string;
  episode?: number | null;
  frame?: number | null;
  match?: MatchStatus | null;
}

/** The page's ``body[data-mug-phase]`` changed. `fraction` 0..1 while loading. */
export interface PhaseChanged {
  op: "participant.phase";
  phase: string;
  visit_id?: string | null;
  detail?: string;
  fraction?: number | null;
}

/**
 * One numbered chunk of the outbox. `stream`: form, event, telemetry, frames.
 *
 * A row of the telemetry stream may name another table: ``"table": "network"`` or ``"ticks"``.
 *
 * `meta` of a frames chunk: match_id, episode, first, last, chain_hash, agents. Body: for frames what
 * `mug.play.chunks` encodes; for the others UTF-8 JSON lines, one row each with ``at_ms`` (page clock,
 * ms since the page's time origin) and ``at`` (ISO-8601 UTC).
 */
export interface PutChunk {
  op: "chunk.put";
  visit_id: string;
  stream: string;
  seq: number;
  body: Uint8Array;
  meta?: Record<string, unknown>;
}

/**
 * The participant is done with a scene.
 *
 * The server moves on only when it holds all chunks: `counts` says how many were sent per stream.
 * `outcome`: "completed", "failed", "partner_left" (the match ended by a verdict) or "void".
 */
export interface FinishVisit {
  op: "visit.finish";
  visit_id: string;
  counts?: Record<string, number>;
  outcome?: string;
}

/** The participant's `mug_globals` after a change by environment code or a page (the whole dict). */
export interface SetGlobals {
  op: "globals.set";
  values: Record<string, unknown>;
}

/**
 * Something failed on the page. `kind`: environment, runtime, script, storage.
 *
 * `traceback` names the study's own file and line where there is one. `console`: the last lines of the page's
 * console,
 * oldest first, each ``HH:MM:SS.mmm level text``.
 */
export interface ClientError {
  op: "participant.error";
  kind: string;
  message: string;
  visit_id?: string | null;
  traceback?: string;
  fatal?: boolean;
  console?: string[];
}

/** Data for the scene's `on_client_callback` hook. */
export interface ClientCallback {
  op: "scene.callback";
  visit_id: string;
  data?: Record<string, unknown>;
}

/** After a reload: ask for the stored frames chunks of this visit's match (answered by StoredFrames). */
export interface FetchFrames {
  op: "frames.fetch";
  visit_id: string;
  match_id: string;
}

/**
 * Re-simulation after a reload did not reproduce: ask for a new match of the same visit.
 *
 * The old match is flagged with `reason`.
 */
export interface RestartMatch {
  op: "match.restart";
  visit_id: string;
  match_id: string;
  reason: string;
}

/** The participant is ready for partners; repeated after a reconnection while none came. */
export interface JoinMatch {
  op: "match.join";
  visit_id: string;
}

/**
 * For a partner's page: a WebRTC description or candidate. Passed on at once, not stored.
 *
 * `data` is ``{"description": {...}}``, ``{"candidate": {...} or null}`` or ``{"restart": true}``.
 */
export interface SendSignal {
  op: "peer.signal";
  match_id: string;
  to: string;
  data: Record<string, unknown>;
  life?: string;
}

/** A packet of the game for a partner, where no direct path exists. `channel`: game or ctrl. */
export interface RelayPacket {
  op: "peer.relay";
  match_id: string;
  to: string;
  channel: string;
  body: Uint8Array;
}

/** A partner has been silent for so long that the game is paused (`state` lost), or is heard again (back). */
export interface ReportPeer {
  op: "match.peer";
  match_id: string;
  agent: string;
  state: string;
  silent_ms?: number;
}

/**
 * Something about the match that analysts must know, in words: `flag` desync, refused, void or not_reproduced.
 *
 * `desync`: the peers' states differ from `frame` of `episode` on. `refused`: the handshake found that the pages do
 * not run the same program. `void`: the pages could not agree on how to go on. `not_reproduced`: this page came
 * back,
 * and could not rebuild the game.
 */
export interface ReportMatch {
  op: "match.report";
  match_id: string;
  flag: string;
  detail: string;
  episode?: number;
  frame?: number;
}

/** This page was loaded again, has rebuilt the game, and plays on from `frame` of `episode`. */
export interface ReturnDone {
  op: "match.returned";
  match_id: string;
  episode: number;
  frame: number;
}

/**
 * What this page measured to one other page of a ProbePartners: the median round trip of its pings.
 *
 * `rtt_ms` null: no ping came back in time. `path`: p2p or relay; empty without one.
 */
export interface ProbeDone {
  op: "probe.done";
  probe_id: string;
  to: string;
  rtt_ms?: number | null;
  path?: string;
  pings?: number;
}

/**
 * What the experimenter did has arrived here. Sent for every message with an `action_id`, again if it comes again.
 *
 * `state`: "shown" once the page has done or shown it; "read" when the participant has put a Told away.
 */
export interface ActionSeen {
  op: "participant.action_seen";
  action_id: string;
  state?: string;
}

/**
 * The participant asks for the experimenter, or (`raised` false) needs no help any more.
 *
 * `hand_id`: drawn by the page for each time; repeated after a reconnection until HandState says that it is known.
 */
export interface RaiseHand {
  op: "participant.hand";
  hand_id: string;
  text?: string;
  raised?: boolean;
}

/**
 * The page can show the game of this match; sent after every MatchReady, also by a page that comes back.
 *
 * The first view it gets after this is whole. The game begins when all pages said so, or at the study's timeout.
 */
export interface ServerReady {
  op: "server.ready";
  match_id: string;
}

/**
 * The keys as they are now, and the presses since the last message, in order. Sent at each change.
 *
 * `n` counts this page's messages of the match from 0; `client_ms` is the page's clock. `hidden`: the page is not to
 * be seen; its player acts neutrally until it is.
 */
export interface ServerKeys {
  op: "server.keys";
  match_id: string;
  n: number;
  held?: string[];
  pressed?: string[];
  hidden?: boolean;
  client_ms?: number;
}

/** The newest view that the page has taken in. Who is too far behind gets fewer views, never a growing queue. */
export interface ServerSeen {
  op: "server.seen";
  match_id: string;
  n: number;
}

/**
 * What a page measured of one policy in one match, at its end: decisions, and what one takes, in ms.
 *
 * `late`: decisions that took longer than a frame.
 */
export interface PolicyFigures {
  op: "policy.figures";
  visit_id: string;
  match_id: string;
  agent: string;
  decisions: number;
  median_ms: number;
  p99_ms: number;
  late?: number;
}

/** First message of a connection of a desk's page. `desk`: the address's last part, as ids are. */
export interface SeatHello {
  op: "seat.hello";
  protocol: number;
  build: string;
  tab_id: string;
  desk: string;
  environment?: ClientEnvironment;
}

/** One check of a seat. `name`: one of SEAT_CHECKS. `state`: wait, good or bad. `text`: what is wrong, in words. */
export interface SeatCheck {
  name: string;
  state?: string;
  text?: string;
  value?: number | null;
}

/**
 * Once a second, and when a check changes; answered by PulseEcho.
 *
 * `clock_offset_ms`: the desk's clock minus the server's, by the echo with the shortest round trip; null: not known
 * yet.
 */
export interface SeatReport {
  op: "seat.report";
  n: number;
  client_ms: number;
  rtt_ms?: number | null;
  jitter_ms?: number | null;
  clock_offset_ms?: number | null;
  frame_rate_hz?: number | null;
  focused?: boolean;
  visible?: boolean;
  fullscreen?: boolean;
  checks?: SeatCheck[];
}

/** The page has done what a SeatAsked asked for. `error`: why it could not, in words. */
export interface SeatDone {
  op: "seat.done";
  action_id: string;
  error?: string;
}

/** Where the page's worker loads Python from; all URLs are paths on the same origin. */
export interface RuntimeManifest {
  pyodide_version: string;
  index_url: string;
  lock_url: string;
  packages: string[];
  study_url: string;
  snapshot_url: string | null;
  models_url: string | null;
}

/**
 * Answer to Hello. `runtime` is null when no scene of the study needs Python.
 *
 * `token` is the secret that resumes this participant: kept in localStorage per session and id. `preview`: nothing
 * of
 * this session is kept; the page says so, and loads itself anew when it comes back to another session. `help`: the
 * page has a button with which the participant can ask for the experimenter (RaiseHand).
 */
export interface Welcome {
  op: "participant.welcome";
  participant_id: string;
  session_id: string;
  experiment_id: string;
  token: string;
  title: string;
  server_time: string;
  runtime: RuntimeManifest | null;
  mug_globals: Record<string, unknown>;
  preview: boolean;
  help: boolean;
}

/**
 * No entry, or no longer. `message` is for the participant.
 *
 * `reason`: protocol, build, token, second_tab, finished, full, closed, excluded, bad_id, or how the participation
 * ended (`Closed`). Code and address as in `Closed`: who asks again gets them again.
 */
export interface Refused {
  op: "participant.refused";
  reason: string;
  message: string;
  completion_code: string | null;
  redirect_url: string | null;
}

/** A static page. `role`: start, static, end, completion_code. */
export interface PageContent {
  kind: "page";
  role: string;
  scene_header: string;
  scene_subheader: string;
  body_html: string;
  continue_label: string;
  completion_code: string | null;
  redirect_url: string | null;
  redirect_after_s: number | null;
}

/** A text between questions, as HTML. */
export interface FormHeading {
  kind: "heading";
  html: string;
}

/** Answered with a text of at most `max_chars` characters. */
export interface TextQuestion {
  kind: "text";
  question_id: string;
  label_html: string;
  required: boolean;
  max_chars: number;
}

/**
 * Answered with one of `choices`, or with a list of some of them (`multiple`).
 *
 * `boxes`: the choices are shown as boxes. `images`: a picture for each choice, or none at all; empty texts are
 * none.
 */
export interface ChoiceQuestion {
  kind: "choice";
  question_id: string;
  label_html: string;
  required: boolean;
  choices: string[];
  multiple: boolean;
  boxes: boolean;
  image: string;
  images: string[];
}

/** Answered with a whole number from 1 to `points`. `labels` are spread from the first point to the last. */
export interface ScaleQuestion {
  kind: "scale";
  question_id: string;
  label_html: string;
  required: boolean;
  points: number;
  labels: string[];
}

/**
 * A page with questions.
 *
 * The answers go up as rows of the stream `form`: question_id, answer (null: none), submission, which counts from 1
 * how often this page was handed in. `submissions`: how often the server has it already. A `visit.finish` without
 * the
 * answers that are required, or with wrong ones, is answered by `error.reply` with the code `unanswered` and the
 * questions' ids in `path`, separated by commas; the page can hand in again.
 */
export interface FormContent {
  kind: "form";
  scene_header: string;
  scene_subheader: string;
  body_html: string;
  items: (FormHeading | TextQuestion | ChoiceQuestion | ScaleQuestion)[];
  continue_label: string;
  submissions: number;
}

/**
 * One row of the action mapping: keys held (or pressed) together, and the action they give.
 *
 * Attributes:
 *     keys: JavaScript ``KeyboardEvent.key`` values; more than one makes a chord.
 *     action: A JSON value that the agent's action space accepts (number, list, or dict of those).
 */
export interface ActionBinding {
  keys: string[];
  action: unknown;
}

/**
 * One visit of one gym scene, for one participant's browser. Times in ms unless named otherwise.
 *
 * Attributes:
 *     scene_id: The scene's label.
 *     match_id: Identity of this play; goes into every row.
 *     match_seed: 64-bit unsigned seed of this match; episode e is reset with H(match_seed, e).
 *     environment_seed: The study's ``seed``; None: derived from `match_seed`.
 *     subject_id: The participant.
 *     human_agents: Agent ids that this participant controls (one).
 *     policies: Agent id -> "random" or a policy reference; agents not named here or in
 *         `human_agents` act randomly only when the study says so.
 *     frame_skip: A policy decides every n-th frame.
 *     fps: Frames per second.
 *     num_episodes: Episodes to play in this visit.
 *     max_steps: Frames after which an episode is truncated.
 *     action_mapping: Key chords and their actions, longest chord first.
 *     default_action: The action when no key gives one. None: the action space's neutral one is
 *         not guessed; the study is refused by validation.
 *     action_population_method: "default_action" or "previous_submitted_action".
 *     input_mode: "pressed_keys" or "single_keystroke".
 *     reset_freeze_s: Seconds that the first picture of an episode stands still.
 *     environment_code: Python source that leaves a global ``env``; None when `env_creator` is used.
 *     environment_filename: Name shown in tracebacks (the study's own path, relative).
 *     env_creator: ``"module:function"`` or ``"file.py:function"``; called with `env_config`.
 *     env_config: Keyword arguments of `env_creator`.
 *     on_game_step_code: Python source run before every step, with ``env`` and ``mug_globals``.
 *     env_to_state_fn: Reference of a function env -> render packet dict or list of objects.
 *     hud_text_fn: Reference of a function game -> text.
 *     hud_score_carry_over: Keep the score from earlier episodes in the HUD.
 *     location_representation: "relative" or "pixels": how `env_to_state_fn` gives coordinates.
 *     game_width: Canvas width in CSS pixels. game_height: likewise.
 *     mug_globals: The participant's JSON dict.
 *     restart_pyodide: Boot a fresh interpreter for this scene.
 *     snapshot_level: How states are saved ("own", "pickle", "walker", "deepcopy"), or None: not chosen.
 *     players: In a game of several people: all agents that people control, in the match's order, equal on every
 *         peer; a player's number on the wire is the place here. Empty: one person.
 *     study_hash: Hash of the frozen study; peers that differ do not play together.
 *     input_delay: Frames between a key and its effect, or "auto".
 *     window: Frames that may be predicted before the game waits; None: from `fps` (200 ms of frames, 4 to 12).
 *     snapshot_interval: Largest distance of saved states, in frames.
 *     input_confirmation_timeout_ms: A stall this long is shown as "waiting for your partner".
 *     countdown_ms: Between the first agreement of the players and the first frame.
 *     network_conditions: Agent -> what is done to what this player sends (`mug.play.chaos.Conditions` as a dict).
 *     dropout_policy: "end", "default_action", "policy" or "void": when a player is lost for good.
 *     dropout_agent_policy: Who takes over with "policy".
 *     pause_on_partner_background: The game stands still for everybody while a player's page is hidden.
 *     returns: Agent -> how often its player's page has come back into the match, of those whose page has. With our
 *         own agent in it, this page comes back.
 *     dropped: Agents whose players were out of the match before this page came back.
 *     sent: Episode (as text) -> the first frame that this participant's records do not have yet.
 *     subjects: In a game that the server steps: agent -> participant, of all `players`.
 *     mode: "p2p": the game is stepped in the pages; "server_authoritative": by a process of the server.
 *     load_policy_fn: Reference of a function name -> policy, for policies that are only named.
 *     policy_inference_fn: Reference of a function (observation, policy) -> action, for those.
 */
export interface GameConfig {
  scene_id: string;
  match_id: string;
  match_seed: string;
  subject_id: string;
  human_agents: string[];
  environment_seed: string | null;
  policies: Record<string, unknown>;
  frame_skip: number;
  fps: number;
  num_episodes: number;
  max_steps: number;
  action_mapping: ActionBinding[];
  default_action: unknown;
  action_population_method: string;
  input_mode: string;
  reset_freeze_s: number;
  environment_code: string | null;
  environment_filename: string;
  env_creator: string | null;
  env_config: Record<string, unknown>;
  on_game_step_code: string | null;
  env_to_state_fn: string | null;
  hud_text_fn: string | null;
  hud_score_carry_over: boolean;
  location_representation: string;
  game_width: number;
  game_height: number;
  mug_globals: Record<string, unknown>;
  restart_pyodide: boolean;
  snapshot_level: string | null;
  players: string[];
  study_hash: string;
  input_delay: number | string;
  window: number | null;
  snapshot_interval: number;
  input_confirmation_timeout_ms: number;
  countdown_ms: number;
  network_conditions: Record<string, Record<string, unknown>>;
  dropout_policy: string;
  dropout_agent_policy: unknown;
  pause_on_partner_background: boolean;
  returns: Record<string, number>;
  dropped: string[];
  sent: Record<string, number>;
  subjects: Record<string, string>;
  mode: string;
  load_policy_fn: string | null;
  policy_inference_fn: string | null;
}

/**
 * A gym game. With `config.players` it is one of several people, and without a `match_id` it waits for partners.
 *
 * `waits`: the participant was in the waitroom already, and the page joins without a Start.
 * `asset_roots`: the served folders; a picture's path that begins with none is below `assets_dir`.
 */
export interface GameContent {
  kind: "game";
  config: GameConfig;
  scene_header: string;
  body_html: string;
  in_game_html: string;
  background: string;
  rollback_smoothing_duration_ms: number;
  asset_specs: Record<string, unknown>[];
  assets_base_url: string;
  asset_roots: string[];
  assets_dir: string;
  animations: Record<string, unknown>[];
  first_objects: Record<string, unknown>[];
  resume_match: boolean;
  hide_lobby_count: boolean;
  waits: boolean;
}

/** One file of a build that the page fetches. `role`: loader, framework, data, code; page: an HTML game's own. */
export interface BuildFile {
  role: string;
  url: string;
  mime: string;
  size: number;
}

/**
 * A game that is a build of its own, in a frame of its own.
 *
 * `scores`: of the episodes that are over already, in order; null: none. The page begins with the next one.
 * `settles`: the server answers each end of an episode (EpisodeTaken); the page waits a moment for it.
 */
export interface EmbeddedContent {
  kind: "embedded";
  build: string;
  scene_header: string;
  scene_subheader: string;
  body_html: string;
  continue_label: string;
  folder_url: string;
  files: BuildFile[];
  width: number;
  height: number;
  allow_continue_on: string;
  ready_timeout_s: number;
  num_episodes: number;
  show_score: boolean;
  scores: (number | null)[];
  settles: boolean;
}

/**
 * The wait for a group that draws the order of its games: shown like a game's waitroom.
 *
 * The page joins by itself (JoinMatch); ShowScene of the first game follows as soon as the group is there.
 */
export interface WaitContent {
  kind: "wait";
  needed: number;
  hide_lobby_count: boolean;
}

/**
 * Show this visit. `next_seq`: per stream, the chunk number that the server expects next.
 *
 * `notice`: why the participant is here, where it is not plain (nobody came to play with); shown above the page.
 * `action_id`: the experimenter's action that brings it, answered by ActionSeen once it is shown. `preload`: files
 * of
 * builds of scenes to come, which the page fetches meanwhile.
 */
export interface ShowScene {
  op: "scene.show";
  visit_id: string;
  scene_id: string;
  index: number;
  total: number;
  content: PageContent | FormContent | GameContent | EmbeddedContent | WaitContent;
  next_seq: Record<string, number>;
  notice: string;
  action_id: string;
  preload: BuildFile[];
}

/** All chunks of (visit, stream) below `next_seq` are on disk. Sent after COMMIT. */
export interface ChunkAck {
  op: "chunk.ack";
  visit_id: string;
  stream: string;
  next_seq: number;
}

/** What a hook of the study set in the participant's `mug_globals`: only these keys; the page merges them. */
export interface GlobalsChanged {
  op: "globals.changed";
  values: Record<string, unknown>;
}

/**
 * The end of a build's episode is on disk, and the study's functions for it have been called.
 *
 * `score`: what the episode is worth; null: nothing is known of it.
 */
export interface EpisodeTaken {
  op: "episode.taken";
  visit_id: string;
  episode: number;
  score: number | null;
}

/** Answer to Pulse, at once: the page takes the round trip from `client_ms`. */
export interface PulseEcho {
  op: "pulse.echo";
  n: number;
  client_ms: number;
  server_time: string;
}

/** Answer to FetchFrames: the bodies of all stored chunks in order. */
export interface StoredFrames {
  op: "frames.stored";
  visit_id: string;
  match_id: string;
  chunks: Uint8Array[];
}

/**
 * Answer to JoinMatch, and again whenever it changes: how many wait (with this one), how many are needed.
 *
 * `waiting` is 0 where the study hides the count. `stage`: "waiting"; "probing" while connections are measured;
 * "held" when a group could go and the experimenter lets it go; "returning" while known partners are waited for.
 */
export interface MatchWaiting {
  op: "match.waiting";
  visit_id: string;
  waiting: number;
  needed: number;
  stage: string;
  waited_ms: number;
  timeout_ms: number | null;
}

/**
 * Measure the round trip to the other pages of a proposed group, each page under a slot's name.
 *
 * Signals go by `SendSignal`/`SignalFrom` with `probe_id` for the match and slots for agents. The lower slot of a
 * pair
 * offers. Each page answers with one ProbeDone for each other slot, at the latest after `timeout_ms`.
 */
export interface ProbePartners {
  op: "probe.partners";
  visit_id: string;
  probe_id: string;
  slots: string[];
  own: string;
  pings: number;
  timeout_ms: number;
  ice_servers: Record<string, unknown>[];
  force_relay: boolean;
}

/** The probe is decided or given up: close its connections. */
export interface ProbeOver {
  op: "probe.over";
  probe_id: string;
}

/** Before the first scene the connection is measured: pulse every `interval_ms` until a scene or an end comes. */
export interface Screening {
  op: "participant.screening";
  measurements: number;
  interval_ms: number;
}

/** The participant is warned, or (`active` false) a warning is over. `kind`: ping, tab, focus, callback. */
export interface Warned {
  op: "participant.warned";
  kind: string;
  message: string;
  active: boolean;
}

/**
 * Partners are found: load this game and connect to the others of `config.players`.
 *
 * `ice_servers` as `RTCPeerConnection` takes them; `force_relay`: no direct path (with `ice_servers`: by TURN only,
 * without: by the server). `in_game_html`: what the study's `game_page_html_fn` made for this player, now that the
 * partners are known; null: what ShowScene said holds.
 */
export interface MatchReady {
  op: "match.ready";
  visit_id: string;
  config: GameConfig;
  ice_servers: Record<string, unknown>[];
  force_relay: boolean;
  in_game_html: string | null;
}

/** What a partner's page said with SendSignal. */
export interface SignalFrom {
  op: "peer.signal_from";
  match_id: string;
  agent: string;
  data: Record<string, unknown>;
  life: string;
}

/** What a partner's page sent with RelayPacket. */
export interface RelayedPacket {
  op: "peer.relayed";
  match_id: string;
  agent: string;
  channel: string;
  body: Uint8Array;
}

/**
 * Players are out of the match for good, by the study's `policy`: end, default_action, policy, void.
 *
 * The remaining pages agree on the frame; a page whose own agent is in `dropped` stops. `ends`: the participation is
 * over with the game; the page sends what it holds and finishes the visit by itself, and Closed follows.
 */
export interface MatchVerdict {
  op: "match.verdict";
  match_id: string;
  dropped: string[];
  policy: string;
  message: string;
  ends: boolean;
}

/** A partner's page went to the background, or (`away` false) is back: a game that waits for it says so. */
export interface PartnerAway {
  op: "match.away";
  match_id: string;
  agent: string;
  away: boolean;
}

/**
 * A partner's page was loaded again and rebuilds the game, which stands still; new ways to that page are sought.
 *
 * `returns`: how often that page has come back, this time included. Repeated after a reconnection.
 */
export interface PartnerReturning {
  op: "match.returning";
  match_id: string;
  agent: string;
  returns: number;
}

/**
 * The participation is over from the server's side.
 *
 * `reason`: session_ended, replaced, or how it ended: screened_out, excluded, no_partner, partner_left, technical;
 * or
 * complete, when the experimenter ended it so before the last scene.
 * The page keeps sending what it holds. `redirect_url` is complete, its parameters already added. `visit_id` is the
 * visit in which it ended, if it was in one, and `next_seq` what the server expects of it, as in ShowScene.
 * `action_id` as there: ActionSeen goes out before the connection ends.
 */
export interface Closed {
  op: "participant.closed";
  reason: string;
  message: string;
  visit_id: string;
  next_seq: Record<string, number>;
  completion_code: string | null;
  redirect_url: string | null;
  redirect_after_s: number | null;
  action_id: string;
}

/**
 * Answer to a fatal ClientError: what the participant can hand in if loading the page again does not help.
 *
 * The participation is not over.
 */
export interface Trouble {
  op: "participant.trouble";
  completion_code: string | null;
  redirect_url: string | null;
}

/**
 * Words of the experimenter, shown above the page until the participant puts them away. Once for each `action_id`.
 *
 * Repeated after a reconnection while it was not answered by ActionSeen "read". `hand_id`: the raised hand that it
 * answers.
 */
export interface Told {
  op: "participant.told";
  action_id: string;
  text: string;
  hand_id: string;
}

/**
 * The experimenter pauses this page, or (`paused` false) lets it go on; sent again to a page that comes back.
 *
 * A paused page takes no input, its game makes no frame but stays connected to its partners, and it says `message`.
 */
export interface Paused {
  op: "participant.paused";
  action_id: string;
  paused: boolean;
  message: string;
}

/**
 * The page waits for the experimenter, with nothing to do: `why` doors (not open yet) or start (not begun yet).
 *
 * ShowScene, Screening, Welcome or Closed follow by themselves.
 */
export interface Held {
  op: "participant.held";
  why: string;
  message: string;
}

/** What became of a raised hand: `state` raised (the experimenter sees it), answered, or lowered. */
export interface HandState {
  op: "participant.hand_state";
  hand_id: string;
  state: string;
}

/**
 * How the match stands on the server; at every change, and again to a page that comes back.
 *
 * `stage`: preparing, waiting (for other pages), countdown, playing, paused, between (episodes), restoring (its
 * process is started again), over. `message`: a sentence for the participant, or empty. With "over": `outcome` as of
 * MatchEnded, and the page finishes the visit by itself; `dropped`: it is over for this player, who was away for too
 * long; `ends`: the participation is over with the game, Closed follows. `asset_specs`: what the environment
 * registered.
 */
export interface ServerStatus {
  op: "server.status";
  match_id: string;
  stage: string;
  message: string;
  outcome: string;
  dropped: boolean;
  ends: boolean;
  episode: number;
  countdown_ms: number;
  asset_specs: Record<string, unknown>[];
}

/**
 * What this participant sees now: `body` is the JSON of a `ViewDelta` (`mug.play.view_deltas`), in UTF-8.
 *
 * `n` counts the views of this page from 0. `image`: a PNG, JPEG or WebP picture, of environments that give pixels;
 * empty: `body` has draw objects.
 */
export interface ServerView {
  op: "server.view";
  match_id: string;
  n: number;
  body: Uint8Array;
  image: Uint8Array;
}

/** Answer to SeatHello: what to warm up. The page keeps it warm when it goes on as a participant's. */
export interface SeatWelcome {
  op: "seat.welcome";
  desk: string;
  session_id: string;
  title: string;
  server_time: string;
  runtime: RuntimeManifest | null;
  ice_servers: Record<string, unknown>[];
  force_relay: boolean;
}

/** The page cannot be this desk. `reason`: protocol, build, bad_desk, taken (a live page is this desk), closed. */
export interface SeatRefused {
  op: "seat.refused";
  reason: string;
  message: string;
}

/**
 * The experimenter asks something of a desk's page, at home or taking part; answered by SeatDone.
 *
 * `what`: identify (show `text`, the desk's name, large for a few seconds), reload, fullscreen, home (to
 * ``/seat/<desk>``), begin (only at home: take part, as a participant whose Hello names the `seat`; sent by the
 * server
 * when the doors are open, and again to who asks to go on there).
 */
export interface SeatAsked {
  op: "seat.asked";
  action_id: string;
  what: string;
  text: string;
}

/** A message of the page was not taken. `path` names the field, `code` is stable. */
export interface ErrorReply {
  op: "error.reply";
  code: string;
  message: string;
  path: string;
  about: string;
}

/** Close the session for good; unfinished participants see a calm page. `reason` is recorded. */
export interface EndSession {
  op: "lab.end_session";
  request_id: string;
  reason: string;
}

/** Stop the server process cleanly; the session stays open if somebody is unfinished. */
export interface StopServer {
  op: "lab.stop_server";
  request_id: string;
}

/** Allow, once, that the participant's id is taken by the next browser that asks. Recorded. */
export interface LetIn {
  op: "lab.let_in";
  request_id: string;
  participant_id: string;
  reason?: string;
}

/** Who lets groups go from now on: `mode` automatic or experimenter. Recorded. */
export interface SetRelease {
  op: "lab.set_release";
  request_id: string;
  mode: string;
  reason?: string;
}

/**
 * Let groups go from a waitroom. `groups` empty: all that are proposed; else by hand, each in its agents' order.
 *
 * By hand, no matchmaker is asked and no connection is measured. Recorded.
 */
export interface ReleaseGroups {
  op: "lab.release_groups";
  request_id: string;
  node_path: number[];
  groups?: string[][];
  reason?: string;
  treatment?: string;
}

/**
 * Move the session on: `stage` prepared, doors_open, running or paused. Recorded.
 *
 * From prepared or doors_open to running everybody who waits begins; back to prepared closes the doors to newcomers.
 */
export interface SetStage {
  op: "lab.set_stage";
  request_id: string;
  stage: string;
  reason?: string;
}

/**
 * Do something to participants. `request_id` is the action's id: sent again, it is done once and answered again.
 *
 * `participants`: whom; `everyone`: all who are unfinished. `text`: what they read (message, pause, exclude, end).
 * `outcome`: of exclude (excluded, technical, screened_out) and end (complete, technical); empty: the first. `pay`:
 * one of PAY_RULES. `groups`: of repair, each in the order of its agents; whoever was in a match with them goes back
 * to the waitroom. `preview`: nothing is done, the answer says what would be. The answer's data is an ActionView.
 */
export interface Act {
  op: "lab.act";
  request_id: string;
  action: string;
  participants?: string[];
  everyone?: boolean;
  reason?: string;
  text?: string;
  outcome?: string;
  pay?: string;
  groups?: string[][];
  preview?: boolean;
}

/** Answer a participant's raised hand with words, or only lower it (`text` empty). Recorded. */
export interface AnswerHand {
  op: "lab.answer_hand";
  request_id: string;
  participant_id: string;
  text?: string;
}

/** Keep a note on the session, or on one participant. Recorded and exported. */
export interface AddNote {
  op: "lab.add_note";
  request_id: string;
  text: string;
  participant_id?: string | null;
}

/** Ask for everything of one participant: the answer's data is a DetailView. */
export interface AskDetail {
  op: "lab.ask_detail";
  request_id: string;
  participant_id: string;
}

/**
 * Ask something of desks' pages, all that are there (`desks` empty) or some: SeatAsked says what.
 *
 * The answer's data: `asked`, the desks, and `skipped`, desk -> why not.
 */
export interface AskSeats {
  op: "lab.ask_seats";
  request_id: string;
  what: string;
  desks?: string[];
}

/**
 * Measure the connections between the desks' pages that are at home, each with each; SeatPairView tells of them.
 *
 * The answer's data: `pairs`, how many, and `skipped`, desk -> why it is left out.
 */
export interface ProbeSeats {
  op: "lab.probe_seats";
  request_id: string;
  desks?: string[];
}

/**
 * Make (or, `revoke`, end) a read-only web view for a second screen.
 *
 * The answer's data: ``{"path": "/_mug/view#…"}``. `hide_conditions`: condition labels
 * are not in it. Participants' ids are masked always. Recorded (of its token only the hash): a view goes on when
 * the server is started again.
 */
export interface MakeView {
  op: "lab.make_view";
  request_id: string;
  hide_conditions?: boolean;
  revoke?: boolean;
}

/** Show the treatments' names from now on, in a session whose staff is blind. `reason` must be given. Recorded. */
export interface Unblind {
  op: "lab.unblind";
  request_id: string;
  reason: string;
}

/**
 * One treatment as it stands. While the staff is blind `treatment` is a letter, and `title` is empty.
 *
 * `running` and `completed` count participants or groups; `released`: places that somebody dropped out of, which are
 * given again.
 */
export interface TreatmentView {
  treatment: string;
  title: string;
  weight: number;
  running: number;
  completed: number;
  released: number;
}

/** The session as the console shows it. */
export interface SessionView {
  session_id: string;
  experiment_id: string;
  title: string;
  study_hash: string;
  state: string;
  started_at: string;
  addresses: string[];
  data_dir: string;
  pilot: boolean;
  release: string;
  stage: string;
  label: string;
  expected: number | null;
  seats: string[];
  conditions: Record<string, string>;
  help: boolean;
  treatments: TreatmentView[];
  treatments_per: string;
  blind: boolean;
  unblinded: boolean;
}

/** One participant as the console shows it. Times ISO-8601 UTC. */
export interface ParticipantView {
  participant_id: string;
  state: string;
  scene_id: string | null;
  scene_index: number;
  scene_total: number;
  visit_id: string | null;
  phase: string;
  phase_detail: string;
  since: string;
  joined_at: string;
  rtt_ms: number | null;
  jitter_ms: number | null;
  focused: boolean;
  visible: boolean;
  fullscreen: boolean;
  frame_rate_hz: number | null;
  episode: number | null;
  frame: number | null;
  unacked_chunks: number;
  frames_stored: number;
  errors: number;
  wants_in: boolean;
  browser: string;
  outcome: string;
  outcome_reason: string;
  warning: string;
  lost_probes: number;
  seat: string;
  paused: boolean;
  hand: string | null;
  hand_since: string;
  unseen_actions: number;
  treatment: string;
}

/** One pulse. `at_ms`: server's Unix time in ms. Of `match_id` on: only while a game of several people runs. */
export interface TelemetryPoint {
  participant_id: string;
  at_ms: number;
  rtt_ms: number | null;
  focused: boolean;
  visible: boolean;
  frame_rate_hz: number | null;
  jitter_ms: number | null;
  loss: number | null;
  fullscreen: boolean;
  match_id: string;
  rollbacks: number;
  depth_mean: number;
  depth_max: number;
  stalled_ms: number;
}

/** One line of the session's log. `level`: info, warning, error. */
export interface LogLine {
  at: string;
  level: string;
  text: string;
  participant_id: string | null;
  traceback: string;
}

/** One player of a match. Figures are of the last second. */
export interface PlayerView {
  agent: string;
  participant_id: string;
  stage: string;
  frame: number;
  rollbacks: number;
  depth_mean: number;
  depth_max: number;
  stalled_ms: number;
  dropped: boolean;
}

/** The connection of two players, as the worse of the two pages sees it. `path`: p2p, relay, or empty. */
export interface PairView {
  agents: string[];
  path: string;
  rtt_ms: number | null;
  jitter_ms: number | null;
  loss: number | null;
}

/**
 * One match as the console shows it: of several people, or stepped by the server (`mode`).
 *
 * `state`: connecting, playing, paused, completed, partner_left, void, refused, failed, called_off (the experimenter
 * sent its players back to the waitroom). `compared`, `desyncs`: of the player who counts most. `hz`: frames a
 * second,
 * as the server steps it. Its players' stages are "playing", "away" or "connecting".
 */
export interface MatchView {
  match_id: string;
  scene_id: string;
  state: string;
  formed_at: string;
  players: PlayerView[];
  policies: string[];
  pairs: PairView[];
  episode: number;
  frame: number;
  input_delay: number | null;
  compared: number;
  desyncs: number;
  flags: string[];
  mode: string;
  hz: number;
}

/** One participant in a waitroom. `state`: waiting, probing, held, returning. Times ISO-8601 UTC. */
export interface WaitingView {
  participant_id: string;
  since: string;
  state: string;
  timeout_at: string | null;
  rtt_ms: number | null;
}

/** Two participants who are not matched for a while. `rtt_ms` null: no connection between them was found. */
export interface RejectedPairView {
  participants: string[];
  rtt_ms: number | null;
  until: string;
}

/**
 * One waitroom as it stands: of a game scene, or of a group's random order. An empty one is sent once.
 *
 * `proposals`: groups that could go now, each in the order of its agents; only while the experimenter releases.
 */
export interface WaitroomView {
  node_path: number[];
  scene_id: string;
  needed: number;
  treatment: string;
  waiting: WaitingView[];
  proposals: string[][];
  probing: string[][];
  rejected: RejectedPairView[];
}

/**
 * How far an action is for one participant.
 *
 * `state`: sent (the page has not answered yet; it is told again when it comes back), shown (the page has answered),
 * read (a message was put away), skipped (`why`: in words). `at`: of this state.
 */
export interface ActionTarget {
  participant_id: string;
  state: string;
  at: string;
  why: string;
}

/** Somebody else whom an action concerns, and how, in words: "plays with p-1: the game ends". */
export interface AffectedView {
  participant_id: string;
  how: string;
}

/** One action of the experimenter. `action`: one of ACTIONS. `pay` is for the key file, never exported. */
export interface ActionView {
  action_id: string;
  action: string;
  at: string;
  reason: string;
  text: string;
  outcome: string;
  pay: string;
  targets: ActionTarget[];
  affected: AffectedView[];
}

/** A note of the experimenter, on the session or on one participant: a marker in plots, a row of the export. */
export interface NoteView {
  note_id: string;
  at: string;
  text: string;
  participant_id: string | null;
}

/**
 * One desk. `state`: absent, lost, warming, trouble, ready (all checks good), taking_part, finished.
 *
 * `participant_id`: who takes part there, or did last, also when the desk is at home again.
 */
export interface SeatView {
  desk: string;
  state: string;
  since: string;
  participant_id: string | null;
  checks: SeatCheck[];
  rtt_ms: number | null;
  jitter_ms: number | null;
  clock_offset_ms: number | null;
  frame_rate_hz: number | null;
  focused: boolean;
  visible: boolean;
  fullscreen: boolean;
  browser: string;
  asked: string;
  asked_state: string;
}

/** The connection of two desks' pages. `state`: waiting, probing, done, failed. `path`: p2p, relay, or empty. */
export interface SeatPairView {
  desks: string[];
  state: string;
  rtt_ms: number | null;
  path: string;
  at: string;
  why: string;
}

/** How the server is, of the last second. Shares 0..1 of one core. */
export interface HealthView {
  at_ms: number;
  cpu: number;
  machine_cpu: number;
  memory_bytes: number;
  disk_free_bytes: number;
  queue: number;
  handled_max_ms: number;
  commit_max_ms: number;
  pages: number;
  rtt_p95_ms: number | null;
}

/** One input or output of a model: `shape` has -1 where any length goes. */
export interface PortView {
  name: string;
  dtype: string;
  shape: number[];
}

/**
 * A policy as it takes part: what it is, from which file, and what its decisions take.
 *
 * `framework`: random, python, onnx. `seed` says in words how its generator is seeded. The figures are of the whole
 * session so far, in ms; `late`: decisions that took longer than a frame.
 */
export interface PolicyCardView {
  scene_id: string;
  agent: string;
  name: string;
  framework: string;
  file: string;
  sha256: string;
  size: number;
  inputs: PortView[];
  outputs: PortView[];
  recurrent: boolean;
  sampling: string;
  frame_skip: number;
  seed: string;
  treatment: string;
  decisions: number;
  median_ms: number;
  p99_ms: number;
  late: number;
}

/**
 * Everything, on connect: replaces what the console had. `telemetry`: the last 2 hours at most.
 *
 * It comes once more when the server has read what was measured before its own restart.
 */
export interface LabSnapshot {
  op: "lab.snapshot";
  session: SessionView;
  participants: ParticipantView[];
  telemetry: TelemetryPoint[];
  log: LogLine[];
  counts: Record<string, number>;
  matches: MatchView[];
  waitrooms: WaitroomView[];
  actions: ActionView[];
  notes: NoteView[];
  seats: SeatView[];
  seat_pairs: SeatPairView[];
  health: HealthView | null;
  policies: PolicyCardView[];
}

/** What changed since the last batch, at most 10 a second. Participants are whole rows. */
export interface LabBatch {
  op: "lab.batch";
  session: SessionView | null;
  participants: ParticipantView[];
  telemetry: TelemetryPoint[];
  log: LogLine[];
  counts: Record<string, number>;
  matches: MatchView[];
  waitrooms: WaitroomView[];
  actions: ActionView[];
  notes: NoteView[];
  seats: SeatView[];
  seat_pairs: SeatPairView[];
  health: HealthView | null;
  policies: PolicyCardView[];
}

/** Answer to one request, by its `request_id`. `error` is empty when it was done. */
export interface LabReply {
  op: "lab.reply";
  request_id: string;
  error: string;
  data: Record<string, unknown>;
}

/** What a participant's page sends to the server (namespace /). */
export type ClientMessage =
  | Hello
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
  | SeatDone;

/** What the server sends to a participant's page (namespace /). */
export type ServerMessage =
  | Welcome
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
  | ErrorReply;

/** What MUG Lab asks for (namespace /lab). */
export type LabRequest =
  | EndSession
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
  | Unblind;

/** What the server sends to MUG Lab (namespace /lab). */
export type LabMessage =
  | LabSnapshot
  | LabBatch
  | LabReply;
