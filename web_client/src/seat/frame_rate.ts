/** How many pictures a second the screen can show: by the median time between two, so that one hitch does not count. */
const WINDOW_MS = 5000;
const ENOUGH = 60;

export class FrameRate {
  private times: number[] = [];

  /** A picture was drawn. */
  drawn(at: number): void {
    this.times.push(at);
    while (this.times[0] !== undefined && this.times[0] < at - WINDOW_MS) this.times.shift();
  }

  /** The page was hidden: times across that say nothing. */
  reset(): void {
    this.times = [];
  }

  /** Null while too few were drawn. */
  get hz(): number | null {
    if (this.times.length < ENOUGH) return null;
    const between = this.times.slice(1).map((at, number) => at - (this.times[number] ?? at));
    const median = between.sort((a, b) => a - b)[Math.floor(between.length / 2)] ?? 0;
    return median > 0 ? Math.round(10_000 / median) / 10 : null;
  }

  /** Pictures of the last second. */
  lastSecond(now: number): number {
    return this.times.filter((at) => at > now - 1000).length;
  }
}
