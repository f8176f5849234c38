// Rebuilds wheels with compiled modules in them, by Pyodide's own Python, so that a participant's browser need not compile.
// Argument (JSON): {folder, jobs: [{source, target, keepSources}]}. The work itself is compile_wheels.py beside this file.
import { readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const { folder, jobs } = JSON.parse(process.argv[2]);
const say = (message) => process.stdout.write(JSON.stringify(message) + "\n");
const here = dirname(fileURLToPath(import.meta.url));
const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`).href);

say({ progress: 0.05, text: "starting Pyodide to compile packages" });
const pyodide = await loadPyodide({ indexURL: folder, env: { PYTHONHASHSEED: "0", HOME: "/home/pyodide" } });
pyodide.runPython(readFileSync(join(here, "compile_wheels.py"), "utf8"));
const rebuild = pyodide.globals.get("rebuild");
const counts = {};
for (const [number, { source, target, keepSources }] of jobs.entries()) {
  say({ progress: 0.2 + (0.8 * number) / jobs.length, text: `compiling ${basename(source)}` });
  pyodide.FS.writeFile("/source.whl", readFileSync(source));
  counts[basename(source)] = rebuild("/source.whl", "/target.whl", keepSources);
  writeFileSync(target, pyodide.FS.readFile("/target.whl"));
}
say({ done: { compiled: counts } });
process.exit(0);
