/**
 * The secrets that make this browser a participant again, kept in localStorage per session and participant.
 * Before the session is known all of them are offered; the server picks the one of its open session.
 */
import type { ResumeCandidate } from "../protocol/messages";

const KEY = "mug:participants";
/** Old sessions' tokens are forgotten beyond this many. */
const KEPT = 30;
/** Previews have a list of their own: many are made, and they must not crowd out who takes part in a session. */
const PREVIEWS_KEY = "mug:previews";
const PREVIEWS_KEPT = 8;

export type TextStorage = Pick<Storage, "getItem" | "setItem" | "removeItem">;

export class TokenStore {
  /** Without storage (blocked by the browser) tokens live as long as the page. */
  private readonly memory = new Map<string, ResumeCandidate[]>();

  constructor(private readonly storage: TextStorage | null) {}

  /** Newest first; for a subject id only its own. */
  candidates(subjectId: string): ResumeCandidate[] {
    const all = [...this.read(KEY), ...this.read(PREVIEWS_KEY)];
    return subjectId === "" ? all : all.filter((candidate) => candidate.participant_id === subjectId);
  }

  remember(candidate: ResumeCandidate, { preview = false } = {}): void {
    const [key, kept] = preview ? [PREVIEWS_KEY, PREVIEWS_KEPT] : [KEY, KEPT];
    const others = this.read(key).filter(
      (other) => other.session_id !== candidate.session_id || other.participant_id !== candidate.participant_id,
    );
    const candidates = [candidate, ...others].slice(0, kept);
    this.memory.set(key, candidates);
    try {
      this.storage?.setItem(key, JSON.stringify(candidates));
    } catch {
      // Storage is full or blocked: the memory copy serves this page, and a reload is let in by the experimenter.
    }
  }

  private read(key: string): ResumeCandidate[] {
    const memory = this.memory.get(key) ?? [];
    try {
      const text = this.storage?.getItem(key);
      if (!text) return memory;
      const parsed: unknown = JSON.parse(text);
      return Array.isArray(parsed) ? parsed.filter(isCandidate) : memory;
    } catch {
      return memory;
    }
  }
}

function isCandidate(value: unknown): value is ResumeCandidate {
  if (typeof value !== "object" || value === null) return false;
  const record = value as Record<string, unknown>;
  return ["session_id", "participant_id", "token"].every((name) => typeof record[name] === "string");
}

/** localStorage or sessionStorage, or null where the browser forbids it. */
export function storageOrNull(kind: "localStorage" | "sessionStorage"): Storage | null {
  try {
    return window[kind];
  } catch {
    return null;
  }
}
