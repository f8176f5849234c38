/** A page of the study: header, subheader, body, and a continue button that Enter presses too. */
import { element } from "../view/dom";
import { inertNodes } from "./html";
import { StudyContent, type StudyContentPort } from "./study_content";

export interface StudyPageOptions {
  header: string;
  subheader: string;
  body: string;
  /** Null: the page has no button. */
  continueLabel: string | null;
  content: Omit<StudyContentPort, "allowContinue" | "continue">;
  /** Questions below the body. */
  form?: HTMLElement;
  /** Whether the page is complete; it says itself what is missing. */
  mayContinue?(): boolean;
  onContinue(): void;
}

export class StudyPage {
  readonly view: HTMLElement;
  readonly footer: HTMLElement;
  readonly content: StudyContent;
  private readonly button: HTMLButtonElement | null;
  private readonly abort = new AbortController();
  private allowedByPage = true;
  private ready = true;
  private pressed = false;

  constructor(private readonly options: StudyPageOptions) {
    this.content = new StudyContent(options.body, "Page of the study", {
      ...options.content,
      allowContinue: (allowed) => {
        this.allowedByPage = allowed;
        this.update();
      },
      continue: () => this.press(),
    });
    const header = element("header", { class: "sheet-header" });
    if (options.header) header.append(element("h1", {}, inertNodes(options.header)));
    if (options.subheader) header.append(element("p", { class: "subheader" }, inertNodes(options.subheader)));
    this.footer = element("footer", { class: "sheet-footer" });
    this.button = options.continueLabel === null ? null : element("button", { type: "button", class: "button", "data-mug": "continue" }, options.continueLabel);
    if (this.button) {
      this.button.addEventListener("click", () => this.press());
      this.footer.append(this.button);
    }
    const sheet = element("article", { class: "sheet", tabindex: "-1" });
    if (header.childNodes.length > 0) sheet.append(header);
    if (options.body) sheet.append(this.content.view);
    if (options.form) sheet.append(options.form);
    sheet.append(this.footer);
    this.view = element("main", { class: "sheet-page" }, sheet);
    window.addEventListener("keydown", (event) => this.onKey(event), { signal: this.abort.signal });
  }

  /** Give the page the keyboard, for readers and for scrolling by keys. */
  focus(): void {
    this.view.querySelector<HTMLElement>(".sheet")?.focus({ preventScroll: true });
  }

  /** Whether going on is possible now (a game may still be loading). */
  setReady(ready: boolean): void {
    this.ready = ready;
    this.update();
  }

  setBusy(label: string): void {
    if (this.button) this.button.textContent = label;
    this.ready = false;
    this.update();
  }

  /** The page can be handed in again. */
  release(): void {
    if (this.button) this.button.textContent = this.options.continueLabel;
    this.pressed = false;
    this.setReady(true);
  }

  dispose(): void {
    this.abort.abort();
    this.content.dispose();
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key !== "Enter" || event.repeat || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    const target = event.target instanceof Element ? event.target : null;
    if (target?.closest("button, a[href], input, select, textarea, summary, [contenteditable]")) return;
    if (!this.button) return;
    event.preventDefault();
    this.press();
  }

  /** As the button does. */
  press(): void {
    if (!this.button || this.pressed || !this.ready || !this.allowedByPage) return;
    // Fields of the study's HTML that are marked as required hold here, with the browser's own words.
    for (const field of this.content.view.querySelectorAll<HTMLInputElement>("input, select, textarea")) {
      if (!field.reportValidity()) return;
    }
    if (this.options.mayContinue?.() === false) return;
    this.pressed = true;
    this.options.onContinue();
  }

  private update(): void {
    if (this.button) this.button.disabled = !this.ready || !this.allowedByPage || this.pressed;
  }
}
