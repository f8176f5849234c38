/** What the page says of its browser: the family and major version, nothing that tells people apart. */
import type { ClientEnvironment } from "../protocol/messages";

const FAMILIES: readonly (readonly [string, RegExp])[] = [
  ["edge", /Edg(?:e|A|iOS)?\/(\d+)/],
  ["opera", /OPR\/(\d+)/],
  ["samsung", /SamsungBrowser\/(\d+)/],
  ["firefox", /(?:Firefox|FxiOS)\/(\d+)/],
  ["chrome", /(?:Chrome|CriOS|HeadlessChrome)\/(\d+)/],
  ["safari", /Version\/(\d+).*Safari/],
];

export function browserFamily(userAgent: string): { browser: string; browser_major: number } {
  for (const [browser, pattern] of FAMILIES) {
    const found = pattern.exec(userAgent);
    if (found) return { browser, browser_major: Number(found[1] ?? 0) };
  }
  return { browser: "unknown", browser_major: 0 };
}

export function isMobile(userAgent: string): boolean {
  return /Mobi|Android|iPhone|iPad/i.test(userAgent);
}

export function hasWebAssembly(): boolean {
  return typeof WebAssembly === "object" && typeof WebAssembly.instantiate === "function";
}

function hasWebGl(): boolean {
  try {
    const canvas = document.createElement("canvas");
    const context = canvas.getContext("webgl2") ?? canvas.getContext("webgl");
    context?.getExtension("WEBGL_lose_context")?.loseContext();
    return context !== null;
  } catch {
    return false;
  }
}

let webgl: boolean | null = null;

export function describeBrowser(): ClientEnvironment {
  webgl ??= hasWebGl();
  return {
    ...browserFamily(navigator.userAgent),
    mobile: isMobile(navigator.userAgent),
    viewport_width: Math.round(window.innerWidth),
    viewport_height: Math.round(window.innerHeight),
    device_pixel_ratio: window.devicePixelRatio,
    webgl,
    webassembly: hasWebAssembly(),
  };
}
