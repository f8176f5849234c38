/** Listens to the keyboard for one game and tells the worker on every change. */
import { KeyTracker } from "./key_tracker";

export interface KeyboardPort {
  keys(held: string[], pressed: string[]): void;
  /** The game has the keyboard, or has lost it (the window or another element has it). */
  attention(has: boolean): void;
}

export class Keyboard {
  private readonly tracker: KeyTracker;
  private readonly abort = new AbortController();
  private lastHeld = "";
  private hasAttention = true;

  constructor(
    mappedKeys: Iterable<string>,
    private readonly game: HTMLElement,
    private readonly port: KeyboardPort,
  ) {
    this.tracker = new KeyTracker(mappedKeys);
    const { signal } = this.abort;
    window.addEventListener("keydown", (event) => this.onKey(event, "down"), { signal, capture: true });
    window.addEventListener("keyup", (event) => this.onKey(event, "up"), { signal, capture: true });
    window.addEventListener("blur", () => this.release(), { signal });
    window.addEventListener("focus", () => this.check(), { signal });
    window.addEventListener("pagehide", () => this.release(), { signal });
    document.addEventListener("visibilitychange", () => this.release(), { signal });
    document.addEventListener("focusin", () => this.check(), { signal });
    document.addEventListener("focusout", () => this.check(), { signal });
    game.addEventListener("pointerdown", () => game.focus({ preventScroll: true }), { signal });
    this.check();
  }

  stop(): void {
    this.abort.abort();
  }

  private onKey(event: KeyboardEvent, direction: "down" | "up"): void {
    if (direction === "down" && this.takenByElement()) return;
    const ours = direction === "down" ? this.tracker.keyDown(event) : this.tracker.keyUp(event);
    if (ours) event.preventDefault();
    this.report();
  }

  /** A form field, button or link in the page beside the game keeps its keys. */
  private takenByElement(): boolean {
    const active = document.activeElement;
    if (!active || active === document.body || this.game.contains(active)) return false;
    return active.matches("input, textarea, select, button, a[href], iframe, summary, [contenteditable], [tabindex]");
  }

  private release(): void {
    this.tracker.releaseAll();
    this.report();
    this.check();
  }

  private check(): void {
    const has = document.hasFocus() && document.visibilityState === "visible" && !this.takenByElement();
    if (!has) {
      this.tracker.releaseAll();
      this.report();
    }
    if (has !== this.hasAttention) {
      this.hasAttention = has;
      this.port.attention(has);
    }
  }

  private report(): void {
    const held = this.tracker.held();
    const pressed = this.tracker.takePresses();
    const signature = held.join("\n");
    if (pressed.length === 0 && signature === this.lastHeld) return;
    this.lastHeld = signature;
    this.port.keys(held, pressed);
  }
}
