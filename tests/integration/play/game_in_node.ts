/**
 * Runs the worker's own code in Node: Pyodide from the installed distribution, the real `GameRunner`, and a script of
 * keys instead of a page. Prints one JSON object with everything that the page would have been told.
 */
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import type { GameConfig } from "../../../web_client/src/protocol/messages";
import { GameRunner } from "../../../web_client/src/worker/game_runner";
import { MatchEntropy } from "../../../web_client/src/worker/match_entropy";
import type { Pyodide } from "../../../web_client/src/worker/pyodide";
import type { FromWorker, TailRecord } from "../../../web_client/src/worker/rpc";

interface VisitScript {
  config: GameConfig;
  /** Stop (without unloading) after so many pictures; null: play to the end. */
  stop_after: number | null;
  stored: string[];
  tail: TailRecord | null;
  /** Ticks made before, for the script of keys. */
  first_tick: number;
}

interface Script {
  folder: string;
  lock_file: string;
  packages: string[];
  study_zip: string;
  visits: VisitScript[];
}

const script = JSON.parse(readFileSync(process.argv[2] ?? "", "utf-8")) as Script;
Object.assign(globalThis, { self: globalThis });
const out = process.stdout.write.bind(process.stdout);

const { loadPyodide } = (await import(pathToFileURL(`${script.folder}/pyodide.mjs`).href)) as {
  loadPyodide(options: object): Promise<Pyodide & { globals: unknown }>;
};
const pyodide = await loadPyodide({
  indexURL: script.folder,
  lockFileURL: script.lock_file,
  env: { PYTHONHASHSEED: "0", HOME: "/home/pyodide" },
  stdout: (line: string) => process.stderr.write(line + "\n"),
  stderr: (line: string) => process.stderr.write(line + "\n"),
});
await pyodide.loadPackage(script.packages, { messageCallback: () => undefined });
const zip = readFileSync(script.study_zip);
pyodide.unpackArchive(zip.buffer.slice(zip.byteOffset, zip.byteOffset + zip.byteLength) as ArrayBuffer, "zip", { extractDir: "/study" });
pyodide.runPython("import sys; sys.path.insert(0, '/study')\nfrom mug.play.browser import prepare_interpreter\nprepare_interpreter('/study')");

const entropy = new MatchEntropy();
const results = [];
for (const visit of script.visits) results.push(await play(visit));
out(JSON.stringify(results), () => process.exit(0));

function heldAt(tick: number): string[] {
  return [[], ["ArrowLeft"], ["ArrowRight"]][Math.floor(tick / 7) % 3] ?? [];
}

async function play(visit: VisitScript): Promise<Record<string, unknown>> {
  const messages: FromWorker[] = [];
  const chunks: string[] = [];
  const tickMs: number[] = [];
  const views: [number, number][] = [];
  let tail: TailRecord | null = null;
  let tick = visit.first_tick;
  let started = false;
  let finish: () => void = () => undefined;
  const done = new Promise<void>((resolve) => (finish = resolve));
  const post = (message: FromWorker): void => {
    if (message.op === "frame") {
      views.push([message.view.episode, message.view.frame]);
      if (!started) return;
      tickMs.push(message.view.tickMs);
      tick += 1;
      runner.keys(heldAt(tick), []); // at once: the clock may make up for late ticks without a pause
      if (visit.stop_after !== null && tick - visit.first_tick >= visit.stop_after) finish();
    } else if (message.op === "chunk") chunks.push(Buffer.from(message.body).toString("base64"));
    else if (message.op === "tail") tail = message.tail;
    else messages.push(message);
    if (message.op === "finished" || message.op === "failed" || message.op === "irreproducible") finish();
  };
  const stored = visit.stored.map((text) => new Uint8Array(Buffer.from(text, "base64")));
  const runner = new GameRunner(
    pyodide,
    { op: "load", visitId: "visit", config: visit.config, stored, tail: visit.tail },
    entropy,
    post,
  );
  runner.load(pyodide);
  runner.keys(heldAt(tick), []);
  started = true;
  runner.start();
  await done;
  const kept = { chunks: [...chunks], tail, ticks: tick - visit.first_tick };
  runner.unload();
  return { messages, tickMs, views, ...kept, flushed: chunks.slice(kept.chunks.length) };
}
