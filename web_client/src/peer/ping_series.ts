/**
 * Pings to one page over one way, for one figure: when the next one is due, and the median of the round trips. Pure;
 * times in ms of the page's clock.
 */

/** Pings are so far apart, so that one hiccup of a page or of the network does not hit them all. */
const APART_MS = 50;
/** A ping unanswered for so long is replaced by another one; an answer that comes later still counts. */
const REPLACED_MS = 1000;
/** The wire has one byte for the number. */
const MAX_PINGS = 256;

export class PingSeries {
  private readonly sentMs = new Map<number, number>();
  private readonly trips: number[] = [];
  private next = 0;
  private lastMs = -Infinity;
  /** A channel's first packet wakes up much along the way: it is answered before one is counted. */
  private firstCounted: number | null = null;

  constructor(private readonly wanted: number) {}

  /** The number of the ping to be sent now, or null. `apart`: false where the page's timers are slowed down. */
  due(now: number, apart = true): number | null {
    if (this.complete || this.next >= MAX_PINGS || (apart && now - this.lastMs < APART_MS)) return null;
    const underWay = [...this.sentMs.values()].filter((sent) => now - sent < REPLACED_MS).length;
    if (this.trips.length + underWay >= (this.firstCounted === null ? 1 : this.wanted)) return null;
    const number = this.next++;
    this.lastMs = now;
    this.sentMs.set(number, now);
    return number;
  }

  answered(number: number, now: number): void {
    const sent = this.sentMs.get(number);
    if (sent === undefined) return;
    this.sentMs.delete(number);
    this.firstCounted ??= this.next;
    if (number >= this.firstCounted && !this.complete) this.trips.push(now - sent);
  }

  /** Round trips that count. */
  get count(): number {
    return this.trips.length;
  }

  get complete(): boolean {
    return this.trips.length >= this.wanted;
  }

  get medianMs(): number | null {
    return median(this.trips);
  }
}

/** The middle value, between two the mean of both; null of nothing. */
export function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle];
  if (upper === undefined) return null;
  const lower = sorted[middle - 1];
  return sorted.length % 2 === 1 || lower === undefined ? upper : (lower + upper) / 2;
}
