/**
 * The server's time, as this page knows it: the computer's own clock may be wrong by minutes, or be set while people play.
 *
 * `performance.now()` runs on evenly whatever happens to the clock; what is added to it to get the server's time follows
 * from each answered pulse, exactly to half its round trip. Of the last pulses the one with the shortest round trip
 * counts. Pure; times in ms.
 */

/** So many echoes are compared: clocks of computers drift apart by some ms a minute. */
const KEPT = 60;
/** Two echoes that differ by more than their round trips and this allow were measured on different clocks. */
const SLACK_MS = 20;
/** A better estimate may set the time back by this much without a row of an earlier time: it stands still meanwhile. */
const STANDS_STILL_MS = 1000;

interface Echo {
  /** Server's time minus `performance.now()`. */
  baseMs: number;
  rttMs: number;
}

export class ServerClock {
  private echoes: Echo[] = [];
  private baseMs: number | null = null;
  private lastMs = -Infinity;

  constructor(
    private readonly steady: () => number = () => performance.now(),
    private readonly wall: () => number = () => Date.now(),
  ) {}

  /** The welcome says what time it is, without telling how long it was on its way: better than nothing. */
  welcomed(serverTime: string): void {
    const serverMs = Date.parse(serverTime);
    if (this.echoes.length === 0 && Number.isFinite(serverMs)) this.baseMs = serverMs - this.steady();
  }

  /** A pulse that was sent at `sentAt` came back. */
  echoed(sentAt: number, serverTime: string): void {
    const now = this.steady();
    const serverMs = Date.parse(serverTime);
    const rttMs = now - sentAt;
    if (!Number.isFinite(serverMs) || !(rttMs >= 0)) return;
    const echo = { baseMs: serverMs + rttMs / 2 - now, rttMs };
    // After a sleep of the computer, or a restart of the server, what was measured before is worth nothing.
    const fits = (other: Echo): boolean => Math.abs(other.baseMs - echo.baseMs) <= (other.rttMs + rttMs) / 2 + SLACK_MS;
    this.echoes = [...this.echoes.filter(fits), echo].slice(-KEPT);
    this.baseMs = this.echoes.reduce((best, other) => (other.rttMs <= best.rttMs ? other : best)).baseMs;
  }

  /** How many echoes the present estimate rests on. */
  get count(): number {
    return this.echoes.length;
  }

  /**
   * The server's time, Unix ms; before anything is known of it the computer's own. It never runs backwards by less than a
   * second: where an estimate gets better, the time stands still for that moment.
   */
  now(): number {
    if (this.baseMs === null) return this.wall();
    const now = this.baseMs + this.steady();
    if (now < this.lastMs && this.lastMs - now < STANDS_STILL_MS) return this.lastMs;
    this.lastMs = now;
    return now;
  }

  /** The computer's clock minus the server's; null before the first echo. */
  offsetMs(): number | null {
    if (this.echoes.length === 0 || this.baseMs === null) return null;
    return Math.round((this.wall() - (this.baseMs + this.steady())) * 10) / 10;
  }
}
