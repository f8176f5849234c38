import { createHash } from "node:crypto";
import { defineConfig } from "vitest/config";
import type { Plugin } from "vite";
import { studyFrames } from "./vite_frame.ts";
import { onnxFolder } from "./vite_onnx.ts";

/** The pages, each with an entry of its own: what one of them needs, the others do not load. */
const PAGES = ["index.html", "view.html", "watch.html"];

/** Writes the hash of everything built into `<meta name="mug-build">`: an old cached page cannot join a newer server. */
function buildHash(): Plugin {
  return {
    name: "mug-build-hash",
    enforce: "post",
    generateBundle(_options, bundle) {
      const hash = createHash("sha256");
      for (const name of Object.keys(bundle).sort()) {
        const item = bundle[name];
        if (item) hash.update(name).update(item.type === "chunk" ? item.code : item.source);
      }
      const build = hash.digest("hex").slice(0, 16);
      for (const name of PAGES) {
        const page = bundle[name];
        if (page?.type !== "asset" || typeof page.source !== "string") this.error(`${name} was not built`);
        page.source = page.source.replace('name="mug-build" content="dev"', `name="mug-build" content="${build}"`);
      }
    },
  };
}

export default defineConfig({
  base: "/_mug/client/",
  plugins: [...studyFrames(), onnxFolder(), buildHash()],
  worker: { format: "es" },
  build: {
    outDir: "../mug/server/client",
    emptyOutDir: true,
    target: "es2022",
    sourcemap: false,
    // The page must never load a module preload polyfill inline, nor assets as data URLs that hide their size.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1000,
    rolldownOptions: {
      input: PAGES,
      output: {
        codeSplitting: {
          groups: [
            // Else this little function lands in the drawing library, and the first page waits for all of that.
            { name: "preload", test: /vite\/preload-helper/, priority: 3 },
            { name: "socketio", test: /node_modules[\\/](socket\.io|engine\.io|@socket\.io)/, priority: 2 },
            { name: "pixi", test: /node_modules/, priority: 1 },
          ],
        },
      },
    },
  },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
