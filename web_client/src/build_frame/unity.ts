/**
 * Runs inside the sandboxed frame of a Unity build. It gets the build's files from our page, starts the build with Unity's own
 * loader, and passes what our page says on to it: to the game object "MUG" as JSON. What the build says goes to our page
 * directly (`window.parent.postMessage`), as from any build.
 */
import type { FromUnityFrame, OpenUnity } from "./port";

interface UnityInstance {
  SendMessage(object: string, method: string, value: string): void;
  Quit?(): Promise<void>;
}

interface UnityConfig {
  dataUrl: string;
  frameworkUrl: string;
  codeUrl: string;
  streamingAssetsUrl: string;
  companyName: string;
  productName: string;
  productVersion: string;
  showBanner(message: string, kind: string): void;
}

type CreateUnityInstance = (canvas: HTMLCanvasElement, config: UnityConfig, onProgress: (fraction: number) => void) => Promise<UnityInstance>;

declare global {
  interface Window {
    createUnityInstance?: CreateUnityInstance;
  }
}

const OBJECT = "MUG";
const METHOD = "OnMugMessage";

let instance: UnityInstance | null = null;
let opened = false;
const waiting: unknown[] = [];

function post(message: FromUnityFrame | { mug: "error"; message: string; traceback: string }): void {
  window.parent.postMessage(message, "*");
}

function failed(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  post({ mug: "frame_failed", message: message.slice(0, 2000), traceback: error instanceof Error ? (error.stack ?? "").slice(0, 5000) : "" });
}

function deliver(message: unknown): void {
  if (!instance) {
    waiting.push(message);
    return;
  }
  try {
    instance.SendMessage(OBJECT, METHOD, JSON.stringify(message));
  } catch {
    // A build without such an object does not listen; it plays all the same.
  }
}

async function open({ files, folder, name }: OpenUnity): Promise<void> {
  const canvas = document.querySelector<HTMLCanvasElement>("#unity-canvas");
  const url = (role: string): string => {
    const blob = files[role];
    if (!blob) throw new Error(`the build has no ${role} file`);
    return URL.createObjectURL(blob);
  };
  if (!canvas) throw new Error("the frame has no canvas");
  await new Promise<void>((resolve, reject) => {
    const script = document.createElement("script");
    script.src = url("loader");
    script.onload = () => resolve();
    script.onerror = () => reject(new Error("the build's loader does not run"));
    document.head.append(script);
  });
  const create = window.createUnityInstance;
  if (!create) throw new Error("the build's loader defines no createUnityInstance");
  instance = await create(
    canvas,
    {
      dataUrl: url("data"),
      frameworkUrl: url("framework"),
      codeUrl: url("code"),
      streamingAssetsUrl: `${folder}StreamingAssets`,
      companyName: "MUG",
      productName: name,
      productVersion: "1",
      showBanner: (message, kind) => {
        if (kind === "error") post({ mug: "error", message: message.slice(0, 2000), traceback: "" });
      },
    },
    (fraction) => post({ mug: "frame_progress", fraction }),
  );
  for (const message of waiting.splice(0)) deliver(message);
  canvas.focus();
  post({ mug: "frame_ready" });
}

/** In a frame with an opaque origin the real ones throw as soon as they are named, and with them what only looks for them. */
function withoutStorage(): void {
  for (const name of ["localStorage", "sessionStorage"]) {
    const kept = new Map<string, string>();
    const storage: Storage = {
      get length() {
        return kept.size;
      },
      clear: () => kept.clear(),
      getItem: (key) => kept.get(key) ?? null,
      key: (index) => [...kept.keys()][index] ?? null,
      removeItem: (key) => void kept.delete(key),
      setItem: (key, value) => void kept.set(key, value),
    };
    Object.defineProperty(window, name, { configurable: true, value: storage });
  }
}

withoutStorage();
window.addEventListener("error", (event) => {
  const traceback = event.error instanceof Error ? (event.error.stack ?? "") : "";
  post({ mug: "error", message: event.message.slice(0, 2000), traceback: traceback.slice(0, 5000) });
});
window.addEventListener("unhandledrejection", (event) => {
  post({ mug: "error", message: String(event.reason).slice(0, 2000), traceback: "" });
});
window.addEventListener("focus", () => document.querySelector<HTMLCanvasElement>("#unity-canvas")?.focus());
window.addEventListener("message", (event: MessageEvent<OpenUnity | { mug: string }>) => {
  if (event.source !== window.parent || typeof event.data !== "object" || event.data === null) return;
  if (event.data.mug !== "frame_open") deliver(event.data);
  else if (!opened) {
    opened = true;
    open(event.data as OpenUnity).catch(failed);
  }
});
post({ mug: "frame_here" });
