/**
 * Messages between the page and the worker that runs Python. Bytes are transferred, never copied.
 * Pyodide proxies never leave the worker (STYLE 36).
 */
import type { GameConfig, RuntimeManifest } from "../protocol/messages";

/** page -> worker */
export type ToWorker =
  | { op: "boot"; runtime: RuntimeManifest }
  /** Prepare a game: load the study zip, run the environment's code, make the first reset ready. */
  | { op: "load"; visitId: string; config: GameConfig; stored: Uint8Array[]; tail: TailRecord | null }
  | { op: "start"; visitId: string }
  /** The keys as they are now, and the presses since the last message (for single_keystroke). */
  | { op: "keys"; held: string[]; pressed: string[] }
  | { op: "globals"; values: Record<string, unknown> }
  | { op: "unload"; visitId: string };

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
  hud: string | null;
  score: number;
  /** ms spent in Python for this tick. */
  tickMs: number;
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

/** worker -> page */
export type FromWorker =
  | { op: "progress"; stage: "runtime" | "packages" | "study" | "environment" | "replay"; fraction: number; text: string }
  | { op: "booted"; bootMs: number }
  /** The environment stands before its first (or resumed) frame. */
  | { op: "loaded"; visitId: string; assetSpecs: Record<string, unknown>[]; agents: string[] }
  /** What the runtime measured before play (ms), for the records and the console. */
  | { op: "calibrated"; visitId: string; stepMs: number; renderMs: number }
  /** The stored frames do not reproduce: ask the server for a new match. */
  | { op: "irreproducible"; visitId: string; matchId: string; reason: string }
  | { op: "frame"; view: FrameView }
  | { op: "tail"; tail: TailRecord }
  | { op: "chunk"; visitId: string; stream: "frames" | "event"; meta: FrameMeta | Record<string, unknown>; body: Uint8Array }
  | { op: "event"; visitId: string; name: string; data: Record<string, unknown> }
  | { op: "globals"; values: Record<string, unknown> }
  /** All episodes are played and every chunk has been handed over. */
  | { op: "finished"; visitId: string }
  /** `environment`: the study's code failed; `runtime`: ours or the loading did. */
  | { op: "failed"; visitId: string | null; kind: "environment" | "runtime"; message: string; traceback: string };
