/** The worker that runs Python: takes the page's messages in order, and answers every failure with a message. */
import { GameRunner } from "./game_runner";
import { textOf } from "./boot_error";
import { bootInterpreter } from "./interpreter";
import { MatchEntropy } from "./match_entropy";
import { MatchRunner } from "./match_runner";
import type { Pyodide } from "./pyodide";
import type { Runner } from "./python_game";
import type { FromWorker, ToWorker } from "./rpc";
import { WorkerLog } from "./worker_log";

const scope = self as unknown as {
  postMessage(message: FromWorker, transfer: Transferable[]): void;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  addEventListener(type: "unhandledrejection", listener: (event: PromiseRejectionEvent) => void): void;
  addEventListener(type: "error", listener: (event: ErrorEvent) => void): void;
};

const entropy = new MatchEntropy();
let pyodide: Pyodide | null = null;
let runner: Runner | null = null;
let inOrder: Promise<void> = Promise.resolve();
let bootFailure: unknown = null;
let held = false;
const log = new WorkerLog(
  console,
  (lines) => scope.postMessage({ op: "console", lines }, []),
  (work, ms) => self.setTimeout(work, ms),
);

function post(message: FromWorker, transfer: Transferable[] = []): void {
  if (message.op === "failed") log.flush();
  scope.postMessage(message, transfer);
}

function failed(error: unknown, visitId: string | null): void {
  const traceback = error instanceof Error ? (error.stack ?? "") : "";
  post({ op: "failed", visitId, kind: "runtime", message: textOf(error), traceback });
}

async function boot(message: Extract<ToWorker, { op: "boot" }>): Promise<void> {
  const began = performance.now();
  try {
    pyodide = await bootInterpreter(message.runtime, (stage, fraction, text) => post({ op: "progress", stage, fraction, text }));
    post({ op: "booted", bootMs: performance.now() - began });
  } catch (error) {
    bootFailure = error;
    failed(error, null);
  }
}

function load(message: Extract<ToWorker, { op: "load" }>): void {
  if (!pyodide) {
    failed(bootFailure ?? new Error("a game was loaded before Python was booted"), message.visitId);
    return;
  }
  unload();
  const again = message.stored.length > 0 || (message.tail?.entries.length ?? 0) > 0;
  post({ op: "progress", stage: "environment", fraction: 0, text: again ? "Going back to where you were" : "Preparing the game" });
  const several = message.config.players.length > 0;
  runner = several ? new MatchRunner(pyodide, message, entropy, post) : new GameRunner(pyodide, message, entropy, post);
  runner.load(pyodide);
  if (held) runner.hold(true);
  post({ op: "progress", stage: "environment", fraction: 1, text: "Preparing the game" });
}

function unload(): void {
  const ending = runner;
  runner = null;
  ending?.unload();
}

async function handle(message: ToWorker): Promise<void> {
  switch (message.op) {
    case "boot":
      return boot(message);
    case "load":
      return load(message);
    case "start":
      if (runner?.visit === message.visitId) runner.start();
      return;
    case "keys":
      return runner?.keys(message.held, message.pressed);
    case "globals":
      return runner?.changeGlobals(message.change);
    case "hold":
      held = message.held;
      runner?.hold(held);
      return;
    case "packet":
      if (runner instanceof MatchRunner && runner.visit === message.visitId) runner.packet(message.player, message.channel, message.body);
      return;
    case "note":
      if (runner instanceof MatchRunner && runner.visit === message.visitId) runner.note(message.note);
      return;
    case "ping":
      return post({ op: "pong" });
    case "unload":
      if (runner?.visit === message.visitId) unload();
      post({ op: "unloaded", visitId: message.visitId });
      return;
  }
}

scope.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  failed(event.reason, runner?.visit ?? null);
});
scope.addEventListener("error", (event) => {
  event.preventDefault();
  failed(event.error ?? event.message, runner?.visit ?? null);
});
scope.onmessage = (event) => {
  const message = event.data;
  inOrder = inOrder.then(() => handle(message)).catch((error: unknown) => failed(error, "visitId" in message ? message.visitId : (runner?.visit ?? null)));
};
