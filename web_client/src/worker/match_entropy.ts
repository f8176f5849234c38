/**
 * While a step runs, the browser's clocks and its source of chance are the match's: every unseeded generator and every
 * clock of an environment is the same on all peers and in every replay.
 */

/** One question about the time moves the clock by so much: a loop that waits for time to pass comes to an end. */
const MS_PER_QUESTION = 0.05;

export class MatchEntropy {
  private readonly realDateNow = Date.now;
  private readonly realPerformanceNow = performance.now.bind(performance);
  private readonly realRandom = crypto.getRandomValues.bind(crypto);
  private state: [number, number, number, number] = [0, 0, 0, 1];
  private clockMs = 0;
  private startMs = 0;
  private active = false;

  /** The page's real clock, whatever runs. */
  now(): number {
    return this.realPerformanceNow();
  }

  /** A step begins; given to Python. */
  readonly begin = (seedLow: number, seedHigh: number, clockMs: number): void => {
    this.state = [seedLow >>> 0, seedHigh >>> 0, 0x6d75_6721, 1];
    for (let i = 0; i < 12; i++) this.next();
    this.clockMs = clockMs;
    this.startMs = clockMs;
    if (this.active) return;
    this.active = true;
    Date.now = () => Math.floor(this.ask());
    performance.now = () => this.ask() - this.startMs + 1000;
    crypto.getRandomValues = this.fill as typeof crypto.getRandomValues;
  };

  /** A step is over; given to Python. */
  readonly end = (): void => {
    if (!this.active) return;
    this.active = false;
    Date.now = this.realDateNow;
    performance.now = this.realPerformanceNow;
    crypto.getRandomValues = this.realRandom as typeof crypto.getRandomValues;
  };

  private ask(): number {
    this.clockMs += MS_PER_QUESTION;
    return this.clockMs;
  }

  private readonly fill = <T extends ArrayBufferView | null>(target: T): T => {
    if (target !== null) {
      const bytes = new Uint8Array(target.buffer, target.byteOffset, target.byteLength);
      for (let i = 0; i < bytes.length; i++) bytes[i] = this.next() & 0xff;
    }
    return target;
  };

  /** sfc32: 32-bit integer arithmetic only, so every browser gives the same numbers. */
  private next(): number {
    let [a, b, c, d] = this.state;
    const result = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + result;
    this.state = [a | 0, b | 0, c | 0, d];
    return result >>> 0;
  }
}
