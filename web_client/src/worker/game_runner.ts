/**
 * One visit of a game in this worker: calls Python once a tick and hands over what comes of it. Proxies of Python
 * objects are kept here and destroyed with the visit.
 */
import type { GameConfig } from "../protocol/messages";
import { FrameClock } from "./frame_clock";
import type { MatchEntropy } from "./match_entropy";
import type { PyBytes, PyFunction, PyProxy, Pyodide } from "./pyodide";
import type { FrameMeta, FromWorker, RenderPacketWire, TailRecord, ToWorker } from "./rpc";

/** The figures of so many ticks go into the records once a visit. */
const CALIBRATION_TICKS = 60;

export type Post = (message: FromWorker, transfer?: Transferable[]) => void;

interface ViewAnswer {
  episode: number;
  frame: number;
  packet: RenderPacketWire | null;
  image: { width: number; height: number } | null;
  hud: string | null;
  score: number;
}

/** What `mug.play.browser` answers with. */
interface Answer {
  views: ViewAnswer[];
  events: { name: string; data: Record<string, unknown> }[];
  chunks: FrameMeta[];
  tail: Omit<TailRecord, "visitId"> | null;
  globals: Record<string, unknown> | null;
  waitMs: number;
  stepMs: number;
  renderMs: number;
  finished: boolean;
  blobs: number;
  agents?: string[];
  assetSpecs?: Record<string, unknown>[];
  failed?: { kind: "environment" | "runtime"; message: string; traceback: string };
  irreproducible?: { reason: string };
}

interface PyGame extends PyProxy {
  load: PyFunction<[string, PyProxy, string | undefined], string>;
  start: PyFunction<[], string>;
  tick: PyFunction<[], string>;
  flush: PyFunction<[], string>;
  keys: PyFunction<[string], undefined>;
  set_globals: PyFunction<[string], undefined>;
  take_blob: PyFunction<[], PyBytes>;
  close: PyFunction<[], undefined>;
}

const METHODS = ["load", "start", "tick", "flush", "keys", "set_globals", "take_blob", "close"] as const;
type Methods = Pick<PyGame, (typeof METHODS)[number]>;

export class GameRunner {
  private readonly game: PyGame;
  private readonly python: Methods;
  private readonly clock: FrameClock;
  private readonly visitId: string;
  private readonly config: GameConfig;
  private readonly stepTimes: number[] = [];
  private readonly renderTimes: number[] = [];
  private stopped = false;

  constructor(
    pyodide: Pyodide,
    private readonly message: Extract<ToWorker, { op: "load" }>,
    private readonly entropy: MatchEntropy,
    private readonly post: Post,
  ) {
    this.visitId = message.visitId;
    this.config = message.config;
    const module = pyodide.pyimport("mug.play.browser");
    const make = module["BrowserGame"] as PyFunction<[unknown, unknown], PyGame>;
    this.game = make(entropy.begin, entropy.end);
    make.destroy();
    module.destroy();
    // Every look-up of a method makes a new proxy: they are looked up once.
    this.python = Object.fromEntries(METHODS.map((name) => [name, this.game[name]])) as unknown as Methods;
    this.clock = new FrameClock(this.config.fps, () => this.tick(), {
      now: () => entropy.now(),
      set: (work, ms) => self.setTimeout(work, ms),
      clear: (timer) => self.clearTimeout(timer),
    });
  }

  get visit(): string {
    return this.visitId;
  }

  /** Load the environment and reset it, or step the stored frames again. */
  load(pyodide: Pyodide): void {
    const { stored, tail, config } = this.message;
    const bodies = pyodide.toPy(stored);
    try {
      const tailText = tail && tail.matchId === config.match_id ? JSON.stringify(tail) : undefined;
      const answer = this.answer(() => this.python.load(JSON.stringify(config), bodies, tailText));
      if (!answer) return;
      this.post({ op: "loaded", visitId: this.visitId, assetSpecs: answer.assetSpecs ?? [], agents: answer.agents ?? [] });
      this.handOver(answer, 0);
    } finally {
      bodies.destroy();
    }
  }

  start(): void {
    if (this.stopped) return;
    const answer = this.answer(() => this.python.start());
    if (!answer) return;
    this.handOver(answer, 0);
    if (!answer.finished) this.clock.start(answer.waitMs);
  }

