/**
 * One visit of a game in Python: calls it, and hands over to the page what comes of each call. Proxies of Python objects
 * are kept here and destroyed with the visit.
 */
import { type GlobalsChange, KnownGlobals } from "../globals_change";
import type { GameConfig } from "../protocol/messages";
import type { MatchEntropy } from "./match_entropy";
import type { PyBytes, PyFunction, PyProxy, Pyodide } from "./pyodide";
import type { FrameMeta, FromWorker, MatchLive, PeerChannel, PolicyTimes, RenderPacketWire, TailRecord, ToWorker } from "./rpc";

/** The figures of so many ticks go into the records once a visit. */
const CALIBRATION_TICKS = 60;

export type Post = (message: FromWorker, transfer?: Transferable[]) => void;
export type LoadMessage = Extract<ToWorker, { op: "load" }>;
type Outcome = NonNullable<Extract<FromWorker, { op: "finished" }>["outcome"]>;

/** What plays a visit in this worker. */
export interface Runner {
  readonly visit: string;
  load(pyodide: Pyodide): void;
  start(): void;
  keys(held: readonly string[], pressed: readonly string[]): void;
  changeGlobals(change: GlobalsChange): void;
  /** Make no frame from now on, or go on where it stood. */
  hold(held: boolean): void;
  /** End the visit: rows that are not cut yet are handed over, and Python forgets the study's code. */
  unload(): void;
}

interface ViewAnswer {
  episode: number;
  frame: number;
  packet: RenderPacketWire | null;
  image: { width: number; height: number } | null;
  hud: string | null;
  score: number;
  corrected?: boolean;
}

/** What `mug.play.browser` answers with. Blobs: images of the views, bodies of the chunks, bodies of the packets. */
export interface Answer {
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
  packets?: { player: number; channel: PeerChannel; delayMs: number }[];
  live?: MatchLive | null;
  peers?: { name: string; data: Record<string, unknown> }[];
  rows?: Record<string, unknown>[];
  speed?: number;
  stage?: string;
  outcome?: Outcome | null;
  reason?: string;
  /** When the game is over, or rows are handed over before its end. */
  policies?: PolicyTimes[];
}

interface PyGame extends PyProxy {
  load: PyFunction<[string, PyProxy, string | undefined], string>;
  start: PyFunction<[], string>;
  tick: PyFunction<[number?, Uint8Array?], string>;
  poll: PyFunction<[number, Uint8Array?], string>;
  note: PyFunction<[string], undefined>;
  flush: PyFunction<[], string>;
  keys: PyFunction<[string], undefined>;
  change_globals: PyFunction<[string], undefined>;
  take_blob: PyFunction<[], PyBytes>;
  close: PyFunction<[], undefined>;
}

const METHODS = ["load", "start", "tick", "poll", "note", "flush", "keys", "change_globals", "take_blob", "close"] as const;
type Methods = Pick<PyGame, (typeof METHODS)[number]>;

export class PythonGame {
  readonly visitId: string;
  readonly config: GameConfig;
  private readonly game: PyGame;
  private readonly python: Methods;
  private readonly stepTimes: number[] = [];
  private readonly renderTimes: number[] = [];
  private over = false;
  private told = false;
  private measuredPolicies = false;
  /** What the page knows of `mug_globals`. */
  private readonly toldGlobals: KnownGlobals;

  constructor(
    pyodide: Pyodide,
    private readonly message: LoadMessage,
    private readonly entropy: MatchEntropy,
    private readonly post: Post,
  ) {
    this.visitId = message.visitId;
    this.config = message.config;
    this.toldGlobals = new KnownGlobals(message.config.mug_globals);
    const module = pyodide.pyimport("mug.play.browser");
    const make = module["BrowserGame"] as PyFunction<[unknown, unknown], PyGame>;
    this.game = make(entropy.begin, entropy.end);
    make.destroy();
    module.destroy();
    // Every look-up of a method makes a new proxy: they are looked up once.
    this.python = Object.fromEntries(METHODS.map((name) => [name, this.game[name]])) as unknown as Methods;
  }

  /** It failed or does not reproduce: nothing is called any more. */
  get stopped(): boolean {
    return this.over;
  }

  /** A page changed `mug_globals`. */
  changeGlobals(change: GlobalsChange): void {
    this.toldGlobals.learn(change);
    this.tell((python) => python.change_globals(JSON.stringify(change)));
  }

