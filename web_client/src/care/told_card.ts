/** The card above the page that shows one message of the experimenter until the participant puts it away. */
import type { Told } from "../protocol/messages";
import { element } from "../view/dom";

export class ToldCard {
  private shown = "";
  private before: HTMLElement | null = null;

  /** `place` is above every page; `putAway` is told of the button. */
  constructor(
    private readonly place: HTMLElement,
    private readonly putAway: () => void,
  ) {
    // While a game has the keyboard, Tab leads to the button and back: no key of the game is taken for it.
    window.addEventListener("keydown", (event) => this.onTab(event), { capture: true });
    place.addEventListener("focusin", ({ relatedTarget: from }) => {
      if (from instanceof HTMLElement && !place.contains(from)) this.before = from;
    });
  }

  show(message: Told | null, waiting: number): void {
    if (!message) {
      this.hide();
      return;
    }
    this.shown = message.action_id;
    const { place } = this;
    const heading = message.hand_id ? "Answer from the experimenter" : "Message from the experimenter";
    const text = element("p", { class: "told-text", "data-mug": "told-text" }, message.text);
    const more = waiting === 0 ? "" : waiting === 1 ? "One more message follows." : `${waiting} more messages follow.`;
    const hadFocus = place.contains(document.activeElement);
    const known = place.querySelector<HTMLElement>(".told-card");
    if (known?.dataset["mugAction"] === message.action_id) {
      known.querySelector(".told-more")?.replaceChildren(more);
      return;
    }
    const button = element("button", { type: "button", class: "button told-ok", "data-mug": "told-ok" }, "OK");
    button.addEventListener("click", () => this.putAway());
    const words = element("div", { class: "told-words" }, element("h2", {}, heading), text, element("p", { class: "told-more" }, more));
    place.replaceChildren(element("div", { class: "told-card", "data-mug": "told", "data-mug-action": message.action_id }, words, button));
    place.classList.add("shown");
    if (hadFocus) button.focus({ preventScroll: true });
  }

  private hide(): void {
    if (!this.shown) return;
    this.shown = "";
    const { place, before } = this;
    const hadFocus = place.contains(document.activeElement);
    place.replaceChildren();
    place.classList.remove("shown");
    const back = before?.isConnected ? before : document.querySelector<HTMLElement>('[data-mug="game"]');
    if (hadFocus || document.activeElement === document.body) back?.focus({ preventScroll: true });
    this.before = null;
  }

  private onTab(event: KeyboardEvent): void {
    if (!this.shown || event.key !== "Tab" || event.ctrlKey || event.altKey || event.metaKey) return;
    const active = document.activeElement;
    if (!(active instanceof HTMLElement) || active.dataset["mug"] !== "game") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.place.querySelector<HTMLElement>(".told-ok")?.focus({ preventScroll: true });
  }
}