  keys(held: readonly string[], pressed: readonly string[]): void {
    if (!this.stopped) this.python.keys(JSON.stringify({ held, pressed }));
  }

  setGlobals(values: Record<string, unknown>): void {
    if (!this.stopped) this.python.set_globals(JSON.stringify(values));
  }

  /** End the visit: rows that are not cut yet are handed over, and Python forgets the study's code. */
  unload(): void {
    this.clock.stop();
    if (!this.stopped) {
      const answer = this.answer(() => this.python.flush());
      if (answer) this.handOver(answer, 0);
    }
    this.stopped = true;
    try {
      this.python.close();
    } finally {
      for (const name of METHODS) this.python[name].destroy();
      this.game.destroy();
    }
  }

  private tick(): number {
    if (this.stopped) return 0;
    const began = this.entropy.now();
    const answer = this.answer(() => this.python.tick());
    if (!answer) return 0;
    this.handOver(answer, this.entropy.now() - began);
    this.calibrate(answer);
    if (answer.finished) this.clock.stop();
    return answer.waitMs;
  }

  /** Call Python; a failure ends the game and is told. */
  private answer(call: () => string): Answer | null {
    let answer: Answer;
    try {
      answer = JSON.parse(call()) as Answer;
    } catch (error) {
      this.stop();
      const text = error instanceof Error ? error.message : String(error);
      const last = text.trim().split("\n").pop() ?? text;
      this.post({ op: "failed", visitId: this.visitId, kind: "runtime", message: last, traceback: text });
      return null;
    } finally {
      this.entropy.end();
    }
    if (answer.irreproducible) {
      this.stop();
      const { reason } = answer.irreproducible;
      this.post({ op: "irreproducible", visitId: this.visitId, matchId: this.config.match_id, reason });
      return null;
    }
    if (answer.failed) {
      this.stop();
      this.handOver({ ...answer, finished: false }, 0);
      const { kind, message, traceback } = answer.failed;
      this.post({ op: "failed", visitId: this.visitId, kind, message, traceback });
      return null;
    }
    return answer;
  }

  private stop(): void {
    this.stopped = true;
    this.clock.stop();
  }

  private handOver(answer: Answer, tickMs: number): void {
    const blobs: Uint8Array<ArrayBuffer>[] = [];
    for (let i = 0; i < answer.blobs; i++) blobs.push(this.takeBlob());
    const { visitId } = this;
    for (const view of answer.views) this.showView(view, view.image ? blobs.shift() : undefined, tickMs);
    for (const { name, data } of answer.events) this.post({ op: "event", visitId, name, data });
    for (const meta of answer.chunks) {
      const body = blobs.shift();
      if (body) this.post({ op: "chunk", visitId, stream: "frames", meta, body }, [body.buffer]);
    }
    if (answer.tail) this.post({ op: "tail", tail: { visitId, ...answer.tail } });
    if (answer.globals) this.post({ op: "globals", values: answer.globals });
    if (answer.finished) this.post({ op: "finished", visitId });
  }

  private showView(view: ViewAnswer, rgba: Uint8Array<ArrayBuffer> | undefined, tickMs: number): void {
    const { episode, frame, packet, hud, score } = view;
    const image =
      view.image && rgba ? { ...view.image, rgba: new Uint8ClampedArray(rgba.buffer, rgba.byteOffset, rgba.byteLength) } : null;
    const transfer = rgba ? [rgba.buffer] : [];
    this.post({ op: "frame", view: { visitId: this.visitId, episode, frame, packet, image, hud, score, tickMs } }, transfer);
  }

  private takeBlob(): Uint8Array<ArrayBuffer> {
    const bytes = this.python.take_blob();
    const buffer = bytes.getBuffer("u8");
    try {
      return new Uint8Array(buffer.data);
    } finally {
      buffer.release();
      bytes.destroy();
    }
  }

  private calibrate(answer: Answer): void {
    if (this.stepTimes.length >= CALIBRATION_TICKS) return;
    this.stepTimes.push(answer.stepMs);
    this.renderTimes.push(answer.renderMs);
    if (this.stepTimes.length === CALIBRATION_TICKS) {
      this.post({ op: "calibrated", visitId: this.visitId, stepMs: median(this.stepTimes), renderMs: median(this.renderTimes) });
    }
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
