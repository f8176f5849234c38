/**
 * What is said over the picture of a game of several people, and when. Pure; times in ms of any one clock. Short
 * stand-stills are not spoken of, and words that are shown stay long enough to be read.
 */
import type { MatchLive } from "../worker/rpc";

export interface Words {
  kind: "none" | "countdown" | "waiting" | "paused" | "notice";
  text: string;
  /** Above the text. */
  heading?: string;
}

type Standing = Pick<MatchLive, "stage" | "countdownMs" | "waitingMs" | "silent" | "returning" | "held" | "episode" | "frame">;

const SHOWN_AT_LEAST_MS = 800;
/** Between two episodes everybody waits for the others' last keys and for their start: that long more is no stand-still. */
const BETWEEN_MS = 1000;
const NOTICE_MS = 6000;
const NONE: Words = { kind: "none", text: "" };

export class MatchWords {
  private shown: Words = NONE;
  private shownMs = -Infinity;
  private noticed: { text: string; untilMs: number } | null = null;
  private readonly away = new Set<string>();

  /** `confirmationTimeoutMs`: a stand-still of this length is spoken of. `partners`: how many others play. */
  constructor(
    private readonly confirmationTimeoutMs: number,
    private readonly partners: number,
  ) {}

  /** Something to be said for a while, such as that a partner has left. */
  notice(text: string, now: number): void {
    this.noticed = { text, untilMs: now + NOTICE_MS };
  }

  /** A partner's page is in the background, and the game waits for it. */
  partnerAway(agent: string, away: boolean): void {
    if (away) this.away.add(agent);
    else this.away.delete(agent);
  }

  update(live: Standing, serverReachable: boolean, now: number): Words {
    const wanted = this.wanted(live, serverReachable, now);
    // Words of a wait that has just ended stay for a moment; a new kind of words takes their place at once.
    if (wanted.kind === "none" && this.shown.kind === "waiting" && now - this.shownMs < SHOWN_AT_LEAST_MS) return this.shown;
    if (wanted.kind !== this.shown.kind) this.shownMs = now;
    this.shown = wanted;
    return wanted;
  }

  private wanted({ stage, countdownMs, waitingMs, silent, returning, held, episode, frame }: Standing, serverReachable: boolean, now: number): Words {
    // Of a pause by the experimenter the page speaks, over all of it.
    if (stage === "over" || held) return NONE;
    if (returning.length > 0) {
      const who = this.partners > 1 ? "Another player" : "Your partner";
      return { kind: "paused", text: `${who} is coming back. The game goes on by itself.` };
    }
    if (stage === "paused") {
      const whose = serverReachable ? (this.partners > 1 ? "The connection to another player" : "The connection to your partner") : "Your connection";
      return { kind: "paused", text: `${whose} is interrupted. The game goes on by itself when it is back.` };
    }
    if (stage === "countdown") {
      const heading = (episode ?? 0) > 0 || (frame ?? 0) > 0 ? "The game goes on in" : "The game begins in";
      return { kind: "countdown", text: String(Math.max(1, Math.ceil(countdownMs / 1000))), heading };
    }
    if (silent.length > 0 && stage !== "between") {
      return { kind: "waiting", text: this.partners > 1 ? "No signal from another player. Waiting…" : "No signal from your partner. Waiting…" };
    }
    const from = stage === "between" ? this.confirmationTimeoutMs + BETWEEN_MS : this.confirmationTimeoutMs;
    if (waitingMs >= from && waitingMs > 0 && this.away.size > 0) {
      const whose = this.partners > 1 ? "Another player's window" : "Your partner's window";
      return { kind: "waiting", text: `${whose} is in the background. The game waits, and goes on by itself.` };
    }
    if (waitingMs >= from && waitingMs > 0) {
      return { kind: "waiting", text: this.partners > 1 ? "Waiting for the other players…" : "Waiting for your partner…" };
    }
    if (this.noticed && now < this.noticed.untilMs) return { kind: "notice", text: this.noticed.text };
    return NONE;
  }
}