  /** Load the environment and reset it, or step the stored frames again. */
  load(pyodide: Pyodide): void {
    const { stored, tail, config } = this.message;
    const bodies = pyodide.toPy(stored);
    try {
      const tailText = tail && tail.matchId === config.match_id ? JSON.stringify(tail) : undefined;
      this.ask(
        (python) => python.load(JSON.stringify(config), bodies, tailText),
        ({ assetSpecs, agents }) => this.post({ op: "loaded", visitId: this.visitId, assetSpecs: assetSpecs ?? [], agents: agents ?? [] }),
      );
    } finally {
      bodies.destroy();
    }
  }

  /** Call Python and hand over what comes of it; null when that ended the game, which is then told. */
  ask(call: (python: Methods) => string, before?: (answer: Answer) => void): Answer | null {
    if (this.over) return null;
    const began = this.entropy.now();
    let answer: Answer;
    try {
      answer = JSON.parse(call(this.python)) as Answer;
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.fail("runtime", text.trim().split("\n").pop() ?? text, text);
      return null;
    } finally {
      this.entropy.end();
    }
    if (answer.irreproducible) {
      this.over = true;
      const { reason } = answer.irreproducible;
      this.post({ op: "irreproducible", visitId: this.visitId, matchId: this.config.match_id, reason });
      return null;
    }
    if (answer.failed) {
      this.handOver({ ...answer, finished: false }, 0);
      const { kind, message, traceback } = answer.failed;
      this.fail(kind, message, traceback);
      return null;
    }
    before?.(answer);
    this.handOver(answer, this.entropy.now() - began);
    return answer;
  }

  /** Tell Python something that has no answer. */
  tell(call: (python: Methods) => void): void {
    if (!this.over) call(this.python);
  }

  /** The figures of one tick, for the records. */
  measured(answer: Answer): void {
    if (this.stepTimes.length >= CALIBRATION_TICKS) return;
    this.stepTimes.push(answer.stepMs);
    this.renderTimes.push(answer.renderMs);
    if (this.stepTimes.length === CALIBRATION_TICKS) {
      this.post({ op: "calibrated", visitId: this.visitId, stepMs: median(this.stepTimes), renderMs: median(this.renderTimes) });
    }
  }

  unload(): void {
    this.ask((python) => python.flush());
    this.over = true;
    try {
      this.python.close();
    } finally {
      for (const name of METHODS) this.python[name].destroy();
      this.game.destroy();
    }
  }

  /** A game that is already over, and only still answers its partners, does not fail any more. */
  private fail(kind: "environment" | "runtime", message: string, traceback: string): void {
    this.over = true;
    if (this.told) console.warn("after the end of the game:", message, traceback);
    else this.post({ op: "failed", visitId: this.visitId, kind, message, traceback });
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
    for (const { player, channel, delayMs } of answer.packets ?? []) {
      const body = blobs.shift();
      if (body) this.send(player, channel, body.buffer, delayMs);
    }
    for (const { name, data } of answer.peers ?? []) this.post({ op: "peers", visitId, name, data });
    if (answer.rows?.length) this.post({ op: "rows", visitId, rows: answer.rows });
    if (answer.live) this.post({ op: "live", visitId, live: answer.live });
    if (answer.tail) this.post({ op: "tail", tail: { visitId, ...answer.tail } });
    const change = answer.globals && this.toldGlobals.news(answer.globals);
    if (change) this.post({ op: "globals", change });
    if (answer.policies?.length && this.config.match_id && !this.measuredPolicies) {
      this.measuredPolicies = true;
      this.post({ op: "policies", visitId, matchId: this.config.match_id, figures: answer.policies });
    }
    if (answer.finished && !this.told) {
      this.told = true;
      const { outcome, reason } = answer;
      this.post({ op: "finished", visitId, ...(outcome ? { outcome } : {}), ...(reason ? { reason } : {}) });
    }
  }

  /** The study's network conditions are part of the game: what they hold back leaves later. */
  private send(player: number, channel: PeerChannel, body: ArrayBuffer, delayMs: number): void {
    const go = (): void => this.post({ op: "send", visitId: this.visitId, player, channel, body }, [body]);
    if (delayMs > 0) self.setTimeout(go, delayMs);
    else go();
  }

  private showView(view: ViewAnswer, rgba: Uint8Array<ArrayBuffer> | undefined, tickMs: number): void {
    const { episode, frame, packet, hud, score, corrected = false } = view;
    const image =
      view.image && rgba ? { ...view.image, rgba: new Uint8ClampedArray(rgba.buffer, rgba.byteOffset, rgba.byteLength) } : null;
    const transfer = rgba ? [rgba.buffer] : [];
    this.post({ op: "frame", view: { visitId: this.visitId, episode, frame, packet, image, hud, score, tickMs, corrected } }, transfer);
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
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
