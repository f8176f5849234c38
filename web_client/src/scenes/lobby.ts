/** The pages between Start and the first picture of a game of several people. */
import { element } from "../view/dom";
import { noticePage } from "./notices";

/** Connecting that takes longer than this gets another sentence. */
const SLOW_MS = 12_000;

export class LobbyPage {
  readonly view: HTMLElement;
  private readonly count = element("p", { class: "lobby-count", "data-mug": "lobby-count" });

  constructor(private readonly options: { people: number; hideCount: boolean }) {
    this.view = noticePage({
      title: options.people > 2 ? "Waiting for the other participants" : "Waiting for another participant",
      text: "The game begins by itself as soon as everyone is here. Please keep this page open.",
      working: true,
    });
    this.view.dataset["mug"] = "lobby";
    const title = this.view.querySelector("h1");
    if (!options.hideCount) title?.after(this.count);
    this.update(1, options.people);
  }

  /** `waiting` of `needed` people are here, this one included. */
  update(waiting: number, needed: number): void {
    if (this.options.hideCount) return;
    const words = `${Math.min(waiting, needed)} of ${needed} people are here.`;
    if (this.count.textContent !== words) this.count.textContent = words;
  }
}

export class ConnectingPage {
  readonly view: HTMLElement;
  private readonly timer: ReturnType<typeof setTimeout>;

  constructor(people: number, comesBack = false) {
    this.view = noticePage({
      title: comesBack ? "Going back to your game" : "Everyone is here",
      text: people > 2 ? "Connecting you with the other players…" : "Connecting you with your partner…",
      working: true,
    });
    this.timer = setTimeout(() => {
      this.view.querySelector("section")?.append(element("p", {}, "This takes longer than usual. Please wait; the game begins by itself."));
    }, SLOW_MS);
  }

  dispose(): void {
    clearTimeout(this.timer);
  }
}
