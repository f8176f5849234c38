/** Over everything while the experimenter has paused this page: it says so, and lets no input through to what is below. */
import { element } from "../view/dom";

const WORDS = "The experimenter has paused the study. Please wait; it goes on by itself.";

export class PauseOverlay {
  private before: HTMLElement | null = null;

  /** `page` is what lies below; in the places `above` people still read, write and press keys. */
  constructor(
    private readonly place: HTMLElement,
    private readonly page: HTMLElement,
    private readonly above: readonly HTMLElement[],
  ) {
    // Before every other listener of the page: keys of games and Enter of pages end here.
    for (const kind of ["keydown", "keypress"] as const) {
      window.addEventListener(kind, (event) => this.onKey(event), { capture: true });
    }
  }

  get shown(): boolean {
    return this.page.inert;
  }

  show(message: string): void {
    const { place, page } = this;
    const text = element("p", { class: "pause-text", "data-mug": "pause-text" }, message || WORDS);
    place.classList.add("shown"); // first: only words that come into what is shown are read out
    place.replaceChildren(element("section", { class: "pause-words" }, element("h1", {}, "The study is paused"), text));
    document.body.dataset["mugPaused"] = "true";
    if (page.inert) return;
    const active = document.activeElement;
    this.before = active instanceof HTMLElement && page.contains(active) ? active : null;
    page.inert = true;
    if (!this.above.some((part) => part.contains(document.activeElement))) place.focus({ preventScroll: true });
  }

  hide(): void {
    const { place, page, before } = this;
    if (!page.inert) return;
    page.inert = false;
    const free = place.contains(document.activeElement) || document.activeElement === document.body;
    place.classList.remove("shown");
    place.replaceChildren();
    delete document.body.dataset["mugPaused"];
    this.before = null;
    if (!free) return;
    // What had the keyboard has it again; where it is gone, the game or the page that took its place.
    const next = before?.isConnected ? before : page.querySelector<HTMLElement>('[data-mug="game"], .sheet');
    next?.focus({ preventScroll: true });
  }

  private onKey(event: KeyboardEvent): void {
    if (!this.shown) return;
    const target = event.target instanceof Node ? event.target : null;
    if (this.above.some((part) => part.contains(target))) return;
    event.stopImmediatePropagation();
    // Tab leads to the message or to the help button; the browser's own shortcuts stay the browser's.
    if (event.key !== "Tab" && !event.ctrlKey && !event.altKey && !event.metaKey && !/^F\d+$/.test(event.key)) event.preventDefault();
  }
}
