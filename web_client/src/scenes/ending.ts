/** What stands at the end of a participation: the code, the way on, and whether everything is saved. */
import { element } from "../view/dom";
import { copyText } from "./clipboard";

export interface EndingOptions {
  code: string | null;
  url: string | null;
  /** The page goes to the address by itself so long after everything is saved; null: only by the button. */
  afterS: number | null;
  go(url: string): void;
}

/** The code in large letters, with a button that copies it. */
export function codeBox(code: string): HTMLElement {
  const shown = element("code", { class: "code", "data-mug": "completion-code", tabindex: "0", "aria-label": "Your completion code" }, code);
  const button = element("button", { type: "button", class: "button quiet", "data-mug": "copy-code" }, "Copy");
  const said = element("span", { class: "copied", role: "status" });
  button.addEventListener("click", () => {
    void copyText(code, shown).then((copied) => {
      said.textContent = copied ? "Copied." : "Select the code and press Ctrl+C to copy it.";
    });
  });
  return element("div", { class: "code-box" }, element("p", {}, "Your completion code"), element("div", { class: "code-row" }, shown, button), said);
}

export class Ending {
  readonly parts: readonly HTMLElement[];
  private readonly button: HTMLButtonElement | null;
  private readonly note = element("p", { class: "saving", role: "status" }, "Saving…");
  private readonly countdown = element("p", { class: "leaving", "data-mug": "leaving" });
  private timer: ReturnType<typeof setInterval> | null = null;
  private isSaved = false;

  constructor(private readonly options: EndingOptions) {
    const { code, url } = options;
    this.button = url ? element("button", { type: "button", class: "button", "data-mug": "continue", disabled: "" }, "Continue") : null;
    if (url) this.button?.addEventListener("click", () => this.leave(url));
    this.parts = [...(code ? [codeBox(code)] : []), ...(this.button ? [this.button, this.countdown] : []), this.note];
  }

  /** Everything is on the server's disk: from now on the participant may leave. */
  saved(): void {
    if (this.isSaved) return;
    this.isSaved = true;
    this.note.replaceChildren("Everything is saved.");
    const { url, afterS } = this.options;
    if (this.button) this.button.disabled = false;
    if (url && afterS !== null) this.leaveAfter(url, afterS);
  }

  /** Saving takes long: the participant is not held for it, and the browser keeps what is not sent. */
  slow(): void {
    if (this.isSaved) return;
    this.note.replaceChildren("Saving takes longer than usual. Please leave this page open for a while if you can.");
    if (this.button) this.button.disabled = false;
  }

  /** No more is sent from this page: what is left stays in the browser. */
  kept(): void {
    if (this.isSaved) return;
    this.note.replaceChildren("What could not be sent yet is kept in this browser. You can close this page.");
    if (this.button) this.button.disabled = false;
  }

  dispose(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
  }

  private leaveAfter(url: string, seconds: number): void {
    const due = performance.now() + seconds * 1000;
    const look = (): void => {
      const left = Math.ceil((due - performance.now()) / 1000);
      if (left <= 0) this.leave(url);
      else this.countdown.textContent = `You will be redirected in ${left} ${left === 1 ? "second" : "seconds"}.`;
    };
    this.timer = setInterval(look, 250);
    look();
  }

  private leave(url: string): void {
    this.dispose();
    this.options.go(url);
  }
}
