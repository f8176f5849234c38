/** The small button in a corner with which a participant asks for the experimenter, and the panel that it opens. */
import { element } from "../view/dom";
import { MAX_HAND_CHARS, type Hand } from "./raised_hand";

export interface HelpPort {
  raise(text: string): void;
  lower(): void;
}

const LABELS: Readonly<Record<Hand, string>> = {
  none: "Ask for help",
  raising: "Raising your hand…",
  raised: "Your hand is raised",
  lowering: "Lowering your hand…",
};

export class HelpPanel {
  private readonly button: HTMLButtonElement;
  private readonly said = element("p", { class: "help-said", role: "status", "aria-live": "polite" });
  private readonly panel = element("section", { class: "help-panel", id: "mug-help-panel", role: "dialog", "aria-label": "Ask for help", hidden: "" });
  private hand: Hand = "none";
  private draft = "";
  private offered = false;
  private before: HTMLElement | null = null;

  constructor(
    private readonly place: HTMLElement,
    private readonly port: HelpPort,
  ) {
    this.button = element("button", {
      type: "button",
      class: "help-button",
      "data-mug": "help",
      "aria-expanded": "false",
      "aria-controls": this.panel.id,
    });
    this.button.addEventListener("click", () => this.toggle(this.panel.hidden));
    this.place.addEventListener("focusin", ({ relatedTarget: from }) => {
      if (from instanceof HTMLElement && !this.place.contains(from)) this.before = from;
    });
    this.place.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || this.panel.hidden) return;
      event.stopPropagation();
      this.toggle(false);
    });
    this.update("none", "");
  }

  /** Whether the button is there. */
  offer(offered: boolean): void {
    if (offered === this.offered) return;
    this.offered = offered;
    if (offered) this.place.replaceChildren(this.panel, this.button, this.said);
    else {
      this.toggle(false);
      this.place.replaceChildren();
    }
    document.body.classList.toggle("with-help", offered);
  }

  update(hand: Hand, news: string): void {
    const before = this.hand;
    this.hand = hand;
    this.button.textContent = LABELS[hand];
    this.place.dataset["mugHand"] = hand;
    if (news || hand !== before) this.said.textContent = news;
    if (hand === "none" && before !== "none") this.draft = "";
    if (!this.panel.hidden && hand !== before) this.fill();
  }

  private toggle(open: boolean): void {
    if (open === !this.panel.hidden) return;
    if (open) this.fill();
    const hadFocus = this.panel.contains(document.activeElement);
    this.panel.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
    if (open) this.panel.querySelector<HTMLElement>("textarea, button")?.focus({ preventScroll: true });
    else if (hadFocus) this.giveBack();
  }

  /** Who asked in the middle of a game plays on. */
  private giveBack(): void {
    const { before } = this;
    const game = before?.isConnected && before.dataset["mug"] === "game" ? before : null;
    (game ?? this.button).focus({ preventScroll: true });
  }

  private fill(): void {
    const hadFocus = this.panel.contains(document.activeElement);
    const raised = this.hand === "raised" || this.hand === "raising";
    this.panel.replaceChildren(...(raised ? this.raisedParts() : this.askingParts()));
    if (hadFocus) this.panel.querySelector<HTMLElement>("textarea, button")?.focus({ preventScroll: true });
  }

  private askingParts(): HTMLElement[] {
    const field = element("textarea", {
      id: "mug-help-text",
      rows: "3",
      maxlength: String(MAX_HAND_CHARS),
      "data-mug": "help-text",
      "aria-describedby": "mug-help-left",
    });
    field.value = this.draft;
    const left = element("p", { class: "help-left", id: "mug-help-left" });
    const count = (): void => {
      this.draft = field.value;
      left.textContent = `${MAX_HAND_CHARS - field.value.length} characters left`;
    };
    field.addEventListener("input", count);
    count();
    const label = element("label", { for: field.id }, "What do you need? (You can leave this empty.)");
    const raise = this.action("Raise hand", "raise-hand", () => {
      this.port.raise(field.value);
      this.toggle(false);
    });
    return [element("h2", {}, "Ask the experimenter for help"), label, field, left, this.row(raise)];
  }

  private raisedParts(): HTMLElement[] {
    const words = element("p", {}, "Your hand is raised. The experimenter sees it and comes to you or answers here.");
    const lower = this.action("Lower it", "lower-hand", () => {
      this.port.lower();
      this.toggle(false);
    });
    return [element("h2", {}, "Your hand is raised"), words, this.row(lower)];
  }

  private row(main: HTMLElement): HTMLElement {
    const close = element("button", { type: "button", class: "button quiet", "data-mug": "help-close" }, "Close");
    close.addEventListener("click", () => this.toggle(false));
    return element("div", { class: "help-row" }, main, close);
  }

  private action(label: string, hook: string, run: () => void): HTMLElement {
    const button = element("button", { type: "button", class: "button", "data-mug": hook }, label);
    button.addEventListener("click", run);
    return button;
  }
}
