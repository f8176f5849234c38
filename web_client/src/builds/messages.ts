/**
 * What an embedded build and our page say to each other, by `postMessage`; docs/reference/unity.md. What comes from a build
 * is looked at before it is believed, and bounded in size and rate. Pure.
 */

/** page -> build */
export type ToBuild =
  | { mug: "start"; episode: number; num_episodes: number; subject_id: string; scene_id: string; mug_globals: Record<string, unknown> }
  | { mug: "globals"; mug_globals: Record<string, unknown> }
  | { mug: "pause" }
  | { mug: "resume" }
  | { mug: "end" };

/** build -> page */
export type FromBuild =
  | { mug: "ready" }
  | { mug: "episode_start"; data: Record<string, unknown> }
  | { mug: "episode_end"; score: number | null; data: Record<string, unknown> }
  | { mug: "data"; name: string; values: Record<string, unknown> }
  | { mug: "answer"; name: string; value: unknown }
  | { mug: "globals"; values: Record<string, unknown> }
  | { mug: "callback"; data: Record<string, unknown> }
  | { mug: "allow_continue"; allowed: boolean }
  | { mug: "continue" }
  | { mug: "error"; message: string; traceback: string };

/** Of a message's JSON. */
export const MAX_CHARS = 8192;
const MAX_NAME = 64;

/** The build's own way with episodes: few, and never taken away by a flood of others. */
const STEERING: ReadonlySet<string> = new Set(["ready", "episode_start", "episode_end", "allow_continue", "continue", "error"]);

export interface Read {
  message: FromBuild;
  /** Characters of its JSON. */
  size: number;
}

/** Whether a window's message is meant for us at all. */
export function isForMug(data: unknown): data is { mug: string } {
  return isObject(data) && typeof data["mug"] === "string";
}

export function isSteering(data: { mug: string }): boolean {
  return STEERING.has(data.mug);
}

/** Read one message; a text says what is wrong with it. */
export function readMessage(data: { mug: string }): Read | string {
  let plain: Record<string, unknown>;
  let size: number;
  try {
    const text = JSON.stringify(data);
    size = text.length;
    if (size > MAX_CHARS) return `"${data.mug.slice(0, MAX_NAME)}" has ${size} characters; at most ${MAX_CHARS} are taken`;
    plain = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return `"${data.mug.slice(0, MAX_NAME)}" holds what JSON cannot`;
  }
  const message = typed(plain);
  return typeof message === "string" ? message : { message, size };
}

function typed(plain: Record<string, unknown>): FromBuild | string {
  const { mug: op } = plain;
  switch (op) {
    case "ready":
    case "continue":
      return { mug: op };
    case "episode_start": {
      const data = table(plain["data"]);
      return data ? { mug: op, data } : wrong(op, "data", "an object");
    }
    case "episode_end": {
      const data = table(plain["data"]);
      if (!data) return wrong(op, "data", "an object");
      const score = plain["score"] ?? null;
      // A score that is no finite number is null in JSON already.
      return score === null || typeof score === "number" ? { mug: op, score, data } : wrong(op, "score", "a number");
    }
    case "data": {
      const values = table(plain["values"]);
      if (!isName(plain["name"])) return wrong(op, "name", `a text of 1 to ${MAX_NAME} characters`);
      return values ? { mug: op, name: plain["name"], values } : wrong(op, "values", "an object");
    }
    case "answer":
      if (!isName(plain["name"])) return wrong(op, "name", `a text of 1 to ${MAX_NAME} characters`);
      return { mug: op, name: plain["name"], value: plain["value"] ?? null };
    case "globals": {
      const values = table(plain["values"]);
      return values ? { mug: op, values } : wrong(op, "values", "an object");
    }
    case "callback": {
      const data = table(plain["data"]);
      return data ? { mug: op, data } : wrong(op, "data", "an object");
    }
    case "allow_continue":
      return typeof plain["allowed"] === "boolean" ? { mug: op, allowed: plain["allowed"] } : wrong(op, "allowed", "true or false");
    case "error":
      return {
        mug: op,
        message: String(plain["message"] ?? "the build reported an error"),
        traceback: typeof plain["traceback"] === "string" ? plain["traceback"] : "",
      };
    default:
      return `"${String(op).slice(0, MAX_NAME)}" is no message that this page knows`;
  }
}

function wrong(op: string, field: string, expected: string): string {
  return `"${op}": ${field} must be ${expected}`;
}

/** An object; not given is an empty one. */
function table(value: unknown): Record<string, unknown> | null {
  if (value === undefined || value === null) return {};
  return isObject(value) ? value : null;
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= MAX_NAME;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** So much at once, and so much a second for good. */
export class Allowance {
  private left: number;
  private at: number | null = null;

  constructor(
    private readonly burst: number,
    private readonly perSecond: number,
  ) {
    this.left = burst;
  }

  /** Whether `amount` is allowed now (ms); then it is used up. */
  take(now: number, amount = 1): boolean {
    if (this.at !== null) this.left = Math.min(this.burst, this.left + (Math.max(0, now - this.at) / 1000) * this.perSecond);
    this.at = now;
    if (this.left < amount) return false;
    this.left -= amount;
    return true;
  }
}
