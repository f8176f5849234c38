/**
 * A game of several people in this worker. While it plays, Python is called once a frame with the packets that came since
 * the last call, and the frame time stretches a little where this player is ahead of the others. While it does not (the
 * handshake, between episodes, a pause) or stands still for want of a partner's input, packets are passed on at once.
 */
import type { GlobalsChange } from "../globals_change";
import { FrameClock } from "./frame_clock";
import type { MatchEntropy } from "./match_entropy";
import { framed, type Arrival } from "./packet_frames";
import type { Pyodide } from "./pyodide";
import { PythonGame, type Answer, type LoadMessage, type Post, type Runner } from "./python_game";
import type { MatchNote, PeerChannel } from "./rpc";

/** Python is called at least so often while no frames run: keep-alives, repeated packets, the countdown. */
const POLL_MS = 50;

/** Stages in which frames follow each other; see `MatchStatus`. */
const TICKING: ReadonlySet<string> = new Set(["playing", "stalled"]);

export class MatchRunner implements Runner {
  private readonly game: PythonGame;
  private readonly clock: FrameClock;
  private arrivals: Arrival[] = [];
  private stage = "connecting";
  private started = false;
  private timer: { id: number; dueMs: number } | null = null;

  constructor(
    pyodide: Pyodide,
    message: LoadMessage,
    private readonly entropy: MatchEntropy,
    post: Post,
  ) {
    this.game = new PythonGame(pyodide, message, entropy, post);
    this.clock = new FrameClock(message.config.fps, () => this.tick(), {
      now: () => entropy.now(),
      set: (work, ms) => self.setTimeout(work, ms),
      clear: (timer) => self.clearTimeout(timer),
    });
  }

  get visit(): string {
    return this.game.visitId;
  }

  get match(): string {
    return this.game.config.match_id;
  }

  load(pyodide: Pyodide): void {
    this.game.load(pyodide);
  }

  start(): void {
    this.started = true;
    const answer = this.game.ask((python) => python.start());
    if (answer) this.goOn(answer);
  }

  keys(held: readonly string[], pressed: readonly string[]): void {
    this.game.tell((python) => python.keys(JSON.stringify({ held, pressed })));
  }

  changeGlobals(change: GlobalsChange): void {
    this.game.changeGlobals(change);
  }

  note(note: MatchNote): void {
    this.game.tell((python) => python.note(JSON.stringify(note)));
    this.pollWithin(0);
  }

  hold(held: boolean): void {
    this.note({ kind: "held", held });
  }

  packet(player: number, channel: PeerChannel, body: ArrayBuffer): void {
    if (this.game.stopped) return;
    this.arrivals.push({ player, channel, atMs: this.entropy.now(), body });
    if (this.stage !== "playing") this.pollWithin(0);
  }

  unload(): void {
    this.clock.stop();
    this.clearTimer();
    this.game.unload();
  }

  private tick(): number {
    const packets = this.takePackets();
    const answer = this.game.ask((python) => python.tick(this.entropy.now(), packets));
    if (!answer) {
      this.clock.stop();
      return 0;
    }
    this.game.measured(answer);
    this.goOn(answer);
    return answer.waitMs;
  }

  private poll(): void {
    const packets = this.takePackets();
    const answer = this.game.ask((python) => python.poll(this.entropy.now(), packets));
    if (answer) this.goOn(answer);
  }

  /** After the end too: partners still wait for answers until the page unloads the game. */
  private goOn(answer: Answer): void {
    this.stage = answer.stage ?? this.stage;
    this.clock.speed = answer.speed ?? 1;
    if (TICKING.has(this.stage) && !answer.finished) {
      if (this.stage === "playing") this.clearTimer();
      this.clock.start(answer.waitMs);
    } else {
      this.clock.stop();
      this.pollWithin(answer.waitMs > 0 ? Math.min(answer.waitMs, POLL_MS) : POLL_MS);
    }
  }

  /** One timer: what is due earlier takes the place of what is due later. */
  private pollWithin(ms: number): void {
    if (!this.started || this.game.stopped) return;
    const dueMs = this.entropy.now() + ms;
    if (this.timer) {
      if (this.timer.dueMs <= dueMs) return;
      self.clearTimeout(this.timer.id);
    }
    const id = self.setTimeout(() => {
      this.timer = null;
      this.poll();
    }, ms);
    this.timer = { id, dueMs };
  }

  private clearTimer(): void {
    if (this.timer) self.clearTimeout(this.timer.id);
    this.timer = null;
  }

  private takePackets(): Uint8Array | undefined {
    if (this.arrivals.length === 0) return undefined;
    const taken = this.arrivals;
    this.arrivals = [];
    return framed(taken);
  }
}
