/**
 * Builds `src/frame/frame.ts` into one self-contained HTML file with a hashed name.
 *
 * HTML of a study that has scripts runs in a sandboxed frame. A `srcdoc` frame would inherit the
 * policy of our page, which allows no inline script; so the frame is a file of its own, which the server sends with a
 * policy of its own. Its script is inline because a sandboxed frame has an opaque origin and loads no modules.
 */
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "vite";

const VIRTUAL_ID = "virtual:mug-frame";

export function studyFrame(): Plugin {
  let fileName = "frame.html";
  let html = "";
  return {
    name: "mug-study-frame",
    async buildStart() {
      const entry = fileURLToPath(new URL("./src/frame/frame.ts", import.meta.url));
      this.addWatchFile(entry);
      const result = await build({
        configFile: false,
        logLevel: "silent",
        build: { write: false, minify: true, lib: { entry, formats: ["iife"], name: "mugFrame", fileName: "frame" } },
      });
      const first = Array.isArray(result) ? result[0] : result;
      const chunk = first && "output" in first ? first.output[0] : undefined;
      if (!chunk) this.error("the study frame did not build");
      html = `<!doctype html>\n<meta charset="utf-8">\n<title>Study page</title>\n<script>${chunk.code}</script>\n`;
      fileName = `frame-${createHash("sha256").update(html).digest("hex").slice(0, 8)}.html`;
    },
    resolveId(id) {
      return id === VIRTUAL_ID ? `\0${VIRTUAL_ID}` : null;
    },
    load(id) {
      return id === `\0${VIRTUAL_ID}` ? `export const frameUrl = import.meta.env.BASE_URL + ${JSON.stringify(fileName)};` : null;
    },
    generateBundle() {
      this.emitFile({ type: "asset", fileName, source: html });
    },
  };
}
