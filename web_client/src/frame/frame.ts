/**
 * Runs inside the sandboxed frame of a study's page with scripts. It receives the page's HTML by message port, writes it
 * into this document, and gives its scripts `window.mug` and `window.mug_globals`. It has no access to our page.
 */
import { fieldValues } from "./fields";
import { type GlobalsChange, KnownGlobals } from "../globals_change";
import type { FromFrame, ToFrame } from "./port";

interface MugOfPages {
  /** Keep a value with the participant's data. */
  setValue(name: string, value: unknown): void;
  /** Switch the page's continue button off and on. */
  allowContinue(allowed: boolean): void;
  /** Go on, as if the continue button had been pressed. */
  continue(): void;
  /** Send data to the scene's `on_client_callback` on the server. */
  send(data: Record<string, unknown>): void;
  readonly subject_id: string;
  readonly scene_id: string;
}

declare global {
  interface Window {
    mug: MugOfPages;
    mug_globals: Record<string, unknown>;
    interactive_gym_globals: Record<string, unknown>;
  }
}

const extra: Record<string, unknown> = {};
let port: MessagePort | null = null;
let globals: Record<string, unknown> = {};
let told = new KnownGlobals({});

function post(message: FromFrame): void {
  port?.postMessage(message);
}

/** An object as JSON has it; anything else comes as its `value`. */
function asPlainData(data: unknown): Record<string, unknown> {
  const plain: unknown = JSON.parse(JSON.stringify(data ?? {}));
  return typeof plain === "object" && plain !== null && !Array.isArray(plain) ? (plain as Record<string, unknown>) : { value: plain };
}

function sendValues(): void {
  post({ op: "values", values: { ...fieldValues(document), ...extra } });
}

function observe(target: Record<string, unknown>): Record<string, unknown> {
  const changed = (): boolean => {
    const change = told.news(target);
    if (change) post({ op: "globals", change });
    return true;
  };
  return new Proxy(target, {
    set: (object, name, value) => Reflect.set(object, name, value) && changed(),
    deleteProperty: (object, name) => Reflect.deleteProperty(object, name) && changed(),
  });
}

/** Scripts hold the dict itself, so it is changed, not replaced. */
function changedElsewhere(change: GlobalsChange): void {
  told.learn(change);
  Object.assign(globals, change.values);
  for (const name of change.removed) delete globals[name];
}

function open(message: Extract<ToFrame, { op: "open" }>): void {
  globals = { ...message.globals };
  told = new KnownGlobals(globals);
  const shown = observe(globals);
  document.open();
  window.mug = {
    setValue(name, value) {
      extra[name] = JSON.parse(JSON.stringify(value ?? null));
      sendValues();
    },
    allowContinue: (allowed) => post({ op: "allow_continue", allowed }),
    continue: () => post({ op: "continue" }),
    send: (data) => post({ op: "callback", data: asPlainData(data) }),
    subject_id: message.subjectId,
    scene_id: message.sceneId,
  };
  window.mug_globals = shown;
  window.interactive_gym_globals = shown;
  window.addEventListener("error", (event) => {
    const traceback = event.error instanceof Error ? (event.error.stack ?? "") : "";
    post({ op: "error", message: event.message, traceback });
  });
  window.addEventListener("unhandledrejection", (event) => post({ op: "error", message: String(event.reason), traceback: "" }));
  // Addresses are as in the study's other pages: relative to the server's root.
  document.write(`<!doctype html><base href="/"><meta charset="utf-8">${DEFAULT_STYLE}${message.html}`);
  document.close();
  document.addEventListener("input", sendValues);
  document.addEventListener("change", sendValues);
  document.addEventListener("submit", (event) => event.preventDefault());
  const height = (): void => post({ op: "height", px: Math.ceil(document.documentElement.getBoundingClientRect().height) });
  new ResizeObserver(height).observe(document.documentElement);
  height();
  sendValues();
}

const DEFAULT_STYLE =
  "<style>:root{color-scheme:light;background:transparent}body{margin:0;font:1.0625rem/1.6 system-ui,sans-serif;color:#1d2530;" +
  "overflow-wrap:anywhere}img,video,canvas{max-width:100%}</style>";

window.addEventListener("message", (event: MessageEvent<ToFrame>) => {
  const [given] = event.ports;
  if (event.source !== window.parent || !given || port) return;
  port = given;
  port.onmessage = (incoming: MessageEvent<ToFrame>) => {
    if (incoming.data.op === "globals") changedElsewhere(incoming.data.change);
  };
  if (event.data.op === "open") open(event.data);
});
window.parent.postMessage({ op: "ready" } satisfies FromFrame, "*");
