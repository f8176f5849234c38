/** What this worker writes into its console (a study's prints, too), passed on to the page in batches. */
import { listenToConsole, type LoggingConsole, type PageLine } from "../care/page_log";

const EVERY_MS = 500;
/** Of a study that prints without end, so many lines a batch are passed on: the newest. */
const MAX_LINES = 60;

export class WorkerLog {
  private lines: PageLine[] = [];
  private timer: number | null = null;

  constructor(
    target: LoggingConsole,
    private readonly post: (lines: PageLine[]) => void,
    private readonly after: (work: () => void, ms: number) => number,
  ) {
    listenToConsole(target, (line) => this.take(line));
  }

  /** Pass on what is there now: a failure is about to be told. */
  flush(): void {
    if (this.lines.length === 0) return;
    const taken = this.lines;
    this.lines = [];
    this.post(taken);
  }

  private take(line: PageLine): void {
    this.lines.push(line);
    if (this.lines.length > MAX_LINES) this.lines.shift();
    this.timer ??= this.after(() => {
      this.timer = null;
      this.flush();
    }, EVERY_MS);
  }
}
