/**
 * The ways from this page to every partner of a match: a direct one where it can be had, through the server where not.
 * Knows nothing of the packets' content.
 */
import type { MatchLive, PeerChannel } from "../worker/rpc";
import { PathChoice, type Path } from "./path_choice";
import { PeerLink } from "./peer_link";

const POLL_MS = 250;
/** What pages say to each other on an open direct path, whatever else goes there: that it works. No packet is so short. */
const SIGN_OF_LIFE_BYTES = 1;
/** The words of the wire for the two channels. */
const CHANNELS = ["game", "ctrl"] as const;
export type ChannelName = (typeof CHANNELS)[number];

export interface MeshOptions {
  /** All agents that people play, in the match's order; the numbers of the wire are the places here. */
  players: readonly string[];
  own: string;
  iceServers: readonly Record<string, unknown>[];
  forceRelay: boolean;
  /** How often the pages of agents have come back into the match so far. */
  returns: Readonly<Record<string, number>>;
}

export interface MeshPort {
  /** `life` tells this pair of pages from those that they were before a reload. */
  signal(to: string, data: Record<string, unknown>, life: string): boolean;
  relay(to: string, channel: ChannelName, body: Uint8Array): boolean;
  packet(player: number, channel: PeerChannel, body: ArrayBuffer): void;
  path(player: number, path: Path, pair: string): void;
  event(name: string, data: Record<string, unknown>): void;
}

interface Partner {
  player: number;
  agent: string;
  link: PeerLink | null;
  choice: PathChoice;
  path: Path;
  pair: string;
  /** When anything of the partner's page came last, on whatever way. */
  lifeMs: number;
}

export class Mesh {
  private partners: Partner[];
  private readonly timer: ReturnType<typeof setInterval>;
  private episode: number | undefined;
  /** Everything is said: partners close their ends one after the other, and no way is sought any more. */
  private over = false;
  private reachable: boolean;
  private readonly returns: Record<string, number>;

  constructor(
    private readonly options: MeshOptions,
    private readonly port: MeshPort,
    serverReachable: boolean,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.returns = { ...options.returns };
    this.reachable = serverReachable;
    const own = options.players.indexOf(options.own);
    this.partners = options.players.flatMap((agent, player) => (player === own ? [] : [this.partner(agent, player, own)]));
    this.serverChanged(serverReachable);
    this.timer = setInterval(() => this.poll(), POLL_MS);
  }

  send(player: number, channel: PeerChannel, body: ArrayBuffer): void {
    const partner = this.partners.find((candidate) => candidate.player === player);
    if (!partner) return;
    // What cannot go now is sent again: by the next packet, or when the path changes.
    if (partner.path === "p2p") partner.link?.send(channel, body);
    else if (partner.path === "relay") this.port.relay(partner.agent, CHANNELS[channel], new Uint8Array(body));
  }

  signalled(agent: string, data: Readonly<Record<string, unknown>>, life: string): void {
    const partner = this.of(agent);
    if (!partner || life !== this.life(agent)) return;
    partner.lifeMs = this.now();
    partner.link?.signalled(data);
  }

  /** How long nothing at all came from each partner's page. */
  silence(): { player: number; agent: string; ms: number }[] {
    return this.partners.map(({ player, agent, lifeMs }) => ({ player, agent, ms: this.now() - lifeMs }));
  }

  relayed(agent: string, channel: string, body: ArrayBuffer): void {
    const partner = this.of(agent);
    const number = CHANNELS.indexOf(channel as ChannelName);
    if (!partner || number < 0) return;
    this.port.packet(partner.player, number as PeerChannel, body);
    partner.lifeMs = this.now();
    partner.choice.heard("relay", partner.lifeMs);
    this.choose(partner);
  }

  /** A partner's page was loaded again: the ways to its earlier life are dead, and new ones are sought. */
  renew(agent: string, returns: number): void {
    const old = this.of(agent);
    if (!old || returns <= (this.returns[agent] ?? 0)) return;
    this.returns[agent] = returns;
    old.link?.close();
    if (old.path !== "") this.port.path(old.player, "", "");
    const made = this.partner(agent, old.player, this.options.players.indexOf(this.options.own));
    this.partners = this.partners.map((partner) => (partner === old ? made : partner));
    made.choice.serverChanged(this.reachable);
    this.choose(made);
  }

