/** The experimenter's messages in the order in which they came: one is shown at a time, each once for its action. Pure. */
import type { ActionSeen, Told } from "../protocol/messages";
import type { TextStorage } from "../transport/tokens";

const KEY = "mug:read-messages";
/** So many ids are remembered across a reload; the server repeats only what was not answered. */
const REMEMBERED = 100;

export interface ToldPort {
  /** False when it did not go out: the server will say the message again, and is answered then. */
  send(message: ActionSeen): boolean;
  /** The message to show now, how many wait behind it; null: none. */
  show(message: Told | null, waiting: number): void;
}

export class ToldMessages {
  private readonly queue: Told[] = [];
  private readonly read: Set<string>;

  constructor(
    private readonly storage: TextStorage | null,
    private readonly port: ToldPort,
  ) {
    this.read = new Set(readIds(storage));
  }

  /** The message that is shown; null when there is none. */
  get current(): Told | null {
    return this.queue[0] ?? null;
  }

  received(message: Told): void {
    const id = message.action_id;
    if (this.read.has(id)) {
      this.seen(id, "read");
      return;
    }
    if (this.queue.some((known) => known.action_id === id)) {
      // What waits behind others has not been shown yet.
      if (this.current?.action_id === id) this.seen(id, "shown");
      return;
    }
    this.queue.push(message);
    this.port.show(this.current, this.queue.length - 1);
    if (this.queue.length === 1) this.seen(id, "shown");
  }

  /** The participant puts the shown message away. */
  putAway(): void {
    const done = this.queue.shift();
    if (!done) return;
    this.read.add(done.action_id);
    this.remember();
    this.seen(done.action_id, "read");
    this.port.show(this.current, Math.max(0, this.queue.length - 1));
    if (this.current) this.seen(this.current.action_id, "shown");
  }

  private seen(actionId: string, state: "shown" | "read"): void {
    this.port.send({ op: "participant.action_seen", action_id: actionId, state });
  }

  private remember(): void {
    try {
      this.storage?.setItem(KEY, JSON.stringify([...this.read].slice(-REMEMBERED)));
    } catch {
      // Without storage a message that is put away just before a reload may be shown twice.
    }
  }
}

function readIds(storage: TextStorage | null): string[] {
  try {
    const parsed: unknown = JSON.parse(storage?.getItem(KEY) ?? "[]");
    return Array.isArray(parsed) ? parsed.filter((id) => typeof id === "string") : [];
  } catch {
    return [];
  }
}
