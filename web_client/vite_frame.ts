/**
 * Builds our frames into self-contained HTML files with hashed names.
 *
 * HTML of a study that has scripts, and a study's Unity build, run in sandboxed frames. A `srcdoc` frame would inherit the
 * policy of our page, which allows no inline script; so a frame is a file of its own, which the server sends with a
 * policy of its own. Its script is inline because a sandboxed frame has an opaque origin and loads no modules.
 */
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "vite";

interface Frame {
  /** What the page imports its address from, as `frameUrl`. */
  id: string;
  entry: string;
  /** How its file's name begins; the server knows its policy by that. */
  name: string;
  html(script: string): string;
}

const UNITY_STYLE =
  "html,body{margin:0;height:100%;overflow:hidden;background:#20262d}canvas{display:block;width:100%;height:100%;outline:none}";

const FRAMES: readonly Frame[] = [
  {
    id: "virtual:mug-frame",
    entry: "./src/frame/frame.ts",
    name: "frame-",
    html: (script) => `<!doctype html>\n<meta charset="utf-8">\n<title>Study page</title>\n<script>${script}</script>\n`,
  },
  {
    id: "virtual:mug-unity-frame",
    entry: "./src/build_frame/unity.ts",
    name: "frame-unity-",
    html: (script) =>
      `<!doctype html>\n<meta charset="utf-8">\n<title>Game</title>\n<style>${UNITY_STYLE}</style>\n` +
      `<canvas id="unity-canvas" width="960" height="600" tabindex="0" aria-label="Game"></canvas>\n<script>${script}</script>\n`,
  },
];

export function studyFrames(): Plugin[] {
  return FRAMES.map(framePlugin);
}

function framePlugin(frame: Frame): Plugin {
  let fileName = `${frame.name}.html`;
  let html = "";
  return {
    name: `mug-${frame.name}`,
    async buildStart() {
      const entry = fileURLToPath(new URL(frame.entry, import.meta.url));
      this.addWatchFile(entry);
      const result = await build({
        configFile: false,
        logLevel: "silent",
        build: { write: false, minify: true, lib: { entry, formats: ["iife"], name: "mugFrame", fileName: "frame" } },
      });
      const first = Array.isArray(result) ? result[0] : result;
      const chunk = first && "output" in first ? first.output[0] : undefined;
      if (!chunk) this.error(`${frame.entry} did not build`);
      html = frame.html(chunk.code);
      fileName = `${frame.name}${createHash("sha256").update(html).digest("hex").slice(0, 8)}.html`;
    },
    resolveId(id) {
      return id === frame.id ? `\0${frame.id}` : null;
    },
    load(id) {
      return id === `\0${frame.id}` ? `export const frameUrl = import.meta.env.BASE_URL + ${JSON.stringify(fileName)};` : null;
    },
    generateBundle() {
      this.emitFile({ type: "asset", fileName, source: html });
    },
  };
}
