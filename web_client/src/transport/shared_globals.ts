/** The participant's `mug_globals` as this page has them, and what of them the server does not know yet. */
import { type GlobalsChange, withChange } from "../globals_change";
import type { ClientMessage } from "../protocol/messages";

/** Environment code may change them on every frame: the server gets them a few times a second. */
const SEND_AFTER_MS = 250;

export class SharedGlobals {
  private current: Record<string, unknown> = {};
  private unsent = false;
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly send: (message: ClientMessage) => boolean) {}

  get values(): Record<string, unknown> {
    return this.current;
  }

  /** What the server has, at a welcome; what changed here meanwhile is newer. */
  welcomed(values: Record<string, unknown>): void {
    if (!this.unsent) this.current = values;
  }

  change(change: GlobalsChange): void {
    this.current = withChange(this.current, change);
    this.unsent = true;
    this.timer ??= setTimeout(() => this.flush(), SEND_AFTER_MS);
  }

  flush(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (this.unsent) this.unsent = !this.send({ op: "globals.set", values: this.current });
  }
}
