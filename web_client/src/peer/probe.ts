/**
 * How far the pages of a proposed group are from each other: a connection to each of them for a few pings, before anybody
 * is put together. What is measured goes to the server, which decides.
 */
import type { ProbeDone, ProbePartners, RelayPacket, SendSignal } from "../protocol/messages";
import { PeerLink } from "./peer_link";
import { PingSeries } from "./ping_series";

/** How often is looked whether a ping is due. */
const TICK_MS = 25;
/** A page that looked for a direct way for this part of the time pings through the server as well. */
const RELAY_AFTER = 0.5;
/** The answer is on its way so long before the server stops waiting for it, in parts of the time, and at most in ms. */
const AHEAD = 0.1;
const AHEAD_MS = 500;
/** Pings of others are answered until the server says that the probe is over; this much after the end at most. */
const GIVEN_UP_MS = 10_000;

/** The first byte of a packet; the second is the ping's number. */
const PING = 1;
const PONG = 2;
const PACKET_BYTES = 2;

type Way = "p2p" | "relay";

export interface ProbePort {
  send(message: ProbeDone | SendSignal | RelayPacket): boolean;
  event(name: string, data: Record<string, unknown>): void;
  /** Whether the page is in front: timers of hidden pages run once a second. */
  visible(): boolean;
}

interface Other {
  slot: string;
  /** Null where no direct way is looked for. */
  link: PeerLink | null;
  open: boolean;
  pings: Readonly<Record<Way, PingSeries>>;
  answered: boolean;
}

export class Probe {
  readonly id: string;
  private readonly others: readonly Other[];
  private readonly begunMs: number;
  private readonly timer: ReturnType<typeof setInterval>;

  constructor(
    private readonly asked: ProbePartners,
    private readonly port: ProbePort,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.id = asked.probe_id;
    this.begunMs = now();
    const own = asked.slots.indexOf(asked.own);
    this.others = asked.slots.flatMap((slot, number) => (number === own ? [] : [this.other(slot, own < number)]));
    this.timer = setInterval(() => this.tick(), TICK_MS);
    this.tick();
  }

  signalled(slot: string, data: Readonly<Record<string, unknown>>): void {
    this.of(slot)?.link?.signalled(data);
  }

  relayed(slot: string, body: Uint8Array): void {
    const other = this.of(slot);
    if (other) this.came(other, "relay", body);
  }

  close(): void {
    clearInterval(this.timer);
    for (const { link } of this.others) link?.close();
  }

  private other(slot: string, first: boolean): Other {
    const { pings } = this.asked;
    const series = { p2p: new PingSeries(pings), relay: new PingSeries(pings) };
    return { slot, link: this.link(slot, first), open: false, pings: series, answered: false };
  }

  private link(slot: string, first: boolean): PeerLink | null {
    const { ice_servers: iceServers, force_relay: relayOnly } = this.asked;
    if (relayOnly && iceServers.length === 0) return null;
    try {
      return new PeerLink(
        { first, iceServers: iceServers as unknown as RTCIceServer[], relayOnly },
        {
          signal: (data) => this.port.send({ op: "peer.signal", match_id: this.id, to: slot, data }),
          packet: (_channel, body) => {
            const other = this.of(slot);
            if (other) this.came(other, "p2p", new Uint8Array(body));
          },
          opened: () => this.opened(slot, true),
          closed: () => this.opened(slot, false),
          event: (name, data) => this.port.event(name, { probe_id: this.id, slot, ...data }),
        },
        this.now,
      );
    } catch (error) {
      this.port.event("peer_path_broken", { probe_id: this.id, slot, reason: String(error) });
      return null;
    }
  }

  private opened(slot: string, open: boolean): void {
    const other = this.of(slot);
    if (!other) return;
    other.open = open;
    this.advance(other, this.now());
  }

  /** A ping is answered at once; the clock is read before anything else is done. */
  private came(other: Other, way: Way, body: Uint8Array): void {
    const now = this.now();
    const [kind, number] = body;
    if (body.byteLength !== PACKET_BYTES || number === undefined) return;
    if (kind === PING) this.say(other, way, PONG, number);
    else if (kind === PONG) {
      other.pings[way].answered(number, now);
      this.advance(other, now);
    }
  }

  private tick(): void {
    const now = this.now();
    for (const other of this.others) {
      other.link?.poll();
      this.advance(other, now);
    }
    if (now - this.begunMs > this.asked.timeout_ms + GIVEN_UP_MS) this.close();
  }

  private advance(other: Other, now: number): void {
    if (other.answered) return;
    const { timeout_ms: timeoutMs } = this.asked;
    const elapsedMs = now - this.begunMs;
    const relays = !other.link || elapsedMs >= timeoutMs * RELAY_AFTER;
    const way: Way | null = other.open ? "p2p" : relays ? "relay" : null;
    if (way) {
      // Where timers are slow, each answer calls for the next ping.
      const number = other.pings[way].due(now, this.port.visible());
      if (number !== null) this.say(other, way, PING, number);
      if (other.pings[way].complete) this.answer(other, way);
    }
    if (elapsedMs < timeoutMs - Math.min(AHEAD_MS, timeoutMs * AHEAD)) return;
    const { p2p, relay } = other.pings;
    this.answer(other, p2p.count > 0 ? "p2p" : relay.count > 0 ? "relay" : null);
  }

  private say(other: Other, way: Way, kind: number, number: number): void {
    const body = new Uint8Array([kind, number]);
    if (way === "p2p") other.link?.send(0, body.buffer);
    else this.port.send({ op: "peer.relay", match_id: this.id, to: other.slot, channel: "game", body });
  }

  private answer(other: Other, way: Way | null): void {
    if (other.answered) return;
    other.answered = true;
    const measured = way && other.pings[way];
    const rttMs = measured?.medianMs ?? null;
    const result = { rtt_ms: rttMs === null ? null : Math.round(rttMs * 100) / 100, path: way ?? "", pings: measured?.count ?? 0 };
    this.port.send({ op: "probe.done", probe_id: this.id, to: other.slot, ...result });
    this.port.event("probe_done", { probe_id: this.id, slot: other.slot, ...result });
  }

  private of(slot: string): Other | undefined {
    return this.others.find((other) => other.slot === slot);
  }
}
