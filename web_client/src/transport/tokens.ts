/**
 * The secrets that make this browser a participant again, kept in localStorage per session and participant.
 * Before the session is known all of them are offered; the server picks the one of its open session.
 */
import type { ResumeCandidate } from "../protocol/messages";

const KEY = "mug:participants";
/** Old sessions' tokens are forgotten beyond this many. */
const KEPT = 30;

export type TextStorage = Pick<Storage, "getItem" | "setItem" | "removeItem">;

export class TokenStore {
  /** Without storage (blocked by the browser) tokens live as long as the page. */
  private memory: ResumeCandidate[] = [];

  constructor(private readonly storage: TextStorage | null) {}

  /** Newest first; for a subject id only its own. */
  candidates(subjectId: string): ResumeCandidate[] {
    const all = this.read();
    return subjectId === "" ? all : all.filter((candidate) => candidate.participant_id === subjectId);
  }

  remember(candidate: ResumeCandidate): void {
    const others = this.read().filter(
      (other) => other.session_id !== candidate.session_id || other.participant_id !== candidate.participant_id,
    );
    this.memory = [candidate, ...others].slice(0, KEPT);
    try {
      this.storage?.setItem(KEY, JSON.stringify(this.memory));
    } catch {
      // Storage is full or blocked: the memory copy serves this page, and a reload is let in by the experimenter.
    }
  }

  private read(): ResumeCandidate[] {
    try {
      const text = this.storage?.getItem(KEY);
      if (!text) return this.memory;
      const parsed: unknown = JSON.parse(text);
      return Array.isArray(parsed) ? parsed.filter(isCandidate) : this.memory;
    } catch {
      return this.memory;
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
