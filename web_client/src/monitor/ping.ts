/** Round trips: one probe a second. Pure; times in ms of the page's clock. */
const WINDOW = 10;

interface Probe {
  n: number;
  sentAt: number;
  rttMs: number | null;
}

export class PingStats {
  /** Number of the next probe. */
  next = 0;
  private probes: Probe[] = [];
  private lastRtt: number | null = null;
  private jitter: number | null = null;
  private lastN: number | null = null;

  /** Probe `next` went out. */
  sent(at: number): void {
    this.probes.push({ n: this.next, sentAt: at, rttMs: null });
    this.next += 1;
    if (this.probes.length > WINDOW + 1) this.probes.shift();
  }

  /** A probe came back; answers to forgotten or answered probes are ignored. */
  answered(n: number, at: number): void {
    const probe = this.probes.find((candidate) => candidate.n === n);
    if (!probe || probe.rttMs !== null) return;
    probe.rttMs = at - probe.sentAt;
    // Smoothed mean difference of consecutive round trips, as RFC 3550 smooths its jitter.
    if (this.lastRtt !== null) {
      const difference = Math.abs(probe.rttMs - this.lastRtt);
      this.jitter = this.jitter === null ? difference : this.jitter + (difference - this.jitter) / 16;
    }
    this.lastRtt = probe.rttMs;
    this.lastN = n;
  }

  /** Number of the probe that was answered last. */
  get rttN(): number | null {
    return this.lastN;
  }

  get rttMs(): number | null {
    return this.lastRtt;
  }

  get jitterMs(): number | null {
    return this.jitter;
  }

  /** Probes unanswered among the last ten that had at least a second to come back. */
  lost(at: number): number {
    return this.probes.filter((probe) => probe.rttMs === null && at - probe.sentAt >= 1000).slice(-WINDOW).length;
  }

  /** The connection was lost: probes under way will not come back and say nothing about the new one. */
  reset(): void {
    this.probes = [];
    this.lastRtt = null;
    this.lastN = null;
  }
}
