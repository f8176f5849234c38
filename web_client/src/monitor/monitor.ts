/**
 * Watches the connection, the participant's presence and the smoothness of the page; once a second one pulse to the
 * server and one telemetry row to the outbox.
 */
import type { ClientMessage, MatchStatus } from "../protocol/messages";
import { Durations } from "./durations";
import { PingStats } from "./ping";

export interface MonitorPort {
  send(message: ClientMessage): boolean;
  /** An event row for the current visit, if there is one. */
  event(name: string, data: Record<string, unknown>): void;
  telemetry(row: Record<string, unknown>): void;
  status(): { phase: string; episode: number | null; frame: number | null; unacked: number; match: MatchStatus | null };
  /** The page may be about to go away: keep what is not kept yet. */
  mayLeave(): void;
}

export class Monitor {
  private readonly ping = new PingStats();
  private readonly frames = new Durations();
  private readonly ticks = new Durations();
  private lastFrameAt: number | null = null;
  private lastSecondAt = performance.now();

  constructor(private readonly port: MonitorPort) {}

  start(): void {
    this.startTicker();
    const frame = (at: number): void => {
      if (this.lastFrameAt !== null) this.frames.add(at - this.lastFrameAt);
      this.lastFrameAt = at;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    window.addEventListener("focus", () => this.port.event("focus", {}));
    window.addEventListener("blur", () => this.port.event("blur", {}));
    document.addEventListener("visibilitychange", () => {
      const visible = document.visibilityState === "visible";
      this.lastFrameAt = null;
      this.port.event(visible ? "visible" : "hidden", {});
      if (!visible) this.port.mayLeave();
    });
    document.addEventListener("fullscreenchange", () => this.port.event("fullscreen", { on: isFullscreen() }));
    let resizeTimer: ReturnType<typeof setTimeout> | null = null;
    window.addEventListener("resize", () => {
      if (resizeTimer !== null) clearTimeout(resizeTimer);
      resizeTimer = setTimeout(() => {
        this.port.event("resize", {
          width: window.innerWidth,
          height: window.innerHeight,
          device_pixel_ratio: window.devicePixelRatio,
        });
      }, 250);
    });
    window.addEventListener("pagehide", () => this.port.mayLeave());
  }

  echo(n: number): void {
    this.ping.answered(n, performance.now());
  }

  connectionLost(): void {
    this.ping.reset();
  }

  /** Time that Python needed for one tick, ms. */
  tick(ms: number): void {
    this.ticks.add(ms);
  }

  private startTicker(): void {
    try {
      const worker = new Worker(new URL("./ticker.worker.ts", import.meta.url), { type: "module" });
      worker.onmessage = () => this.second();
      worker.onerror = () => setInterval(() => this.second(), 1000);
    } catch {
      setInterval(() => this.second(), 1000);
    }
  }

  private second(): void {
    const now = performance.now();
    const elapsed = now - this.lastSecondAt;
    this.lastSecondAt = now;
    const visible = document.visibilityState === "visible";
    const frames = this.frames.take();
    const ticks = this.ticks.take();
    const rate = visible && elapsed > 0 ? Math.round((frames.count * 10_000) / elapsed) / 10 : null;
    const live = {
      rtt_ms: rounded(this.ping.rttMs),
      jitter_ms: rounded(this.ping.jitterMs),
      lost: this.ping.lost(now),
      focused: document.hasFocus(),
      visible,
      fullscreen: isFullscreen(),
    };
    this.port.telemetry({
      ...live,
      frame_rate_hz: rate,
      frame_time_p50_ms: frames.p50,
      frame_time_p95_ms: frames.p95,
      tick_p50_ms: ticks.p50,
      tick_p95_ms: ticks.p95,
    });
    const { phase, episode, frame, unacked, match } = this.port.status();
    const sent = this.port.send({
      op: "participant.pulse",
      n: this.ping.next,
      client_ms: now,
      ...live,
      frame_rate_hz: rate,
      frame_time_p95_ms: frames.p95,
      unacked_chunks: unacked,
      phase,
      episode,
      frame,
      match,
    });
    if (sent) this.ping.sent(now);
  }
}

/** True for the fullscreen API and for a browser window that fills the screen (F11, kiosk mode). */
export function isFullscreen(): boolean {
  if (document.fullscreenElement) return true;
  return window.innerHeight >= screen.height && window.innerWidth >= screen.width;
}

function rounded(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 100) / 100;
}
