/** Messages that must not be lost to an interruption: what cannot go out now goes, in order, when it can again. */
import type { ClientMessage } from "../protocol/messages";

/** A page that talks without end while nobody listens is not kept for ever. */
const MAX_KEPT = 100;

export class UnsentMessages {
  private readonly kept: ClientMessage[] = [];

  /** `send` says whether a message went out. */
  constructor(private readonly send: (message: ClientMessage) => boolean) {}

  add(message: ClientMessage): void {
    if (this.kept.length === 0 && this.send(message)) return;
    if (this.kept.length < MAX_KEPT) this.kept.push(message);
  }

  /** The connection stands again. */
  flush(): void {
    while (this.kept[0] && this.send(this.kept[0])) this.kept.shift();
  }
}
