// Runs a function of `mug.play` with a study in the browser's Python: packages, files, clocks and chance as a
// participant's page has them. Argument (JSON): {folder, lock, packages, zip, spec, studyFolder, module, function,
// data?: {zip, folder}, models?: folder of onnxruntime-web}; the function gets the spec's text, begin, end (of the match's clocks and chance) and tell.
import { readFileSync, writeSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";

const { folder, lock, packages, zip, spec, studyFolder, module, function: name, data, models } = JSON.parse(process.argv[2]);
const say = (message) => process.stdout.write(JSON.stringify(message) + "\n");
// Node would print the line of code that threw, which is Pyodide's whole script, and nothing of the reason.
process.on("uncaughtException", (error) => {
  writeSync(2, `${error?.message ?? error}\n`);
  process.exit(1);
});
const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`).href);

/** What the page's worker puts in place of clocks and chance while a step runs. */
class MatchEntropy {
  dateNow = Date.now;
  performanceNow = performance.now.bind(performance);
  random = crypto.getRandomValues.bind(crypto);
  active = false;

  begin = (low, high, clockMs) => {
    this.state = [low >>> 0, high >>> 0, 0x6d756721, 1];
    for (let i = 0; i < 12; i++) this.next();
    this.clockMs = clockMs;
    const startMs = clockMs;
    if (this.active) return;
    this.active = true;
    const ask = () => (this.clockMs += 0.05);
    Date.now = () => Math.floor(ask());
    performance.now = () => ask() - startMs + 1000;
    crypto.getRandomValues = (target) => {
      const bytes = new Uint8Array(target.buffer, target.byteOffset, target.byteLength);
      for (let i = 0; i < bytes.length; i++) bytes[i] = this.next() & 0xff;
      return target;
    };
  };

  end = () => {
    if (!this.active) return;
    this.active = false;
    Date.now = this.dateNow;
    performance.now = this.performanceNow;
    crypto.getRandomValues = this.random;
  };

  next() {
    let [a, b, c, d] = this.state;
    const result = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + result;
    this.state = [a | 0, b | 0, c | 0, d];
    return result >>> 0;
  }
}

say({ progress: 0.05, text: "starting the browser's Python" });
const pyodide = await loadPyodide({
  indexURL: folder,
  lockFileURL: lock,
  env: { PYTHONHASHSEED: "0", HOME: "/home/pyodide" },
  stdout: (line) => process.stderr.write(line + "\n"),
  stderr: (line) => process.stderr.write(line + "\n"),
});
say({ progress: 0.1, text: "loading the study's packages" });
await pyodide.loadPackage(packages, { messageCallback: () => undefined });
const unpack = (file, target) => {
  const archive = readFileSync(file);
  const bytes = archive.buffer.slice(archive.byteOffset, archive.byteOffset + archive.byteLength);
  pyodide.unpackArchive(bytes, "zip", { extractDir: target });
};
unpack(zip, studyFolder);
if (data) unpack(data.zip, data.folder);
pyodide.runPython(`import sys; sys.path.insert(0, ${JSON.stringify(studyFolder)})
from mug.play.browser import prepare_interpreter
prepare_interpreter(${JSON.stringify(studyFolder)})
from ${module} import ${name}`);
if (models) {
  say({ progress: 0.14, text: "loading what runs models" });
  const load = (file) => import(pathToFileURL(`${models}/${file}`).href);
  const [{ startOnnx }, { default: factory }] = await Promise.all([load("onnx_models.mjs"), load("ort-wasm-simd-threaded.mjs")]);
  const wasm = gunzipSync(readFileSync(`${models}/ort-wasm-simd-threaded.wasm.gz`));
  pyodide.pyimport("mug.play.models_browser").use_onnx_web(await startOnnx(factory, wasm, (line) => process.stderr.write(line + "\n")));
}
const entropy = new MatchEntropy();
const run = pyodide.globals.get(name);
const tell = (text, share) => say({ progress: 0.15 + 0.85 * share, text });
const answer = run(readFileSync(spec, "utf-8"), entropy.begin, entropy.end, tell);
say({ done: { answer } });
process.exit(0);
