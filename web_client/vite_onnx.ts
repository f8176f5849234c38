/**
 * Puts what runs ONNX models into one folder of the built client: onnxruntime-web's WebAssembly, packed, its own
 * script as it is, and `src/onnx/onnx_models.ts` beside them. Pages load them only for a study with such models, and
 * Node loads the same files; so none of it is part of a bundle. The folder's name is made of what is in it.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { transformWithOxc, type Plugin } from "vite";

const require = createRequire(import.meta.url);

export function onnxFolder(): Plugin {
  let files: Record<string, Uint8Array> = {};
  return {
    name: "mug-onnx-folder",
    async buildStart() {
      const entry = fileURLToPath(new URL("./src/onnx/onnx_models.ts", import.meta.url));
      this.addWatchFile(entry);
      // It imports types only, so that one file is the whole module.
      const { code } = await transformWithOxc(readFileSync(entry, "utf-8"), entry, { sourcemap: false });
      if (/^\s*import\b/m.test(code)) this.error("src/onnx/onnx_models.ts may import types only");
      files = {
        "onnx_models.mjs": Buffer.from(code),
        "ort-wasm-simd-threaded.mjs": readFileSync(require.resolve("onnxruntime-web/ort-wasm-simd-threaded.mjs")),
        "ort-wasm-simd-threaded.wasm.gz": gzipSync(readFileSync(require.resolve("onnxruntime-web/ort-wasm-simd-threaded.wasm")), { level: 9 }),
      };
    },
    generateBundle() {
      const hash = createHash("sha256");
      for (const [name, source] of Object.entries(files)) hash.update(name).update(source);
      const folder = `onnx-${hash.digest("hex").slice(0, 8)}`;
      for (const [name, source] of Object.entries(files)) this.emitFile({ type: "asset", fileName: `${folder}/${name}`, source });
    },
  };
}
