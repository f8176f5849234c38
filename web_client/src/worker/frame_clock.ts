/**
 * The clock of the game: frame n is due at start + n frame times, however late single ticks are. After a hold-up at
 * most a few ticks are made up at once; the rest of the lost time is dropped, never a frame. `speed` stretches the frames
 * of a player who is ahead of the partners.
 */

/** Ticks that may follow each other at once to make up for a late one. */
const CATCH_UP_TICKS = 3;

export interface Timers {
  now(): number;
  set(work: () => void, ms: number): number;
  clear(timer: number): void;
}

export class FrameClock {
  private readonly rateMs: number;
  private due = 0;
  private timer: number | null = null;
  private running = false;
  /** While it is held: how long the next frame had still to wait. */
  private leftMs: number | null = null;
  /** Times that lost time was dropped. */
  dropped = 0;
  /** Factor on the time of the frames from now on. */
  speed = 1;

  /** `tick` answers with the milliseconds that the next tick is to wait in addition (0: none). */
  constructor(
    rateHz: number,
    private readonly tick: () => number,
    private readonly timers: Timers,
  ) {
    this.rateMs = 1000 / rateHz;
  }

  private get frameMs(): number {
    return this.rateMs * this.speed;
  }

  start(waitMs: number): void {
    if (this.running) return;
    this.running = true;
    const firstMs = Math.max(this.frameMs, waitMs);
    if (this.leftMs !== null) {
      this.leftMs = firstMs;
      return;
    }
    this.due = this.timers.now() + firstMs;
    this.schedule();
  }

  stop(): void {
    this.running = false;
    this.clearTimer();
  }

  /** No frame comes due until `release`, however long that is. */
  hold(): void {
    if (this.leftMs !== null) return;
    this.leftMs = this.running ? Math.max(0, this.due - this.timers.now()) : 0;
    this.clearTimer();
  }

  /** Go on as if no time had passed. */
  release(): void {
    if (this.leftMs === null) return;
    this.due = this.timers.now() + this.leftMs;
    this.leftMs = null;
    if (this.running) this.schedule();
  }

  private clearTimer(): void {
    if (this.timer !== null) this.timers.clear(this.timer);
    this.timer = null;
  }

  private schedule(): void {
    this.timer = this.timers.set(() => this.wake(), Math.max(0, this.due - this.timers.now()));
  }

  private wake(): void {
    this.timer = null;
    for (let made = 0; this.running && made < CATCH_UP_TICKS && this.timers.now() >= this.due; made++) {
      const waitMs = this.tick();
      this.due += this.frameMs;
      if (waitMs > 0) this.due = Math.max(this.due, this.timers.now() + waitMs);
    }
    if (!this.running) return;
    const now = this.timers.now();
    if (now - this.due >= this.frameMs) {
      this.due = now;
      this.dropped += 1;
    }
    this.schedule();
  }
}
