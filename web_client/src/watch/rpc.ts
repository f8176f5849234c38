/** Messages between the watching page and its worker. */
import type { GameConfig, RuntimeManifest } from "../protocol/messages";
import type { FrameView } from "../worker/rpc";

export type ToWatchWorker =
  | { op: "boot"; runtime: RuntimeManifest | null; config: GameConfig }
  /** Stored chunks, in order. Transferred. */
  | { op: "rows"; bodies: Uint8Array<ArrayBuffer>[] }
  /** Show this place; one that is asked for later takes its place. */
  | { op: "show"; episode: number; frame: number; agent?: string };

export interface AgentNow {
  agent: string;
  /** What it did in the frame that led to the picture; null right after a reset. */
  action: unknown;
  /** The keys that give this action, or "". */
  keys: string;
  /** input, default, policy, hidden, dropped, out, or "". */
  status: string;
  reward: number | null;
  total: number;
}

/** Frames `first` to `last` in which an agent's action was not its person's own. */
export type StatusRun = [agent: string, status: string, first: number, last: number];

export interface RoundRows {
  episode: number;
  frames: number;
  seed: string;
  runs: StatusRun[];
}

export type WatchedView = Pick<FrameView, "episode" | "frame" | "packet" | "image" | "hud" | "score">;

export type FromWatchWorker =
  | { op: "progress"; text: string; fraction: number }
  /** `viewers`: the players whose views differ, where one of them can be chosen. */
  | { op: "loaded"; agents: string[]; assetSpecs: Record<string, unknown>[]; viewers?: string[] }
  | { op: "rows"; rounds: RoundRows[]; problem: string }
  /** On the way to a place that is far away. */
  | { op: "going"; episode: number; frame: number; told: string }
  | { op: "shown"; wanted: [number, number]; view: WatchedView; agents: AgentNow[]; told: string; compared: number; hashes: number; bitmap?: ImageBitmap }
  /** How much has been compared, also of what is not shown. `done`: all of it. */
  | { op: "proved"; told: string; problem: string; compared: number; hashes: number; done: boolean }
  | { op: "failed"; message: string; traceback: string };
