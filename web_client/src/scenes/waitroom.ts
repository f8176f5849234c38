/**
 * Waiting for others, in whatever scene: asks the server for partners, shows how it stands, and measures the connection to
 * the pages that the server names. Ends when the scene leaves it.
 */
import { asBytes } from "../game/bytes";
import { Probe } from "../peer/probe";
import { LobbyPage, type LobbyOptions } from "./lobby";
import type { MatchMessage, SceneContext } from "./scene";

export class Waitroom {
  private readonly page: LobbyPage;
  private probe: Probe | null = null;
  private left = false;

  constructor(
    private readonly visitId: string,
    options: Omit<LobbyOptions, "titled">,
    private readonly context: SceneContext,
  ) {
    const { shell } = context;
    this.page = new LobbyPage({ ...options, titled: (note) => shell.title.setNote(note) });
    shell.show(this.page.view, "waiting", "partners");
    context.event("match_joined");
    this.ask();
  }

  /** Again after a reconnection: the server may have forgotten that we wait. */
  ask(): void {
    this.context.send({ op: "match.join", visit_id: this.visitId });
  }

  /** True when the message was for the waitroom. */
  received(message: MatchMessage): boolean {
    switch (message.op) {
      case "match.waiting":
        if (message.visit_id === this.visitId) this.page.update(message);
        return true;
      case "probe.partners":
        if (message.visit_id === this.visitId) this.begin(message);
        return true;
      case "probe.over":
        if (message.probe_id === this.probe?.id) this.endProbe();
        return true;
      case "peer.signal_from":
        if (message.match_id !== this.probe?.id) return false;
        this.probe.signalled(message.agent, message.data);
        return true;
      case "peer.relayed":
        if (message.match_id !== this.probe?.id) return false;
        this.probe.relayed(message.agent, asBytes(message.body));
        return true;
      default:
        return false;
    }
  }

  connectionChanged(open: boolean): void {
    this.page.connectionChanged(open);
    // The server counts a page that is away out of its probe.
    if (!open) this.endProbe();
  }

  /** The wait is over; `call`: what the tab's title says to somebody who looks at another tab. */
  leave(call: string): void {
    if (this.left) return;
    this.left = true;
    this.endProbe();
    this.page.dispose();
    this.context.shell.title.call(call);
  }

  private begin(asked: Extract<MatchMessage, { op: "probe.partners" }>): void {
    this.endProbe();
    if (!asked.slots.includes(asked.own)) return;
    this.context.event("probe_begun", { probe_id: asked.probe_id, slots: asked.slots, own: asked.own });
    this.probe = new Probe(asked, {
      send: (message) => this.context.send(message),
      event: (name, data) => this.context.event(name, data),
      visible: () => document.visibilityState === "visible",
    });
  }

  private endProbe(): void {
    this.probe?.close();
    this.probe = null;
  }
}
