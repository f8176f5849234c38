// Prints the gzipped sizes of what was built, our own JavaScript against its budget.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const BUDGET_KB = 100;
const folder = new URL("../../mug/server/client", import.meta.url).pathname;
const libraries = /^(pixi|socketio|ort-wasm)/;
// Pages of the experimenter: participants never load them.
const otherPages = /^watch/;
let own = 0;

function files(at) {
  return readdirSync(at).flatMap((name) => {
    const path = join(at, name);
    return statSync(path).isDirectory() ? files(path) : [path];
  });
}

for (const path of files(folder).sort()) {
  const name = path.split("/").pop();
  const body = readFileSync(path);
  const kb = (name.endsWith(".gz") ? body : gzipSync(body)).length / 1000;
  const library = libraries.test(name);
  const counted = /\.m?js$|^frame-.*\.html$/.test(name) && !library && !otherPages.test(name);
  if (counted) own += kb;
  console.log(`${kb.toFixed(1).padStart(8)} kB  ${name}${library ? "  (library)" : ""}`);
}
console.log(`${own.toFixed(1).padStart(8)} kB  own JavaScript, gzipped (budget ${BUDGET_KB} kB)`);
if (own > BUDGET_KB) {
  console.error("Our own JavaScript is over its budget.");
  process.exit(1);
}
