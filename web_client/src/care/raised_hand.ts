/**
 * The raised hand of this page: what the participant did last, said to the server until it knows, and kept across a
 * reload. Pure.
 */
import type { HandState, RaiseHand } from "../protocol/messages";
import type { TextStorage } from "../transport/tokens";

export const MAX_HAND_CHARS = 500;
const KEY = "mug:hand";

/** none: nothing is asked. raising, lowering: the server does not know yet. */
export type Hand = "none" | "raising" | "raised" | "lowering";

interface Kept {
  owner: string;
  handId: string;
  text: string;
  raised: boolean;
}

export interface HandPort {
  send(message: RaiseHand): boolean;
  /** `news`: what has just become of it, in words; empty: nothing to say. */
  changed(hand: Hand, news: string): void;
}

export class RaisedHand {
  private kept: Kept | null = null;
  private known = false;
  private owner = "";

  constructor(
    private readonly storage: TextStorage | null,
    private readonly newId: () => string,
    private readonly port: HandPort,
  ) {}

  get hand(): Hand {
    if (!this.kept) return "none";
    if (!this.kept.raised) return "lowering";
    return this.known ? "raised" : "raising";
  }

  /** The server has welcomed this page (again): what it may not know is said again. */
  welcomed(owner: string): void {
    if (owner !== this.owner) {
      this.owner = owner;
      this.known = false;
      this.kept = this.load();
    }
    if (this.kept && !this.known) this.say();
    this.port.changed(this.hand, "");
  }

  raise(text: string): void {
    if (this.kept?.raised) return;
    this.kept = { owner: this.owner, handId: this.newId(), text: text.trim().slice(0, MAX_HAND_CHARS), raised: true };
    this.known = false;
    this.told();
  }

  lower(): void {
    if (!this.kept?.raised) return;
    this.kept = { ...this.kept, raised: false };
    this.known = false;
    this.told();
  }

  received({ hand_id: handId, state }: HandState): void {
    // A browser that could not keep it learns from the server that a hand is raised, and can lower it.
    if (!this.kept && state === "raised") this.kept = { owner: this.owner, handId, text: "", raised: true };
    if (this.kept?.handId !== handId) return;
    if (state === "raised") {
      // It was lowered here meanwhile: that word is on its way.
      if (!this.kept.raised) return;
      const news = this.known ? "" : "Your hand is raised. The experimenter sees it.";
      this.known = true;
      this.keep();
      this.port.changed(this.hand, news);
      return;
    }
    this.forget(state === "answered" ? "The experimenter has answered." : "Your hand is lowered.");
  }

  /** The server did not take what was said last; `reason` is in words. */
  refused(reason: string): void {
    if (this.kept && !this.known) this.forget(`Your hand could not be raised: ${reason}.`);
  }

  private forget(news: string): void {
    this.kept = null;
    this.known = false;
    this.keep();
    this.port.changed("none", news);
  }

  private told(): void {
    this.keep();
    this.say();
    this.port.changed(this.hand, "");
  }

  private say(): void {
    if (!this.kept) return;
    const { handId, text, raised } = this.kept;
    this.port.send({ op: "participant.hand", hand_id: handId, text, raised });
  }

  private keep(): void {
    try {
      if (this.kept) this.storage?.setItem(KEY, JSON.stringify(this.kept));
      else this.storage?.removeItem(KEY);
    } catch {
      // Without storage a reload forgets that the hand is raised; the experimenter still sees it.
    }
  }

  private load(): Kept | null {
    try {
      const parsed: unknown = JSON.parse(this.storage?.getItem(KEY) ?? "null");
      if (typeof parsed !== "object" || parsed === null) return null;
      const { owner, handId, text, raised } = parsed as Partial<Kept>;
      if (owner !== this.owner || typeof handId !== "string" || typeof text !== "string") return null;
      return { owner, handId, text, raised: raised === true };
    } catch {
      return null;
    }
  }
}
