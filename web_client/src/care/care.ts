/** What participants see of the experimenter on every page: messages, pauses, and the button that asks for help. */
import type { ClientMessage, HandState, Paused, Told } from "../protocol/messages";
import type { TextStorage } from "../transport/tokens";
import type { Phase } from "../view/shell";
import { HelpPanel } from "./help_panel";
import { PauseOverlay } from "./pause_overlay";
import { RaisedHand } from "./raised_hand";
import { ToldCard } from "./told_card";
import { ToldMessages } from "./told_messages";

export type CareMessage = Told | Paused | HandState;

export interface CarePlaces {
  /** What a pause covers. */
  app: HTMLElement;
  /** Above every page, below its warning. */
  told: HTMLElement;
  pause: HTMLElement;
  /** In the lower left corner. */
  help: HTMLElement;
}

export interface CarePort {
  send(message: ClientMessage): boolean;
  /** A row of the event stream of the present visit. */
  event(name: string, data: Record<string, unknown>): void;
  /** Games stand still, or go on. */
  hold(held: boolean): void;
}

const WITHOUT_HELP: ReadonlySet<Phase> = new Set(["connecting", "ended", "excluded"]);

export class Care {
  private readonly messages: ToldMessages;
  private readonly overlay: PauseOverlay;
  private readonly hand: RaisedHand;
  private readonly panel: HelpPanel;
  private help = false;
  private phase: Phase = "connecting";

  constructor(
    places: CarePlaces,
    storage: TextStorage | null,
    newId: () => string,
    private readonly port: CarePort,
  ) {
    this.overlay = new PauseOverlay(places.pause, places.app, [places.told, places.help]);
    const card = new ToldCard(places.told, () => this.messages.putAway());
    this.messages = new ToldMessages(storage, {
      send: (message) => port.send(message),
      show: (message, waiting) => card.show(message, waiting),
    });
    this.hand = new RaisedHand(storage, newId, {
      send: (message) => port.send(message),
      changed: (hand, news) => this.panel.update(hand, news),
    });
    this.panel = new HelpPanel(places.help, {
      raise: (text) => this.hand.raise(text),
      lower: () => this.hand.lower(),
    });
  }

  get paused(): boolean {
    return this.overlay.shown;
  }

  welcomed(owner: string, help: boolean): void {
    this.help = help;
    this.hand.welcomed(owner);
    this.offer();
  }

  phaseChanged(phase: Phase): void {
    this.phase = phase;
    this.offer();
  }

  received(message: CareMessage): void {
    switch (message.op) {
      case "participant.told":
        this.messages.received(message);
        break;
      case "participant.paused":
        this.pause(message);
        break;
      case "participant.hand_state":
        this.hand.received(message);
        break;
    }
  }

  /** The server did not take a message; `about` is its op. */
  refused(about: string, reason: string): void {
    if (about === "participant.hand") this.hand.refused(reason);
  }

  /** The page has done what an action of the experimenter asks for. */
  shown(actionId: string | undefined): void {
    if (actionId) this.port.send({ op: "participant.action_seen", action_id: actionId, state: "shown" });
  }

  /** The participation is over: nothing is paused any more, and nobody is called. */
  over(): void {
    this.help = false;
    this.offer();
    if (!this.overlay.shown) return;
    this.overlay.hide();
    this.port.hold(false);
  }

  private pause({ paused, message = "", action_id: actionId }: Paused): void {
    const before = this.overlay.shown;
    if (paused) this.overlay.show(message);
    if (paused !== before) {
      this.port.hold(paused);
      this.port.event(paused ? "paused" : "resumed", { action_id: actionId });
    }
    if (!paused) this.overlay.hide();
    this.shown(actionId);
  }

  private offer(): void {
    this.panel.offer(this.help && !WITHOUT_HELP.has(this.phase));
  }
}
