/** The worker of the watching page: Python steps the match again, a slice of time at once, so that a later wish is heard. */
import { textOf } from "../worker/boot_error";
import { bootInterpreter } from "../worker/interpreter";
import { MatchEntropy } from "../worker/match_entropy";
import type { PyBytes, PyFunction, PyProxy, Pyodide } from "../worker/pyodide";
import type { AgentNow, FromWatchWorker, RoundRows, ToWatchWorker, WatchedView } from "./rpc";

/** Longer than a frame, so that little is lost between two slices; short enough to answer the hand at the scrubber. */
const SLICE_MS = 80;

/** As in `mug.play.watching_browser`. */
const WATCHING_VERSION = 1;

interface WatchedGame extends PyProxy {
  load: PyFunction<[string], string>;
  add: PyFunction<[PyProxy], string>;
  show: PyFunction<[number, number, number], string>;
  take_blob: PyFunction<[], PyBytes>;
}

interface Failure {
  failed?: { message: string; traceback: string };
}

interface Shown extends Failure {
  there: boolean;
  at: [number, number];
  told: string;
  view?: Omit<WatchedView, "image"> & { image: { width: number; height: number } | null };
  agents?: AgentNow[];
  compared: number;
  hashes: number;
}

const scope = self as unknown as {
  postMessage(message: FromWatchWorker, transfer: Transferable[]): void;
  onmessage: ((event: MessageEvent<ToWatchWorker>) => void) | null;
};
const entropy = new MatchEntropy();
let pyodide: Pyodide | null = null;
let game: WatchedGame | null = null;
let wanted: [number, number] | null = null;
let going = false;
let broken = false;
let inOrder: Promise<void> = Promise.resolve();

function post(message: FromWatchWorker, transfer: Transferable[] = []): void {
  scope.postMessage(message, transfer);
}

function fail(message: string, traceback = ""): void {
  broken = true;
  post({ op: "failed", message, traceback });
}

/** Python's answer; null when it is a failure, which is then told. */
function ask<T extends Failure>(call: (game: WatchedGame) => string): T | null {
  if (!game || broken) return null;
  let answer: T;
  try {
    answer = JSON.parse(call(game)) as T;
  } catch (error) {
    fail(textOf(error).trim().split("\n").pop() ?? "Python failed", textOf(error));
    return null;
  } finally {
    entropy.end();
  }
  if (!answer.failed) return answer;
  fail(answer.failed.message, answer.failed.traceback);
  return null;
}

async function boot(message: Extract<ToWatchWorker, { op: "boot" }>): Promise<void> {
  // Recorded actions are stepped, so nothing decides here.
  if (!message.runtime) return;
  pyodide = await bootInterpreter({ ...message.runtime, models_url: null }, (_stage, fraction, text) => post({ op: "progress", fraction, text }));
  post({ op: "progress", fraction: 1, text: "Preparing the game" });
  let module: PyProxy & Record<string, unknown>;
  try {
    module = pyodide.pyimport("mug.play.watching_browser");
  } catch {
    fail("The session was run by a version of MUG that could not be watched yet. Its records can be verified with `mug verify --study`.");
    return;
  }
  if (module["WATCHING_VERSION"] !== WATCHING_VERSION) {
    fail("The session was run by another version of MUG than this page is of. Watch it with the version that is named in its records.");
    return;
  }
  const make = module["WatchedGame"] as PyFunction<[unknown, unknown, unknown], WatchedGame>;
  game = make(entropy.begin, entropy.end, () => entropy.now());
  const loaded = ask<Failure & { agents: string[]; assetSpecs: Record<string, unknown>[] }>((python) => python.load(JSON.stringify(message.config)));
  if (loaded) post({ op: "loaded", agents: loaded.agents, assetSpecs: loaded.assetSpecs });
}

function addRows(bodies: Uint8Array<ArrayBuffer>[]): void {
  if (!pyodide) return;
  const given = pyodide.toPy(bodies);
  try {
    const answer = ask<Failure & { episodes: RoundRows[]; problem: string }>((python) => python.add(given));
    if (answer) post({ op: "rows", rounds: answer.episodes, problem: answer.problem });
  } finally {
    given.destroy();
  }
}

function goOn(): void {
  if (!wanted) {
    going = false;
    return;
  }
  going = true;
  const [episode, frame] = wanted;
  const answer = ask<Shown>((python) => python.show(episode, frame, SLICE_MS));
  if (!answer) return;
  if (answer.there && answer.view) {
    if (wanted[0] === episode && wanted[1] === frame) wanted = null;
    const { view, agents = [], told, compared, hashes } = answer;
    const rgba = view.image ? takeBlob() : null;
    const image = view.image && rgba ? { ...view.image, rgba: new Uint8ClampedArray(rgba.buffer) } : null;
    post({ op: "shown", wanted: [episode, frame], view: { ...view, image }, agents, told, compared, hashes }, rgba ? [rgba.buffer] : []);
  } else {
    post({ op: "going", episode: answer.at[0], frame: answer.at[1], told: answer.told });
  }
  self.setTimeout(goOn, 0);
}

function takeBlob(): Uint8Array<ArrayBuffer> | null {
  if (!game) return null;
  const bytes = game.take_blob();
  const buffer = bytes.getBuffer("u8");
  try {
    return new Uint8Array(buffer.data);
  } finally {
    buffer.release();
    bytes.destroy();
  }
}

async function handle(message: ToWatchWorker): Promise<void> {
  if (message.op === "boot") await boot(message);
  else if (message.op === "rows") addRows(message.bodies);
  else {
    wanted = [message.episode, message.frame];
    if (!going) goOn();
  }
}

scope.onmessage = (event) => {
  inOrder = inOrder.then(() => handle(event.data)).catch((error: unknown) => fail(textOf(error), error instanceof Error ? (error.stack ?? "") : ""));
};
