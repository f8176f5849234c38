/**
 * When which view is shown. Views come unevenly; they are shown as evenly as the game made them (`at_ms`), a little
 * later than they could be. Pure; time is given (ms of the page's clock).
 *
 * Of the last views, the one that came fastest tells how the match's clock stands to ours; how much later the others came
 * tells how long to wait, so that most are there in time: at least one frame (a picture on its way needs both ends), at
 * most two. Where there is nothing to be on the way, pictures of pixels, it is none to one. A change of that is
 * made by running a little faster or slower, never by a jump. Beyond the newest view nothing is guessed: it stays.
 */
import type { ShownView } from "./view_state";

/** Views of so long count for the estimate. */
const WINDOW_MS = 1500;
const SAMPLES = 90;
/** The clock of the picture runs at most so much faster than time, or slower: then the picture only stands a little longer. */
const FASTER = 0.05;
const SLOWER = 0.5;
/** The same the more it is behind, after a beginning on a slow moment: all of it would be caught up with in this time. */
const CATCH_UP_MS = 300;
const CATCHING_UP = 0.3;
/** What is off by more than this is not caught up with: the game stood still, or the page did. */
const RESYNC_MS = 400;
/** This share of the views is to be there in time. */
const IN_TIME = 0.95;
/** More waiting views than this are of a page that slept. */
const MAX_WAITING = 60;

export interface Shown<T> {
  from: T;
  /** The next one, once it is here. */
  to: T | null;
  /** How far on the way, 0 to 1. */
  fraction: number;
}

export class Playout<T extends Pick<ShownView, "atMs" | "n">> {
  private readonly samples: { at: number; offset: number }[] = [];
  private readonly waiting: T[] = [];
  private current: T | null = null;
  /** The picture's clock is the page's plus this. */
  private lead: number | null = null;
  private lastAt = 0;
  private shownMs = -Infinity;
  private counts = { received: 0, late: 0, skipped: 0 };

  /** `frames`: how many frames later than the fastest view a view is shown, at least; 1 where objects move, else 0. */
  constructor(
    private readonly frameMs: number,
    private readonly frames: number,
  ) {}

  /** A view has come, after all that came before it. */
  add(view: T, now: number): void {
    this.counts.received += 1;
    const newest = this.waiting.at(-1) ?? this.current;
    if (newest && view.atMs < newest.atMs) this.restart(); // another clock: the game's process was started again
    this.samples.push({ at: now, offset: view.atMs - now });
    while (this.samples.length > SAMPLES || (this.samples[0] && now - this.samples[0].at > WINDOW_MS)) this.samples.shift();
    const wanted = this.wanted();
    if (this.lead === null || Math.abs(wanted - this.lead) > RESYNC_MS) {
      this.lead = wanted;
      this.lastAt = now;
    }
    if (this.current && view.atMs < now + this.lead) this.counts.late += 1;
    this.waiting.push(view);
    if (this.waiting.length > MAX_WAITING) this.counts.skipped += this.waiting.splice(0, this.waiting.length - MAX_WAITING).length;
  }

  /** What is to be seen now; null before the first view. */
  sample(now: number): Shown<T> | null {
    const clock = this.clock(now);
    let passed = -1;
    while (this.waiting[0] && (this.current === null || this.waiting[0].atMs <= clock)) {
      this.current = this.waiting.shift() ?? null;
      passed += 1;
    }
    if (passed > 0) this.counts.skipped += passed;
    if (this.current === null) return null;
    const to = this.waiting[0] ?? null;
    const span = to ? to.atMs - this.current.atMs : 0;
    // After a longer silence the way is not begun before its last frame: what stood still is not made to crawl.
    const way = Math.min(span, 2 * this.frameMs);
    const fraction = to && way > 0 ? clamp((clock - (to.atMs - way)) / way, 0, 1) : 0;
    return { from: this.current, to, fraction };
  }

  /** The delay between the fastest view and its picture, ms. */
  get delayMs(): number {
    return this.lead === null ? 0 : Math.round((this.fastest() - this.lead) * 10) / 10;
  }

  /** Views since the last call: all, those that came after their time, and those that were never the picture. */
  takeCounts(): { received: number; late: number; skipped: number } {
    const taken = this.counts;
    this.counts = { received: 0, late: 0, skipped: 0 };
    return taken;
  }

  restart(): void {
    this.samples.length = 0;
    this.waiting.length = 0;
    this.lead = null;
    this.current = null;
    this.shownMs = -Infinity;
  }

  private clock(now: number): number {
    if (this.lead === null) return now;
    const elapsed = Math.max(0, now - this.lastAt);
    this.lastAt = now;
    const behind = this.wanted() - this.lead;
    this.lead += clamp(behind, -SLOWER * elapsed, clamp(behind / CATCH_UP_MS, FASTER, CATCHING_UP) * elapsed);
    // Time does not run backwards in a picture.
    this.shownMs = Math.max(this.shownMs, now + this.lead);
    return this.shownMs;
  }

  private fastest(): number {
    return this.samples.reduce((best, { offset }) => Math.max(best, offset), -Infinity);
  }

  private wanted(): number {
    if (this.samples.length === 0) return this.lead ?? 0;
    const fastest = this.fastest();
    const behind = this.samples.map(({ offset }) => fastest - offset).sort((a, b) => a - b);
    const jitter = behind[Math.min(behind.length - 1, Math.floor(IN_TIME * behind.length))] ?? 0;
    return fastest - clamp(this.frames * this.frameMs + jitter, this.frames * this.frameMs, (this.frames + 1) * this.frameMs);
  }
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
