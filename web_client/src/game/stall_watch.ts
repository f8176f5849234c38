/**
 * Notices that the game's program does not come back: a step of the environment or a decision of a policy that takes very
 * long holds up everything in its worker. A short stall is spoken of; one that does not end ends the game, with words.
 *
 * Only time in which this page itself ran is counted: a computer that slept has not stalled.
 */

const EVERY_MS = 500;
/** So much may pass between two looks, however long the page was put to sleep. */
const AT_MOST_MS = 1000;
/** Stand-stills from here on are spoken of. */
export const SAID_AFTER_MS = 3000;
/** Nobody waits any longer. */
export const GIVEN_UP_AFTER_MS = 45_000;

export interface StallPort {
  /** Ask for a sign of life; the answer calls `alive`. */
  ask(): void;
  /** It is spoken of from now on. */
  stalled(): void;
  /** It goes on, after so long. */
  goesOn(ms: number): void;
  /** It will not come back. */
  gaveUp(ms: number): void;
}

export interface StallTimers {
  now(): number;
  every(work: () => void, ms: number): number;
  clear(timer: number): void;
}

export class StallWatch {
  private timer: number | null = null;
  private lookedMs = 0;
  private asked = false;
  private quietMs = 0;
  private said = false;

  constructor(
    private readonly port: StallPort,
    private readonly timers: StallTimers = { now: () => performance.now(), every: (work, ms) => window.setInterval(work, ms), clear: (timer) => window.clearInterval(timer) },
  ) {}

  /** Watch from now on. */
  start(): void {
    this.stop();
    this.lookedMs = this.timers.now();
    this.timer = this.timers.every(() => this.look(), EVERY_MS);
  }

  stop(): void {
    if (this.timer !== null) this.timers.clear(this.timer);
    this.timer = null;
    this.asked = this.said = false;
    this.quietMs = 0;
  }

  /** A sign of life. */
  alive(): void {
    const { said, quietMs } = this;
    this.asked = this.said = false;
    this.quietMs = 0;
    if (said) this.port.goesOn(quietMs);
  }

  private look(): void {
    const now = this.timers.now();
    const passedMs = Math.min(now - this.lookedMs, AT_MOST_MS);
    this.lookedMs = now;
    if (!this.asked) {
      this.asked = true;
      this.port.ask();
      return;
    }
    this.quietMs += passedMs;
    if (this.quietMs >= GIVEN_UP_AFTER_MS) {
      const { quietMs } = this;
      this.stop();
      this.port.gaveUp(quietMs);
    } else if (this.quietMs >= SAID_AFTER_MS && !this.said) {
      this.said = true;
      this.port.stalled();
    }
  }
}
