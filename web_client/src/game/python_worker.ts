/**
 * The worker that runs Python, as the page sees it: booted while the first pages are read, started afresh where a scene
 * asks for it, and watched, so that nobody waits in front of a spinner for ever.
 */
import type { RuntimeManifest } from "../protocol/messages";
import type { FromWorker, ToWorker } from "../worker/rpc";

/** Without any sign of life while loading for this long, the page says so. */
const SILENCE_MS = 45_000;

export interface Progress {
  stage: string;
  fraction: number;
  text: string;
}

export interface PythonListener {
  received(message: FromWorker): void;
  /** Loading has made no progress for long. */
  silent(): void;
}

export class PythonWorker {
  private worker: Worker | null = null;
  private listener: PythonListener | null = null;
  private silence: ReturnType<typeof setTimeout> | null = null;
  private used = false;
  private held = false;
  /** The last progress and failure, for a scene that begins to listen later. */
  progress: Progress = { stage: "runtime", fraction: 0, text: "Starting Python" };
  failure: Extract<FromWorker, { op: "failed" }> | null = null;
  booted = false;

  constructor(
    private readonly runtime: RuntimeManifest,
    private always: (message: FromWorker) => void,
  ) {}

  /** Start loading Python; does nothing when that has begun. */
  boot(): void {
    if (this.worker) return;
    this.failure = null;
    this.booted = false;
    this.used = false;
    const worker = new Worker(new URL("../worker/worker.ts", import.meta.url), { type: "module", name: "mug-python" });
    this.worker = worker;
    worker.onmessage = (event: MessageEvent<FromWorker>) => this.onMessage(worker, event.data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.onMessage(worker, failed(event.message || "the part of the page that runs Python did not load"));
    };
    worker.onmessageerror = () => this.onMessage(worker, failed("a message of the Python worker could not be read"));
    this.expectLife();
    this.post({ op: "boot", runtime: this.runtime });
    if (this.held) this.post({ op: "hold", held: true });
  }

  /** A fresh interpreter, for scenes that ask for one, or after a failure. Keeps one that ran nothing yet. */
  reboot(): void {
    if (this.worker && !this.used && !this.failure) return;
    this.worker?.terminate();
    this.worker = null;
    this.progress = { stage: "runtime", fraction: 0, text: "Starting Python" };
    this.boot();
  }

  /** Another part of the page goes on with this interpreter: it hears of everything from now on. */
  goOn(always: (message: FromWorker) => void): void {
    this.always = always;
  }

  /** It does not answer any more: whatever is loaded next gets a fresh one. */
  abandon(message: string): void {
    this.stop();
    this.failure = { op: "failed", visitId: null, kind: "environment", message, traceback: "" };
  }

  stop(): void {
    this.lifeSeen();
    this.worker?.terminate();
    this.worker = null;
  }

  listen(listener: PythonListener | null): void {
    this.listener = listener;
  }

  /** Games stand still, the present one and those that are loaded later; loading goes on. */
  hold(held: boolean): void {
    if (held === this.held) return;
    this.held = held;
    this.post({ op: "hold", held });
  }

  load(message: Extract<ToWorker, { op: "load" }>): void {
    this.used = true;
    this.expectLife();
    this.post(message);
  }

  post(message: ToWorker, transfer: Transferable[] = []): void {
    this.worker?.postMessage(message, transfer);
  }

  private onMessage(worker: Worker, message: FromWorker): void {
    if (worker !== this.worker) return; // of an interpreter that was replaced
    if (message.op === "progress") {
      this.progress = { stage: message.stage, fraction: message.fraction, text: message.text };
      this.expectLife();
    } else if (message.op === "booted") {
      this.booted = true;
      this.lifeSeen();
    } else if (message.op === "loaded") {
      this.lifeSeen();
    } else if (message.op === "failed") {
      this.failure = message;
      this.lifeSeen();
    }
    this.always(message);
    this.listener?.received(message);
  }

  private expectLife(): void {
    this.lifeSeen();
    this.silence = setTimeout(() => this.listener?.silent(), SILENCE_MS);
  }

  private lifeSeen(): void {
    if (this.silence !== null) clearTimeout(this.silence);
    this.silence = null;
  }
}

function failed(message: string): FromWorker {
  return { op: "failed", visitId: null, kind: "runtime", message, traceback: "" };
}
