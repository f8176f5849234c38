/** Shows the words of a game of several people over its picture; nothing on the page moves for them. */
import { element } from "../view/dom";
import type { Words } from "./match_words";

export class MatchOverlay {
  /** Carries the hooks `data-mug="match-words"` and `data-mug-kind`. */
  readonly view: HTMLElement;
  private readonly words: HTMLElement;
  private readonly heading: HTMLElement;
  private readonly text: HTMLElement;

  constructor() {
    this.heading = element("span", { class: "match-heading" });
    this.text = element("span", { class: "match-text" });
    this.words = element("p", { class: "match-words", role: "status", "aria-live": "polite", "aria-atomic": "true" }, this.heading, this.text);
    this.view = element("div", { class: "match-overlay", "data-mug": "match-words", "data-mug-kind": "none" }, this.words);
  }

  show({ kind, text, heading = "" }: Words): void {
    this.view.dataset["mugKind"] = kind;
    if (kind === "none") return; // the last words fade out
    if (this.heading.textContent !== heading) this.heading.textContent = heading;
    if (this.text.textContent !== text) this.text.textContent = text;
  }
}
