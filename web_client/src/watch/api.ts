/** The server's side of watching, as the page asks for it. */
import type { GameConfig, RuntimeManifest } from "../protocol/messages";
import type { ViewDelta } from "../server_game/view_state";
import type { WireObject } from "../worker/rpc";
import type { AgentNow, RoundRows } from "./rpc";

export interface AgentOf {
  agent: string;
  who: string;
  is_person: boolean;
}

export interface MatchGlance {
  match_id: string;
  number: number;
  scene_id: string;
  scene: string;
  state: "live" | "over" | "unfinished";
  outcome: string;
  reason: string;
  formed_at: string;
  ended_at: string;
  agents: AgentOf[];
  episodes: { episode: number; frames: number }[];
  flags: { flag: string; detail: string }[];
  dropped: { agent: string; reason: string }[];
}

export interface WatchedContent {
  config: GameConfig;
  background: string;
  asset_specs: Record<string, unknown>[];
  asset_roots: string[];
  assets_dir: string;
  assets_base_url: string;
  animations: Record<string, unknown>[];
  /** What a page shows of itself until the environment takes it out. */
  first_objects: WireObject[];
}

export interface MatchDescription extends MatchGlance {
  build: string;
  session_id: string;
  study: string;
  seed: string;
  recorders: string[];
  /** The server steps it: there is no Python for it in the page. */
  on_server: boolean;
  content: WatchedContent | null;
  runtime: RuntimeManifest | null;
  problem: string;
  notes: string[];
  /** What to say of pictures that do not load. */
  without_pictures: string;
}

export interface StoredRows extends MatchGlance {
  chunks: { episode: number; first: number; last: number; body: string }[];
  more: boolean;
  /** Chunks whose bytes are not in the records any more. */
  gone: number;
}

/** What a match that the server steps shows now: views since the last one that the page has. */
export interface LiveViews {
  /** Another one than before: views are counted anew, and the first of them is whole. */
  life: number;
  /** As its process said last; "" while there is none. */
  stage: string;
  asset_specs: Record<string, unknown>[];
  views: { n: number; view: ViewDelta; image: string; about: { agents: AgentNow[]; viewers: string[] } | null }[];
}

/** What a process says that steps a match again. */
export interface Replayed {
  /** Why it cannot be stepped (any more). */
  failed?: string;
  /** null while it is loading. */
  opened: { agents: string[]; viewers: string[]; asset_specs: Record<string, unknown>[]; rounds: RoundRows[] } | null;
  looked: {
    at: [episode: number, frame: number];
    done: boolean;
    told: string;
    problem: string;
    compared: number;
    hashes: number;
    /** null: it is not there yet. */
    view: {
      episode: number;
      frame: number;
      hud: string | null;
      score: number;
      objects: WireObject[];
      gone: string[];
      image: { width: number; height: number; kind: string } | null;
    } | null;
    agents: AgentNow[];
  } | null;
  image: string;
}

/** An answer that is no answer: `status` 0 when the server is not there. */
export class AskError extends Error {
  override readonly name = "AskError";
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export class WatchApi {
  constructor(private readonly token: string) {}

  async matches(): Promise<MatchGlance[]> {
    return (await this.ask<{ matches: MatchGlance[] }>("/_mug/lab/matches")).matches;
  }

  match(matchId: string): Promise<MatchDescription> {
    return this.ask(`/_mug/lab/matches/${encodeURIComponent(matchId)}`);
  }

  rows(matchId: string, episode: number, frame: number, recorder: string): Promise<StoredRows> {
    const asked = new URLSearchParams({ episode: String(episode), frame: String(frame), recorder });
    return this.ask(`/_mug/lab/matches/${encodeURIComponent(matchId)}/frames?${asked.toString()}`);
  }

  /** Waits some seconds for a view, if there is none. */
  views(matchId: string, watcher: string, agent: string, life: number, seen: number): Promise<LiveViews> {
    const have = { ...(life >= 0 ? { life: String(life) } : {}), ...(seen >= 0 ? { seen: String(seen) } : {}) };
    const asked = new URLSearchParams({ watcher, agent, ...have });
    return this.ask(`/_mug/lab/matches/${encodeURIComponent(matchId)}/views?${asked.toString()}`);
  }

  /** Ask the process `name`, which is started with the first question, for a frame. */
  replay(matchId: string, name: string, episode: number, frame: number, agent: string): Promise<Replayed> {
    return this.ask(this.replayPath(matchId), { replay: name, episode, frame, agent });
  }

  /** The page goes: its process is not needed any more. */
  endReplay(matchId: string, name: string): void {
    void fetch(this.replayPath(matchId), { ...this.request({ replay: name, ends: true }), keepalive: true }).catch(() => undefined);
  }

  private replayPath(matchId: string): string {
    return `/_mug/lab/matches/${encodeURIComponent(matchId)}/replay`;
  }

  private request(body?: unknown): RequestInit {
    const headers = { Authorization: `Bearer ${this.token}` };
    if (body === undefined) return { headers, cache: "no-store" };
    return { method: "POST", headers: { ...headers, "Content-Type": "application/json" }, body: JSON.stringify(body), cache: "no-store" };
  }

  private async ask<T>(path: string, body?: unknown): Promise<T> {
    let answer: Response;
    try {
      answer = await fetch(path, this.request(body));
    } catch {
      throw new AskError(0, "The server does not answer.");
    }
    if (answer.status === 403) {
      throw new AskError(
        403,
        "This address is not valid (any more). Each start of a server makes a new one: open the match again from MUG Lab, or with `mug replay`.",
      );
    }
    const said = (await answer.json().catch(() => null)) as (T & { error?: string }) | null;
    if (!answer.ok || said === null) throw new AskError(answer.status, said?.error ?? `The server answered ${answer.status}.`);
    return said;
  }
}

/** What the server is to know a page's question by: no other page has it. */
export function drawnName(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join("-");
}

export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
