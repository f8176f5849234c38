/**
 * Watches the connection, the participant's presence and the smoothness of the page; once a second one pulse to the
 * server and one telemetry row to the outbox.
 */
import type { ClientMessage, MatchStatus, Pulse } from "../protocol/messages";
import { Durations } from "./durations";
import { PingStats } from "./ping";
import { everySecond } from "./ticker";

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
  private smoothness: Pick<Pulse, "frame_rate_hz" | "frame_time_p95_ms"> = { frame_rate_hz: null, frame_time_p95_ms: null };
  private inFrame = false;
  private measuring: ReturnType<typeof setInterval> | null = null;

  constructor(private readonly port: MonitorPort) {}

  start(): void {
    everySecond(() => this.second());
    const frame = (at: number): void => {
      if (this.lastFrameAt !== null) this.frames.add(at - this.lastFrameAt);
      this.lastFrameAt = at;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    for (const name of ["focus", "blur"] as const) {
      window.addEventListener(name, () => {
        // From our page into a frame of it and back, the window has the keyboard all the time.
        const before = this.inFrame;
        this.inFrame = name === "blur" && document.activeElement instanceof HTMLIFrameElement;
        if (this.inFrame || (before && name === "focus")) return;
        this.port.event(name, {});
        this.pulse();
      });
    }
    document.addEventListener("visibilitychange", () => {
      const visible = document.visibilityState === "visible";
      this.lastFrameAt = null;
      this.port.event(visible ? "visible" : "hidden", {});
      this.pulse();
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

  /** While a study measures connections at entry: pulse so often, without rows; null: once a second again. */
  measureEvery(intervalMs: number | null): void {
    if (this.measuring !== null) clearInterval(this.measuring);
    this.measuring = intervalMs === null ? null : setInterval(() => this.pulse(), intervalMs);
  }

  private second(): void {
    const now = performance.now();
    const elapsed = now - this.lastSecondAt;
    this.lastSecondAt = now;
    const frames = this.frames.take();
    const ticks = this.ticks.take();
    const live = this.live(now);
    const rate = live.visible && elapsed > 0 ? Math.round((frames.count * 10_000) / elapsed) / 10 : null;
    this.smoothness = { frame_rate_hz: rate, frame_time_p95_ms: frames.p95 };
    this.port.telemetry({
      ...live,
      frame_rate_hz: rate,
      frame_time_p50_ms: frames.p50,
      frame_time_p95_ms: frames.p95,
      tick_p50_ms: ticks.p50,
      tick_p95_ms: ticks.p95,
    });
    this.pulse();
  }

  private live(now: number): Pick<Pulse, "rtt_ms" | "jitter_ms" | "lost" | "focused" | "visible" | "fullscreen"> {
    return {
      rtt_ms: rounded(this.ping.rttMs),
      jitter_ms: rounded(this.ping.jitterMs),
      lost: this.ping.lost(now),
      focused: document.hasFocus(),
      visible: document.visibilityState === "visible",
      fullscreen: isFullscreen(),
    };
  }

  /** The server counts how long a page is away by its own clock: it hears at once when that begins and ends. */
  private pulse(): void {
    const now = performance.now();
    const { phase, episode, frame, unacked, match } = this.port.status();
    const sent = this.port.send({
      op: "participant.pulse",
      n: this.ping.next,
      client_ms: now,
      ...this.live(now),
      rtt_n: this.ping.rttN,
      ...this.smoothness,
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
