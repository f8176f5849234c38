/** One piece of a study's HTML on our page: inserted, or in a frame of its own when it has scripts. */
import type { GlobalsChange } from "../globals_change";
import { frameUrl } from "virtual:mug-frame";
import { fieldValues, restoreFields } from "../frame/fields";
import type { FromFrame, ToFrame } from "../frame/port";
import { element } from "../view/dom";
import { hasScripts, inertNodes } from "./html";
import type { SceneContext } from "./scene";

export interface StudyContentPort {
  sceneId: string;
  subjectId: string;
  globals(): Record<string, unknown>;
  changeGlobals(change: GlobalsChange): void;
  /** Data for the scene's `on_client_callback`. */
  callback(data: Record<string, unknown>): void;
  scriptError(message: string, traceback: string): void;
  /** The page's script allows or forbids going on. */
  allowContinue(allowed: boolean): void;
  continue(): void;
}

/** What study code on a visit's pages reaches, whatever kind of scene it is. */
export function visitPort(sceneId: string, context: SceneContext): Omit<StudyContentPort, "allowContinue" | "continue"> {
  return {
    sceneId,
    subjectId: context.subjectId,
    globals: () => context.globals(),
    changeGlobals: (change) => context.changeGlobals(change),
    callback: (data) => context.callback(data),
    scriptError: (text, traceback) => context.reportError({ kind: "script", message: text, traceback, fatal: false }),
  };
}

export class StudyContent {
  readonly view: HTMLElement;
  private frameValues: Record<string, unknown> = {};
  private channel: MessagePort | null = null;
  /** A change that the frame told of is being passed on. */
  private fromFrame = false;
  private readonly abort = new AbortController();

  constructor(
    html: string,
    label: string,
    private readonly port: StudyContentPort,
  ) {
    this.view = element("div", { class: "study-content" });
    if (hasScripts(html)) this.view.append(this.frame(html, label));
    else this.view.append(inertNodes(html));
    this.view.addEventListener("submit", (event) => event.preventDefault());
  }

  /** The named fields' values now, and what a frame's script set. */
  values(): Record<string, unknown> {
    return { ...fieldValues(this.view), ...this.frameValues };
  }

  /** Put values back that an earlier life of this page had; what a frame's script does is its own affair. */
  restore(values: Readonly<Record<string, unknown>>): void {
    restoreFields(this.view, values);
  }

  /** `mug_globals` changed: the frame is told, unless it was the frame itself, which may have changed it again since. */
  globalsChanged(change: GlobalsChange): void {
    if (!this.fromFrame) this.channel?.postMessage({ op: "globals", change } satisfies ToFrame);
  }

  dispose(): void {
    this.abort.abort();
    this.channel?.close();
  }

  private frame(html: string, label: string): HTMLIFrameElement {
    const frame = element("iframe", { class: "study-frame", title: label, sandbox: "allow-scripts allow-forms", src: frameUrl });
    const onReady = (event: MessageEvent<FromFrame>): void => {
      if (event.source !== frame.contentWindow || event.data.op !== "ready" || this.channel) return;
      const { port1, port2 } = new MessageChannel();
      this.channel = port1;
      port1.onmessage = (incoming: MessageEvent<FromFrame>) => this.onFrame(frame, incoming.data);
      const { sceneId, subjectId } = this.port;
      const open: ToFrame = { op: "open", html, globals: this.port.globals(), subjectId, sceneId };
      // The frame's origin is opaque, so its window is named by itself: only it gets this message.
      frame.contentWindow?.postMessage(open, "*", [port2]);
    };
    window.addEventListener("message", onReady, { signal: this.abort.signal });
    return frame;
  }

  private onFrame(frame: HTMLIFrameElement, message: FromFrame): void {
    switch (message.op) {
      case "height":
        frame.style.height = `${Math.min(Math.max(message.px, 40), 20_000)}px`;
        break;
      case "values":
        this.frameValues = message.values;
        break;
      case "globals":
        this.fromFrame = true;
        this.port.changeGlobals(message.change);
        this.fromFrame = false;
        break;
      case "allow_continue":
        this.port.allowContinue(message.allowed);
        break;
      case "callback":
        this.port.callback(message.data);
        break;
      case "continue":
        this.port.continue();
        break;
      case "error":
        this.port.scriptError(message.message, message.traceback);
        break;
      case "ready":
        break;
    }
  }
}
