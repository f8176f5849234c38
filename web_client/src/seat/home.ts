/** A desk at home: it warms up, tells the server once a second how it stands, and waits to be asked to begin. */
import { PythonWorker } from "../game/python_worker";
import { isFullscreen } from "../monitor/monitor";
import { PingStats } from "../monitor/ping";
import type { ServerClock } from "../monitor/server_clock";
import { everySecond } from "../monitor/ticker";
import { Probe } from "../peer/probe";
import type { PulseEcho, RuntimeManifest, SeatRefused, SeatWelcome, ServerMessage } from "../protocol/messages";
import { noticePage } from "../scenes/notices";
import type { DeskMessage } from "../transport/connection";
import type { Shell } from "../view/shell";
import type { FromWorker } from "../worker/rpc";
import { checksOf, overall, type Check, type Trial } from "./checks";
import { FrameRate } from "./frame_rate";
import { SeatView } from "./seat_view";
import { tryPeerConnection, tryStorage } from "./trials";

/** The estimate of the clock rests on so many echoes before it is shown. */
const CLOCK_ECHOES = 3;
const ASK_AGAIN_MS = 5000;
const RELOADED = "mug:reloaded-for";

export interface HomePort {
  shell: Shell;
  desk: string;
  build: string;
  session: Storage | null;
  clock: ServerClock;
  say(message: DeskMessage): boolean;
  /** Say hello once more. */
  retry(): void;
}

export class SeatHome {
  private readonly view: SeatView;
  private readonly ping = new PingStats();
  private readonly frames = new FrameRate();
  private readonly endTicker: () => void;
  private readonly abort = new AbortController();
  private python: PythonWorker | null = null;
  private runtime: RuntimeManifest | null = null;
  private welcomed = false;
  private webrtc: Trial = { state: "wait", text: "Trying." };
  private storage: Trial = { state: "wait", text: "Trying." };
  private probe: Probe | null = null;
  private reported = "";
  private again: ReturnType<typeof setTimeout> | null = null;
  private shown = false;
  private steppedBack = false;
  private over = false;

  constructor(private readonly port: HomePort) {
    this.view = new SeatView(port.desk);
    this.endTicker = everySecond(() => this.report());
    const draw = (at: number): void => {
      if (this.over) return;
      this.frames.drawn(at);
      requestAnimationFrame(draw);
    };
    requestAnimationFrame(draw);
    const { signal } = this.abort;
    for (const name of ["focus", "blur"]) window.addEventListener(name, () => this.look(), { signal });
    document.addEventListener(
      "visibilitychange",
      () => {
        this.frames.reset();
        this.look();
      },
      { signal },
    );
    void tryPeerConnection().then((trial) => {
      this.webrtc = trial;
      this.look();
    });
    void tryStorage().then((trial) => {
      this.storage = trial;
      this.look();
    });
  }

  received(message: ServerMessage): void {
    switch (message.op) {
      case "seat.welcome":
        this.welcome(message);
        break;
      case "seat.refused":
        this.refused(message);
        break;
      case "pulse.echo":
        this.echoed(message);
        break;
      case "probe.partners":
        this.probe?.close();
        this.probe = new Probe(message, {
          send: (said) => this.port.say(said),
          event: () => undefined,
          visible: () => document.visibilityState === "visible",
        });
        break;
      case "probe.over":
        if (this.probe?.id === message.probe_id) this.closeProbe();
        break;
      case "peer.signal_from":
        if (this.probe?.id === message.match_id) this.probe.signalled(message.agent, message.data);
        break;
      case "peer.relayed":
        if (this.probe?.id === message.match_id) this.probe.relayed(message.agent, message.body);
        break;
      case "error.reply":
        console.warn(`the server did not take ${message.about}: ${message.message} (${message.code} ${message.path})`);
        break;
    }
  }

  connectionLost(): void {
    this.ping.reset();
    this.closeProbe();
  }

  /** The Python that is warm, for the participant who begins here; null where it is another, or has failed. */
  handOver(runtime: RuntimeManifest, received: (message: FromWorker) => void): PythonWorker | null {
    const { python } = this;
    if (!python || python.failure || JSON.stringify(runtime) !== JSON.stringify(this.runtime)) return null;
    this.python = null;
    python.goOn(received);
    return python;
  }

  /** The page asks to take part: it is not ours to show any more, but still a desk until the answer is there. */
  stepBack(): void {
    this.steppedBack = true;
    this.closeProbe();
  }

