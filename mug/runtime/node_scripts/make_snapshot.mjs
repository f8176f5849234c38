// Makes a memory snapshot of a Pyodide that has its standard library imported, and loads it once to see that it works.
// Argument (JSON): {folder, output, modules}. The hash seed is part of the snapshot: 0, as in every worker of ours.
import { gzipSync } from "node:zlib";
import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { folder, output, modules } = JSON.parse(process.argv[2]);
const say = (message) => process.stdout.write(JSON.stringify(message) + "\n");
const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`).href);
const options = { indexURL: folder, env: { PYTHONHASHSEED: "0", HOME: "/home/pyodide" } };

say({ progress: 0.1, text: "starting Pyodide" });
const pyodide = await loadPyodide({ ...options, _makeSnapshot: true });
say({ progress: 0.5, text: "importing the standard library" });
for (const name of modules) {
  pyodide.runPython(`import ${name}`);
}
pyodide.runPython("import gc; gc.collect()");
const memory = pyodide.makeMemorySnapshot();

say({ progress: 0.7, text: "trying the snapshot" });
const restored = await loadPyodide({ ...options, _loadSnapshot: Promise.resolve(memory) });
const answer = restored.runPython("import sys, json; json.dumps([hash('abc'), len(sys.modules), sum(range(10))])");
const [, moduleCount, sum] = JSON.parse(answer);
if (sum !== 45) {
  throw new Error(`the restored Python answers wrongly: ${answer}`);
}
say({ progress: 0.9, text: "packing the snapshot" });
writeFileSync(output, gzipSync(memory, { level: 9 }));
say({ done: { bytes: memory.length, modules: moduleCount } });
process.exit(0);
