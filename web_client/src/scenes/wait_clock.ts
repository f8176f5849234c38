/**
 * The time of a wait: counted here, set by what the server says now and then. Pure; times in ms of the page's clock.
 */

/** What the server says differs by its message's way: by so little the time shown is not moved. */
const SAME_MS = 1500;

export interface WaitTime {
  waitedS: number;
  /** Until the wait ends at the latest; null where it has no end. */
  leftS: number | null;
  /** The part of the longest wait that is over, 0..1; null likewise. */
  fraction: number | null;
}

export class WaitClock {
  private begunMs: number;
  private timeoutMs: number | null = null;

  constructor(now: number) {
    this.begunMs = now;
  }

  heard(waitedMs: number, timeoutMs: number | null, now: number): void {
    const begun = now - waitedMs;
    if (Math.abs(begun - this.begunMs) > SAME_MS) this.begunMs = begun;
    this.timeoutMs = timeoutMs;
  }

  at(now: number): WaitTime {
    // Both numbers change at the same moment: at the full seconds that were waited.
    const waitedS = Math.max(0, Math.floor((now - this.begunMs) / 1000));
    if (this.timeoutMs === null) return { waitedS, leftS: null, fraction: null };
    const totalS = Math.ceil(this.timeoutMs / 1000);
    return { waitedS, leftS: Math.max(0, totalS - waitedS), fraction: totalS > 0 ? Math.min(1, waitedS / totalS) : 1 };
  }

  /** How long what `at` says holds, ms. */
  untilNext(now: number): number {
    const intoMs = (now - this.begunMs) % 1000;
    return 1000 - (intoMs < 0 ? intoMs + 1000 : intoMs);
  }
}

/** 75 is "1:15", 3675 is "1:01:15". */
export function clockWords(seconds: number): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