  serverChanged(reachable: boolean): void {
    this.reachable = reachable;
    for (const partner of this.partners) {
      partner.choice.serverChanged(reachable);
      this.choose(partner);
    }
  }

  /** How the match stands: where an episode has ended, a better path is taken. */
  live({ stage, episode }: Pick<MatchLive, "stage" | "episode">): void {
    const begins = episode !== this.episode;
    this.episode = episode;
    this.over = stage === "over";
    const boundary = begins || stage === "connecting" || stage === "between";
    for (const partner of this.partners) {
      partner.choice.boundary(boundary);
      this.choose(partner);
    }
  }

  /** A player is out of the match for good. */
  forget(agent: string): void {
    const partner = this.of(agent);
    this.partners = this.partners.filter((other) => other !== partner);
    partner?.link?.close();
  }

  close(): void {
    clearInterval(this.timer);
    for (const { agent } of this.partners) this.forget(agent);
  }

  private partner(agent: string, player: number, own: number): Partner {
    const { iceServers, forceRelay } = this.options;
    const tries = !forceRelay || iceServers.length > 0;
    const link = tries ? this.link(agent, own < player) : null;
    return { player, agent, link, choice: new PathChoice(link !== null, this.now()), path: "", pair: "", lifeMs: this.now() };
  }

  private link(agent: string, first: boolean): PeerLink | null {
    const { iceServers, forceRelay } = this.options;
    const options = { first, iceServers: iceServers as unknown as RTCIceServer[], relayOnly: forceRelay };
    const changed = (change: (partner: Partner) => void): void => {
      const partner = this.of(agent);
      if (!partner) return;
      change(partner);
      this.choose(partner);
    };
    try {
      return new PeerLink(
        options,
        {
          signal: (data) => this.port.signal(agent, data, this.life(agent)),
          packet: (channel, body) => {
            const partner = this.of(agent);
            if (!partner) return;
            partner.lifeMs = this.now();
            partner.choice.heard("p2p", partner.lifeMs);
            if (body.byteLength <= SIGN_OF_LIFE_BYTES) return;
            this.port.packet(partner.player, channel, body);
          },
          opened: () => changed((partner) => void this.onOpened(partner)),
          closed: (reason) => {
            if (!this.over) this.port.event("peer_path_broken", { agent, reason });
            changed(({ choice }) => choice.directClosed());
          },
          event: (name, data) => this.port.event(name, { agent, ...data }),
        },
        this.now,
      );
    } catch (error) {
      this.port.event("peer_path_broken", { agent, reason: String(error) });
      return null;
    }
  }

  /** The kind of the path is known a moment after it is there: only what is recorded waits for it. */
  private async onOpened(partner: Partner): Promise<void> {
    partner.choice.directOpened(this.now());
    this.choose(partner);
    partner.pair = (await partner.link?.pair().catch(() => "")) ?? "";
    if (partner.path === "p2p" && partner.pair && this.partners.includes(partner)) {
      this.port.path(partner.player, "p2p", partner.pair);
      this.port.event("peer_pair", { agent: partner.agent, pair: partner.pair });
    }
  }

  private choose(partner: Partner): void {
    const path = partner.choice.update(this.now());
    if (path === partner.path) return;
    partner.path = path;
    const pair = path === "p2p" ? partner.pair : "";
    this.port.path(partner.player, path, pair);
    if (!this.over) this.port.event("peer_path", { agent: partner.agent, path });
  }

  private poll(): void {
    for (const partner of this.partners) {
      partner.link?.poll();
      partner.link?.send(0, new ArrayBuffer(SIGN_OF_LIFE_BYTES));
      this.choose(partner);
    }
  }

  private life(agent: string): string {
    const { players, own } = this.options;
    const pair = [own, agent].sort((one, other) => players.indexOf(one) - players.indexOf(other));
    const lives = pair.map((name) => this.returns[name] ?? 0);
    return lives.every((life) => life === 0) ? "" : lives.join(":");
  }

  private of(agent: string): Partner | undefined {
    return this.partners.find((partner) => partner.agent === agent);
  }
}