  /** Somebody takes part here now: nothing is measured or told any more. */
  dispose(): void {
    this.over = true;
    this.abort.abort();
    this.endTicker();
    this.closeProbe();
    this.python?.stop();
    this.python = null;
  }

  private welcome(message: SeatWelcome): void {
    const { shell, session, clock } = this.port;
    const changed = this.welcomed && JSON.stringify(this.runtime) !== JSON.stringify(message.runtime);
    if (changed) {
      window.location.reload(); // another study is served here now
      return;
    }
    session?.removeItem(RELOADED);
    clock.welcomed(message.server_time);
    this.welcomed = true;
    this.runtime = message.runtime;
    if (message.runtime && !this.python) {
      this.python = new PythonWorker(message.runtime, (said) => this.onWorker(said));
      this.python.boot();
    }
    if (message.title) shell.title.setStudy(`${this.port.desk} · ${message.title}`);
    this.view.setStudy(message.title);
    shell.setStatus(null);
    this.shown = false;
    this.report();
  }

  private onWorker(message: FromWorker): void {
    if (message.op === "failed") {
      this.port.say({ op: "participant.error", kind: message.kind, message: message.message, traceback: message.traceback, fatal: false });
    }
    if (["failed", "booted", "progress"].includes(message.op)) this.look();
  }

  private refused({ reason, message }: SeatRefused): void {
    const { shell, session, build, desk } = this.port;
    if ((reason === "build" || reason === "protocol") && session && session.getItem(RELOADED) !== build) {
      session.setItem(RELOADED, build);
      window.location.reload();
      return;
    }
    this.shown = this.welcomed = false;
    const waits = reason === "taken" || reason === "closed";
    const again = { label: "Try again", run: () => (waits ? this.port.retry() : window.location.reload()) };
    shell.show(
      noticePage({ title: `Desk ${desk}`, text: message, alert: !waits, ...(reason === "bad_desk" ? {} : { action: again }) }),
      waits ? "waiting" : "error",
      reason,
    );
    if (this.again !== null) clearTimeout(this.again);
    this.again = waits ? setTimeout(() => !this.over && this.port.retry(), ASK_AGAIN_MS) : null;
  }

  private echoed(echo: PulseEcho): void {
    this.ping.answered(echo.n, performance.now());
    this.look();
  }

  private checks(): Check[] {
    const { python, port, welcomed } = this;
    const visible = document.visibilityState === "visible";
    return checksOf({
      welcomed,
      runtime: python && {
        fraction: python.progress.fraction,
        text: python.progress.text,
        booted: python.booted,
        failure: python.failure?.message ?? null,
      },
      clockOffsetMs: port.clock.count >= CLOCK_ECHOES ? port.clock.offsetMs() : null,
      frameRateHz: visible ? this.frames.hz : null,
      visible,
      focused: document.hasFocus(),
      webrtc: this.webrtc,
      storage: this.storage,
    });
  }

  /** Something may be different now: show it, and tell the server at once where a check has changed its state. */
  private look(): void {
    if (this.over || !this.welcomed) return;
    const checks = this.checks();
    this.show(checks);
    if (statesOf(checks) !== this.reported) this.report();
  }

  private show(checks: readonly Check[]): void {
    const { shell } = this.port;
    if (this.steppedBack) return;
    this.view.update(checks);
    const phase = overall(checks) === "good" ? "waiting" : "loading";
    if (!this.shown) {
      this.shown = true;
      shell.show(this.view.view, phase);
    } else if (shell.phase !== phase) shell.setPhase(phase);
  }

  private report(): void {
    if (this.over || !this.welcomed) return;
    const checks = this.checks();
    const now = performance.now();
    const { clock } = this.port;
    const sent = this.port.say({
      op: "seat.report",
      n: this.ping.next,
      client_ms: now,
      rtt_ms: this.ping.rttMs,
      jitter_ms: this.ping.jitterMs,
      clock_offset_ms: clock.offsetMs(),
      frame_rate_hz: document.visibilityState === "visible" ? this.frames.lastSecond(now) : null,
      focused: document.hasFocus(),
      visible: document.visibilityState === "visible",
      fullscreen: isFullscreen(),
      checks,
    });
    if (!sent) return;
    this.ping.sent(now);
    this.reported = statesOf(checks);
    this.show(checks);
  }

  private closeProbe(): void {
    this.probe?.close();
    this.probe = null;
  }
}

function statesOf(checks: readonly Check[]): string {
  return checks.map(({ name, state }) => `${name}=${state}`).join();
}
