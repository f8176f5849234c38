/** Where a build stands on the page: a frame of its own size that shrinks with the window, words over it, rounds and score. */
import { ProgressView } from "../scenes/notices";
import { element } from "../view/dom";

/** The page's margins above and below its sheet (page.css). */
const MARGINS_PX = 32;
/** Where much text stands around the game, the page scrolls: the game keeps this part of the window's height. */
const LEAST_PART = 0.6;
const SMALLEST = 0.2;

export interface Way {
  label: string;
  hook: string;
  /** Not what people are meant to do first. */
  quiet?: boolean;
  run(): void;
}

function wayButton({ label, hook, quiet, run }: Way): HTMLElement {
  const button = element("button", { type: "button", class: quiet ? "button quiet" : "button", "data-mug": hook }, label);
  button.addEventListener("click", () => run());
  return button;
}

export class BuildStage {
  readonly view: HTMLElement;
  /** Carries the hooks `data-mug="game"`, `data-mug-episode`, `-score`, `-state`. */
  readonly stage: HTMLElement;
  private readonly hud = element("div", { class: "hud", "data-mug": "hud" });
  private readonly round = element("div", { class: "round", "data-mug": "round" });
  private readonly overlay = element("div", { class: "build-overlay", "data-mug": "build-overlay" });
  private readonly note = element("div", { class: "build-note", role: "status", "data-mug": "build-note" });
  private readonly hint = element("p", { class: "stage-hint", hidden: "" }, "Click here to go on playing");
  private readonly progress = new ProgressView("Loading the game");
  private readonly abort = new AbortController();
  private readonly resizer: ResizeObserver;
  private frame: HTMLIFrameElement | null = null;
  private asksForKeys = false;

  constructor(private readonly size: { width: number; height: number }) {
    this.stage = element("div", { class: "stage build-stage", "data-mug": "game" });
    this.stage.append(this.overlay, this.hint);
    const bar = element("div", { class: "game-bar" }, this.hud, this.round);
    this.view = element("section", { class: "build", "aria-label": "Game" }, bar, element("div", { class: "stage-space" }, this.stage), this.note);
    this.resizer = new ResizeObserver(() => this.fit());
    this.resizer.observe(document.documentElement);
    this.resizer.observe(this.view);
    const { signal } = this.abort;
    const look = (): void => void setTimeout(() => this.lookForFocus());
    window.addEventListener("blur", look, { signal });
    window.addEventListener("focus", look, { signal });
    document.addEventListener("focusin", look, { signal });
    this.stage.addEventListener("pointerdown", () => this.focus(), { signal });
  }

  /** A new frame; an earlier one is gone with all that ran in it. */
  open(src: string): HTMLIFrameElement {
    this.frame?.remove();
    this.frame = element("iframe", { class: "build-frame", title: "Game", sandbox: "allow-scripts allow-pointer-lock", src });
    this.stage.prepend(this.frame);
    this.fit();
    return this.frame;
  }

  isFrom(source: MessageEventSource | null): boolean {
    return source !== null && source === this.frame?.contentWindow;
  }

  /** To the frame: its origin is opaque, so its window is named by itself, and only it gets the message. */
  post(message: unknown): void {
    this.frame?.contentWindow?.postMessage(message, "*");
  }

  /** The game gets the keys. */
  focus(): void {
    this.frame?.focus({ preventScroll: true });
    this.frame?.contentWindow?.focus();
  }

  /** Whether the game needs the keys: then a hint stands there while it does not have them. */
  needsKeys(needs: boolean): void {
    this.asksForKeys = needs;
    this.lookForFocus();
  }

  loading(fraction: number, words: string): void {
    this.progress.update(fraction, words);
    if (this.progress.view.parentElement !== this.overlay) this.overlay.replaceChildren(this.progress.view);
    this.overlay.hidden = false;
  }

  /** Words over the game, and what the participant can do. */
  trouble(title: string, text: string, ways: readonly Way[]): void {
    const card = element("div", { class: "build-trouble", role: "alert" }, element("h2", {}, title), element("p", {}, text));
    card.append(...ways.map(wayButton));
    this.overlay.replaceChildren(card);
    this.overlay.hidden = false;
  }

  /** Words below the game, which goes on if it can; null takes them away. */
  below(text: string | null, ways: readonly Way[] = []): void {
    this.note.replaceChildren(...(text === null ? [] : [element("p", {}, text), ...ways.map(wayButton)]));
  }

  /** Nothing stands over the game. */
  clear(): void {
    this.overlay.hidden = true;
    this.overlay.replaceChildren();
  }

  tell(score: string | null, round: string): void {
    if (this.hud.textContent !== (score ?? "")) this.hud.textContent = score ?? "";
    if (this.round.textContent !== round) this.round.textContent = round;
  }

  /** For tests and for the experimenter's eyes: how the game stands. */
  mark(state: string, episode: number, score: number | null): void {
    const { dataset } = this.stage;
    dataset["mugState"] = state;
    dataset["mugEpisode"] = String(episode);
    dataset["mugScore"] = score === null ? "" : String(score);
  }

  dispose(): void {
    this.abort.abort();
    this.resizer.disconnect();
    this.frame?.remove();
    this.frame = null;
  }

  private lookForFocus(): void {
    const has = document.activeElement === this.frame;
    this.hint.hidden = has || !this.asksForKeys;
    this.stage.classList.toggle("inattentive", !has && this.asksForKeys);
  }

  /** The frame keeps the study's size and is scaled as a whole, so that a build sees one size on every screen. */
  private fit(): void {
    const { width, height } = this.size;
    const space = this.stage.parentElement;
    if (!space) return;
    const window = document.documentElement.clientHeight;
    const sheet = this.view.closest<HTMLElement>(".sheet")?.offsetHeight ?? 0;
    const around = Math.max(0, sheet - this.stage.offsetHeight) + MARGINS_PX;
    const room = Math.max(window - around, window * LEAST_PART);
    const scale = Math.max(SMALLEST, Math.min(1, space.clientWidth / width, room / height));
    this.stage.style.width = `${Math.round(width * scale)}px`;
    this.stage.style.height = `${Math.round(height * scale)}px`;
    if (!this.frame) return;
    this.frame.style.width = `${width}px`;
    this.frame.style.height = `${height}px`;
    this.frame.style.transform = scale === 1 ? "none" : `scale(${scale})`;
  }
}
