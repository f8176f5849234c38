/**
 * Messages between the page and the worker that runs Python. Bytes are transferred, never copied.
 * Pyodide proxies never leave the worker (STYLE 36).
 */
import type { GlobalsChange } from "../globals_change";
import type { PageLine } from "../care/page_log";
import type { GameConfig, MatchStatus, RuntimeManifest } from "../protocol/messages";

/** page -> worker */
export type ToWorker =
  | { op: "boot"; runtime: RuntimeManifest }
  /** Prepare a game: load the study zip, run the environment's code, make the first reset ready. */
  | { op: "load"; visitId: string; config: GameConfig; stored: Uint8Array[]; tail: TailRecord | null }
  | { op: "start"; visitId: string }
  /** The keys as they are now, and the presses since the last message (for single_keystroke). */
  | { op: "keys"; held: string[]; pressed: string[] }
  | { op: "globals"; change: GlobalsChange }
  /** Make no frame from now on, or go on; packets of partners are answered as always. Holds for games loaded later, too. */
  | { op: "hold"; held: boolean }
  /** A partner's packet; `at` is the worker's clock when it is taken (filled in by the worker). Transferred. */
  | { op: "packet"; visitId: string; player: number; channel: PeerChannel; body: ArrayBuffer }
  /** What the page knows of the match besides packets. */
  | { op: "note"; visitId: string; note: MatchNote }
  /** Are you there? Answered as soon as Python lets go of the worker. */
  | { op: "ping" }
  | { op: "unload"; visitId: string };

/** 0: game (unordered, may be lost), 1: ctrl (reliable, ordered). As in mug.play.rollback.requests. */
export type PeerChannel = 0 | 1;

export type MatchNote =
  /** The way to a player: "" while there is none. `pair`: candidate types of the chosen pair ("host/host"). */
  | { kind: "path"; player: number; path: "p2p" | "relay" | ""; pair?: string }
  /** The page is hidden or has no focus: neutral input with the status "hidden". */
  | { kind: "hidden"; hidden: boolean }
  /** The experimenter has paused this page: no frame, but every packet is answered. */
  | { kind: "held"; held: boolean }
  /** The server's decision about lost players. */
  | { kind: "verdict"; dropped: number[]; policy: "end" | "default_action" | "policy" | "void" }
  /** A partner's page was loaded again: it rebuilds the game, which stands still meanwhile. */
  | { kind: "returning"; player: number; returns: number };

/**
 * The actions after the last cut chunk, kept in IndexedDB on every frame, so that a reload replays them:
 * row i is frame first+i. `entries` is opaque to TypeScript (made and read by mug.play).
 */
export interface TailRecord {
  visitId: string;
  matchId: string;
  episode: number;
  first: number;
  entries: string[];
  /** What held when the episode began, until its first chunk carries it; opaque like `entries`. */
  context?: string;
}

export interface FrameMeta {
  match_id: string;
  episode: number;
  first: number;
  last: number;
  chain_hash: string;
  agents: string[];
}

/** One tick's result, shown at once. `packet` is RenderPacket.to_dict(), or `image` an rgb_array. */
export interface FrameView {
  visitId: string;
  episode: number;
  /** Steps made in this episode: 0 is the picture after the reset, f+1 the one after step f. */
  frame: number;
  packet: RenderPacketWire | null;
  image: { width: number; height: number; rgba: Uint8ClampedArray } | null;
  /** The same, unpacked from a compressed picture: of games that the server steps. */
  bitmap?: ImageBitmap;
  hud: string | null;
  score: number;
  /** ms spent in Python for this tick. */
  tickMs: number;
  /** A rollback changed what had been shown: positions glide to the new ones (`rollback_smoothing_duration`). */
  corrected?: boolean;
}

export interface RenderPacketWire {
  game_state_objects: WireObject[];
  removed: string[];
}

export interface WireObject {
  uuid: string;
  object_type: "rect" | "circle" | "ellipse" | "line" | "polygon" | "arc" | "text" | "sprite";
  permanent: boolean;
  depth: number;
  tween: boolean;
  tween_duration: number | null;
  [parameter: string]: unknown;
}

/** The decisions of one agent's policy in a match: how many, how long (ms), how many took longer than a frame. */
export interface PolicyTimes {
  agent: string;
  policy: string;
  decisions: number;
  median_ms: number;
  p99_ms: number;
  late: number;
}

/** Of a game of several people, about ten times a second and at every change of `stage`. Names as in MatchStatus. */
export interface MatchLive extends MatchStatus {
  /** ms until the first frame, while `stage` is countdown. */
  countdownMs: number;
  /** How long the game has been standing still for want of a partner's input, ms; 0 while it runs. */
  waitingMs: number;
  /** Players that are silent for longer than the notice time, with the silence in ms. */
  silent: { player: number; ms: number }[];
  /** Players whose page was loaded again and is rebuilding the game. */
  returning: number[];
  /** The experimenter has paused this page; `stage` is paused, too, once the players are connected. */
  held: boolean;
}

/** worker -> page */
export type FromWorker =
  /** For a partner. */
  | { op: "send"; visitId: string; player: number; channel: PeerChannel; body: ArrayBuffer }
  | { op: "live"; visitId: string; live: MatchLive }
  /** Between the peers: agreed, refused, lost, resumed, dropped, desync, void, ... (mug.play.rollback Event, over). */
  | { op: "peers"; visitId: string; name: string; data: Record<string, unknown> }
  /** Rows for the telemetry stream's other tables: each has `table` ("network", "ticks"). */
  | { op: "rows"; visitId: string; rows: Record<string, unknown>[] }
  | { op: "progress"; stage: "runtime" | "packages" | "models" | "study" | "environment" | "replay"; fraction: number; text: string }
  | { op: "booted"; bootMs: number }
  | { op: "pong" }
  /** What was written into the worker's console, by the study's prints too. */
  | { op: "console"; lines: PageLine[] }
  /** The environment stands before its first (or resumed) frame. */
  | { op: "loaded"; visitId: string; assetSpecs: Record<string, unknown>[]; agents: string[] }
  /** What the runtime measured before play (ms), for the records and the console. */
  | { op: "calibrated"; visitId: string; stepMs: number; renderMs: number }
  /** What the policies' decisions took in a match, at its end (`DecisionFigures` in Python). */
  | { op: "policies"; visitId: string; matchId: string; figures: PolicyTimes[] }
  /** The stored frames do not reproduce: ask the server for a new match. */
  | { op: "irreproducible"; visitId: string; matchId: string; reason: string }
  | { op: "frame"; view: FrameView }
  | { op: "tail"; tail: TailRecord }
  | { op: "chunk"; visitId: string; stream: "frames" | "event"; meta: FrameMeta | Record<string, unknown>; body: Uint8Array }
  | { op: "event"; visitId: string; name: string; data: Record<string, unknown> }
  | { op: "globals"; change: GlobalsChange }
  /** All episodes are played, or the match is over for another reason, and every chunk has been handed over. */
  | { op: "finished"; visitId: string; outcome?: "completed" | "partner_left" | "void" | "refused"; reason?: string }
  /** Everything of this visit has been handed over. */
  | { op: "unloaded"; visitId: string }
  /** `environment`: the study's code failed; `runtime`: ours or the loading did. */
  | { op: "failed"; visitId: string | null; kind: "environment" | "runtime"; message: string; traceback: string };
