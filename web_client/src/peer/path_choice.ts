/**
 * Which way our packets to one partner go. Pure; times in ms of any one clock.
 *
 * The direct path is awaited for a while, then the server relays. A direct path that comes later is used from the next
 * episode on, so that no episode has two delays, except where nothing was played yet or the relay itself is gone. A
 * direct path that breaks or falls silent gives way to the relay at once: packets are the same on every path, and
 * whatever a change swallowed is sent again.
 */

export type Path = "p2p" | "relay" | "";

/** Without a direct path after this time, the server relays. */
const RELAY_AFTER_MS = 5000;
/** Pages say something on an open direct path every second at least: one that is silent for so long is dead. */
const SILENT_MS = 2000;
/** The same where the partner has already turned to the relay. */
const SILENT_WHILE_RELAYED_MS = 1500;

export class PathChoice {
  private chosen: Path = "";
  private direct = false;
  private server = true;
  private mayUpgrade = true;
  /** The direct path fell silent; it is not used again before something comes over it. */
  private doubted = false;
  private directHeardMs = 0;
  private relayHeardMs = -Infinity;

  /** `triesDirect`: whether a direct path is looked for at all. */
  constructor(
    private readonly triesDirect: boolean,
    private readonly begunMs: number,
  ) {}

  get path(): Path {
    return this.chosen;
  }

  directOpened(now: number): void {
    this.direct = true;
    this.doubted = false;
    this.directHeardMs = now;
  }

  directClosed(): void {
    this.direct = false;
  }

  serverChanged(reachable: boolean): void {
    this.server = reachable;
  }

  heard(path: "p2p" | "relay", now: number): void {
    if (path === "relay") this.relayHeardMs = now;
    else {
      this.directHeardMs = now;
      this.doubted = false;
    }
  }

  /** Whether a path may be changed for a better one: before the first frame, and between episodes. */
  boundary(here: boolean): void {
    this.mayUpgrade = here;
  }

  /** Decide anew; returns the path. */
  update(now: number): Path {
    this.chosen = this.decide(now);
    return this.chosen;
  }

  private decide(now: number): Path {
    const direct = this.direct && !this.doubted;
    if (!this.server) return this.direct ? "p2p" : "";
    switch (this.chosen) {
      case "p2p": {
        if (!this.direct) return "relay";
        const silentMs = now - this.directHeardMs;
        const relayed = this.relayHeardMs > this.directHeardMs;
        if (silentMs <= (relayed ? SILENT_WHILE_RELAYED_MS : SILENT_MS)) return "p2p";
        this.doubted = true;
        return "relay";
      }
      case "relay":
        return direct && this.mayUpgrade ? "p2p" : "relay";
      case "": {
        if (direct) return "p2p";
        const partnerRelays = this.relayHeardMs > -Infinity;
        const waited = now - this.begunMs >= RELAY_AFTER_MS;
        return !this.triesDirect || partnerRelays || waited ? "relay" : "";
      }
    }
  }
}
