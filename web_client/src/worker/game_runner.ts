/** One person's game in this worker: Python is called once a tick. */
import type { GlobalsChange } from "../globals_change";
import { FrameClock } from "./frame_clock";
import type { MatchEntropy } from "./match_entropy";
import type { Pyodide } from "./pyodide";
import { PythonGame, type LoadMessage, type Post, type Runner } from "./python_game";

export class GameRunner implements Runner {
  private readonly game: PythonGame;
  private readonly clock: FrameClock;

  constructor(pyodide: Pyodide, message: LoadMessage, entropy: MatchEntropy, post: Post) {
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

  load(pyodide: Pyodide): void {
    this.game.load(pyodide);
  }

  start(): void {
    const answer = this.game.ask((python) => python.start());
    if (answer && !answer.finished) this.clock.start(answer.waitMs);
  }

  keys(held: readonly string[], pressed: readonly string[]): void {
    this.game.tell((python) => python.keys(JSON.stringify({ held, pressed })));
  }

  changeGlobals(change: GlobalsChange): void {
    this.game.changeGlobals(change);
  }

  hold(held: boolean): void {
    if (held) this.clock.hold();
    else this.clock.release();
  }

  unload(): void {
    this.clock.stop();
    this.game.unload();
  }

  private tick(): number {
    const answer = this.game.ask((python) => python.tick());
    if (!answer || answer.finished) this.clock.stop();
    if (!answer) return 0;
    this.game.measured(answer);
    return answer.waitMs;
  }
}
