/**
 * From nothing to a Python that has the study's packages and files: Pyodide from our own server, from the memory
 * snapshot where it loads, plainly where it does not. Every failure is an error with a sentence.
 */
import type { OnnxModels } from "../onnx/onnx_models";
import type { RuntimeManifest } from "../protocol/messages";
import { BootError, textOf } from "./boot_error";
import { loadOnnx } from "./onnx";
import type { PyFunction, Pyodide, PyodideModule, PyodideOptions } from "./pyodide";
import { isSnapshot } from "./snapshot";
import { TransferMeter } from "./transfer_meter";

/** The stages of booting, as they are shown. */
export type BootStage = "runtime" | "packages" | "models" | "study";

export type BootProgress = (stage: BootStage, fraction: number, text: string) => void;

/** Without a byte or a result for this long, loading has failed. */
const STALLED_MS = 60_000;

/** About what Pyodide's core files weigh: the bar knows the whole before every file has announced itself. */
const RUNTIME_BYTES = 12_400_000;

const SNAPSHOT_MS = 30_000;

/** Imported while the participant reads, because nearly every environment needs it. */
const PREPARED_IMPORTS = ["numpy", "gymnasium"];

export const STUDY_FOLDER = "/study";

/** Boot Python; rejects with a `BootError` that says what could not be loaded. */
export async function bootInterpreter(manifest: RuntimeManifest, progress: BootProgress): Promise<Pyodide> {
  let stage: BootStage = "runtime";
  let shown = 0; // files announce themselves one by one: the bar waits rather than go back
  const begin = (next: BootStage): void => {
    stage = next;
    shown = 0;
    meter.begin();
    progress(stage, 0, STAGE_TEXTS[stage]);
  };
  const meter = new TransferMeter(({ received, expected }) => {
    const total = Math.max(expected, received, stage === "runtime" ? RUNTIME_BYTES : 1);
    shown = Math.max(shown, (received / total) * 0.9);
    progress(stage, shown, `${STAGE_TEXTS[stage]}: ${megabytes(received)} of ${megabytes(total)} MB`);
  });
  meter.install();
  try {
    return await unlessStalled(meter, async () => {
      begin("runtime");
      const study = fetchBytes(manifest.study_url, "the study's files");
      study.catch(() => undefined); // awaited below; until then its failure is not unhandled
      const pyodide = await loadPyodide(manifest);
      progress("runtime", 1, STAGE_TEXTS.runtime);
      begin("packages");
      await loadPackages(pyodide, manifest.packages);
      const models = manifest.models_url;
      if (models) begin("models");
      const onnx = models ? await loadOnnx(new URL(models, self.location.href)) : null;
      begin("study");
      pyodide.unpackArchive(await study, "zip", { extractDir: STUDY_FOLDER });
      prepareImports(pyodide, manifest.packages);
      if (onnx) useOnnx(pyodide, onnx);
      progress("study", 1, STAGE_TEXTS.study);
      return pyodide;
    });
  } finally {
    meter.uninstall();
  }
}

const STAGE_TEXTS: Record<BootStage, string> = {
  runtime: "Loading Python",
  packages: "Loading packages",
  models: "Loading the game's files", // not that a partner is a program: what people are told of that is the study's
  study: "Preparing the study",
};

async function loadPyodide(manifest: RuntimeManifest): Promise<Pyodide> {
  const base = new URL(manifest.index_url, self.location.href);
  const address = new URL("pyodide.mjs", base).href;
  const snapshot = manifest.snapshot_url ? fetchBytes(manifest.snapshot_url, "the memory snapshot") : null;
  snapshot?.catch(() => undefined);
  let module: PyodideModule;
  try {
    module = (await import(/* @vite-ignore */ address)) as PyodideModule;
  } catch (error) {
    throw new BootError(`Python could not be loaded from ${base.pathname}: ${textOf(error)}`);
  }
  const options: PyodideOptions = {
    indexURL: base.href,
    lockFileURL: new URL(manifest.lock_url, self.location.href).href,
    env: { PYTHONHASHSEED: "0", HOME: "/home/pyodide" },
    stdout: (line) => console.info(line),
    stderr: (line) => console.warn(line),
  };
  if (snapshot) {
    try {
      const memory = await snapshot;
      if (!isSnapshot(memory)) {
        throw new BootError(`its ${memory.byteLength} bytes are no memory of a Pyodide`);
      }
      return await within(SNAPSHOT_MS, module.loadPyodide({ ...options, _loadSnapshot: memory }));
    } catch (error) {
      console.warn("the memory snapshot does not load, booting without it:", error);
    }
  }
  try {
    return await module.loadPyodide(options);
  } catch (error) {
    throw new BootError(`Python could not be started: ${textOf(error)}`);
  }
}

async function loadPackages(pyodide: Pyodide, packages: readonly string[]): Promise<void> {
  const errors: string[] = [];
  try {
    await pyodide.loadPackage(packages, {
      messageCallback: () => undefined,
      errorCallback: (text) => errors.push(text),
    });
  } catch (error) {
    throw new BootError(`the study's packages could not be loaded: ${textOf(error)}`);
  }
  const loaded = new Set(Object.keys(pyodide.loadedPackages).map(normalName));
  const missing = packages.filter((name) => !loaded.has(normalName(name)));
  if (missing.length > 0) {
    throw new BootError(`the packages ${missing.join(", ")} could not be loaded${errors.length > 0 ? `: ${errors.join(" ")}` : ""}`);
  }
}

/** The study's folder becomes importable, and what nearly every environment imports is imported already. */
function prepareImports(pyodide: Pyodide, packages: readonly string[]): void {
  const names = PREPARED_IMPORTS.filter((name) => packages.some((listed) => normalName(listed) === name));
  pyodide.runPython(
    `import sys; sys.path.insert(0, ${JSON.stringify(STUDY_FOLDER)})
from mug.play.browser import prepare_interpreter
prepare_interpreter(${JSON.stringify(STUDY_FOLDER)}, imports=${JSON.stringify(names)})`,
  );
}

/** Policies of the study find there what runs their models. */
function useOnnx(pyodide: Pyodide, onnx: OnnxModels): void {
  const module = pyodide.pyimport("mug.play.models_browser");
  const use = module["use_onnx_web"] as PyFunction<[OnnxModels], undefined>;
  use(onnx);
  use.destroy();
  module.destroy();
}

async function fetchBytes(address: string, what: string): Promise<ArrayBuffer> {
  const response = await self.fetch(new URL(address, self.location.href));
  if (!response.ok) throw new BootError(`${what} could not be loaded: ${address} answered ${response.status}`);
  return response.arrayBuffer();
}

/** Reject when nothing arrives for a minute: a server that does not answer must not leave a spinner for ever. */
async function unlessStalled<T>(meter: TransferMeter, work: () => Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setInterval> | undefined;
  const stalled = new Promise<never>((_resolve, reject) => {
    timer = setInterval(() => {
      if (meter.silentMs() > STALLED_MS) reject(new BootError("the server has not answered for a minute while Python was loading"));
    }, 1000);
  });
  try {
    return await Promise.race([work(), stalled]);
  } finally {
    clearInterval(timer);
  }
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new BootError(`no answer within ${ms / 1000} seconds`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function normalName(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, "-");
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
