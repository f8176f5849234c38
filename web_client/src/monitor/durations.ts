/** Collects durations (ms) over one second and gives their quantiles. Pure. */
export class Durations {
  private values: number[] = [];

  add(ms: number): void {
    this.values.push(ms);
  }

  get count(): number {
    return this.values.length;
  }

  /** p50 and p95 of what was added since the last call; null when nothing was. */
  take(): { p50: number | null; p95: number | null; count: number } {
    const sorted = this.values.sort((a, b) => a - b);
    this.values = [];
    return { p50: quantile(sorted, 0.5), p95: quantile(sorted, 0.95), count: sorted.length };
  }
}

function quantile(sorted: readonly number[], q: number): number | null {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
  return value === undefined ? null : Math.round(value * 100) / 100;
}
