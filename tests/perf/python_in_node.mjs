// Runs a Python program in the installed Pyodide under Node, with a study's zip in place; prints the JSON it returns.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const script = JSON.parse(readFileSync(process.argv[2], "utf-8"));
const { loadPyodide } = await import(pathToFileURL(`${script.folder}/pyodide.mjs`).href);
const pyodide = await loadPyodide({
  indexURL: script.folder,
  lockFileURL: script.lock_file,
  env: { PYTHONHASHSEED: "0", HOME: "/home/pyodide" },
  stdout: (line) => process.stderr.write(line + "\n"),
  stderr: (line) => process.stderr.write(line + "\n"),
});
await pyodide.loadPackage(script.packages, { messageCallback: () => undefined });
const zip = readFileSync(script.study_zip);
pyodide.unpackArchive(zip.buffer.slice(zip.byteOffset, zip.byteOffset + zip.byteLength), "zip", { extractDir: "/study" });
pyodide.runPython("import sys; sys.path.insert(0, '/study')\nfrom mug.play.browser import prepare_interpreter\nprepare_interpreter('/study')");
process.stdout.write(pyodide.runPython(script.program) + "\n", () => process.exit(0));
