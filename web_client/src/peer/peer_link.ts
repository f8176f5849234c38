/**
 * The direct path to one partner: a peer connection with two channels, found by offers and candidates that go through the
 * server. Where it is interrupted it is sought again (ICE restart); the partner's late and doubled signals do no harm.
 */
import type { PeerChannel } from "../worker/rpc";
import { Negotiation } from "./negotiation";
import { isStale, readSignal, type Signal } from "./signals";

/** An offer without an answer for this long goes out again: signals are not kept for a page that is away. */
const OFFER_AGAIN_MS = 2000;
/** A short interruption heals by itself. */
const INTERRUPTED_MS = 2000;
const RESTART_AGAIN_MS = 5000;
/** A game packet repeats all that is not acknowledged: with so many bytes still to go, another one only adds delay. */
const MAX_BUFFERED_BYTES = 16_384;

export interface LinkOptions {
  /** The page with the lower player number makes the first offer, and does not give way where two offers meet. */
  first: boolean;
  iceServers: RTCIceServer[];
  /** Only by TURN servers. */
  relayOnly: boolean;
}

export interface LinkPort {
  /** For the partner; false when it did not go out. */
  signal(data: Record<string, unknown>): boolean;
  packet(channel: PeerChannel, body: ArrayBuffer): void;
  opened(): void;
  closed(reason: string): void;
  /** What an analyst may want to know of the way here. */
  event(name: string, data: Record<string, unknown>): void;
}

export class PeerLink {
  private readonly connection: RTCPeerConnection;
  private readonly channels: Record<PeerChannel, RTCDataChannel>;
  private readonly negotiation: Negotiation;
  private incoming: Promise<void> = Promise.resolve();
  private readonly waiting: RTCIceCandidateInit[] = [];
  private offerOutMs: number | null = null;
  private interruptedMs: number | null = null;
  private restartedMs = -Infinity;
  private open = false;
  private over = false;

  /** Throws where the browser has no peer connections or refuses these servers. */
  constructor(
    options: LinkOptions,
    private readonly port: LinkPort,
    private readonly now: () => number,
  ) {
    this.negotiation = new Negotiation(!options.first);
    const connection = new RTCPeerConnection({
      iceServers: options.iceServers,
      iceTransportPolicy: options.relayOnly ? "relay" : "all",
    });
    this.connection = connection;
    connection.onnegotiationneeded = () => {
      // The first offer is the other page's; later ones (ICE restarts) are whoever's notices first.
      if (options.first || connection.remoteDescription) void this.offer();
    };
    connection.onicecandidate = ({ candidate }) => void this.tell({ candidate: candidate?.toJSON() ?? null });
    connection.oniceconnectionstatechange = () => this.onIceState(connection.iceConnectionState);
    connection.onconnectionstatechange = () => {
      if (connection.connectionState === "failed") this.setOpen(false, "failed");
    };
    this.channels = {
      0: this.channel("game", 0, { ordered: false, maxRetransmits: 0 }),
      1: this.channel("ctrl", 1, { ordered: true }),
    };
  }

  /** False: it is not open, or too much is on the way for a packet that may be lost. */
  send(channel: PeerChannel, body: ArrayBuffer): boolean {
    const way = this.channels[channel];
    if (way.readyState !== "open" || (channel === 0 && way.bufferedAmount > MAX_BUFFERED_BYTES)) return false;
    try {
      way.send(body);
      return true;
    } catch {
      return false; // closed at this moment
    }
  }

  /** What the partner's page said. Signals are taken one after the other. */
  signalled(data: Readonly<Record<string, unknown>>): void {
    const signal = readSignal(data);
    if (!signal) return;
    this.incoming = this.incoming.then(() => this.take(signal)).catch((error: unknown) => {
      if (!this.over) this.port.event("signal_failed", { signal: signal.kind, error: String(error) });
    });
  }

  /** To be called a few times a second. */
  poll(): void {
    if (this.over) return;
    const now = this.now();
    if (this.connection.signalingState === "have-local-offer" && this.offerOutMs !== null && now - this.offerOutMs >= OFFER_AGAIN_MS) {
      this.sayDescription();
    }
    if (this.interruptedMs !== null && now - this.interruptedMs >= INTERRUPTED_MS && now - this.restartedMs >= RESTART_AGAIN_MS) {
      this.restart();
    }
  }

  /** The kinds of the two ends in use ("host/host"), or empty where the browser does not say. */
  async pair(): Promise<string> {
    const report = await this.connection.getStats();
    const rows = new Map<string, Record<string, unknown>>();
    report.forEach((row: Record<string, unknown>) => rows.set(String(row["id"]), row));
    const all = [...rows.values()];
    const selected = all.find((row) => row["type"] === "transport")?.["selectedCandidatePairId"];
    const pair =
      rows.get(String(selected)) ??
      all.find((row) => row["type"] === "candidate-pair" && row["nominated"] === true && row["state"] === "succeeded");
    const kind = (end: string): unknown => rows.get(String(pair?.[end]))?.["candidateType"];
    const [local, remote] = [kind("localCandidateId"), kind("remoteCandidateId")];
    return typeof local === "string" && typeof remote === "string" ? `${local}/${remote}` : "";
  }

  close(): void {
    this.over = true;
    for (const channel of Object.values(this.channels)) channel.close();
    this.connection.close();
  }

  private channel(label: string, id: PeerChannel, options: RTCDataChannelInit): RTCDataChannel {
    const made = this.connection.createDataChannel(label, { ...options, negotiated: true, id });
    made.binaryType = "arraybuffer";
    made.onopen = () => {
      if (Object.values(this.channels).every(({ readyState }) => readyState === "open")) this.setOpen(true, "");
    };
    made.onclose = () => this.setOpen(false, `the channel ${label} was closed`);
    made.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (!this.over && data instanceof ArrayBuffer) this.port.packet(id, data);
    };
    return made;
  }

  private setOpen(open: boolean, reason: string): void {
    if (this.over || this.open === open) return;
    this.open = open;
    if (open) this.port.opened();
    else this.port.closed(reason);
  }

  private async offer(): Promise<void> {
    if (this.over) return;
    try {
      this.negotiation.offering(true);
      await this.connection.setLocalDescription();
      this.sayDescription();
    } catch (error) {
      if (!this.over) this.port.event("signal_failed", { signal: "offer", error: String(error) });
    } finally {
      this.negotiation.offering(false);
    }
  }

  private sayDescription(): void {
    const description = this.connection.localDescription;
    if (!description) return;
    this.offerOutMs = description.type === "offer" ? this.now() : null;
    this.tell({ description: { type: description.type, sdp: description.sdp } });
  }

  private tell(data: Record<string, unknown>): void {
    // What does not go out now is in the description that is said again.
    if (!this.over) this.port.signal(data);
  }

  private async take(signal: Signal): Promise<void> {
    if (this.over) return;
    const { connection, negotiation } = this;
    switch (signal.kind) {
      case "restart":
        this.restart();
        return;
      case "description": {
        const { description } = signal;
        if (negotiation.incoming(description.type, connection.signalingState) === "ignore") return;
        try {
          await connection.setRemoteDescription(description);
        } finally {
          negotiation.settled();
        }
        if (description.type === "offer") {
          await connection.setLocalDescription();
          this.sayDescription();
        }
        for (const candidate of this.waiting.splice(0)) await this.addCandidate(candidate);
        return;
      }
      case "candidate":
        if (signal.candidate === null) return; // the description says the rest
        if (!connection.remoteDescription) this.waiting.push(signal.candidate);
        else await this.addCandidate(signal.candidate);
    }
  }

  private async addCandidate(candidate: RTCIceCandidateInit): Promise<void> {
    if (this.over || isStale(candidate, this.connection.remoteDescription?.sdp ?? "")) return;
    try {
      await this.connection.addIceCandidate(candidate);
    } catch (error) {
      if (!this.negotiation.expectsStrayCandidates) throw error;
    }
  }

  private onIceState(state: RTCIceConnectionState): void {
    if (state === "connected" || state === "completed") {
      this.interruptedMs = null;
      if (Object.values(this.channels).every(({ readyState }) => readyState === "open")) this.setOpen(true, "");
    } else if (state === "disconnected") {
      this.interruptedMs ??= this.now();
    } else if (state === "failed") {
      // It does not heal by itself any more: the next poll restarts.
      this.interruptedMs = -Infinity;
      this.setOpen(false, "failed");
    }
  }

  private restart(): void {
    if (this.over || this.connection.signalingState === "closed") return;
    this.restartedMs = this.now();
    this.port.event("ice_restart", { ice: this.connection.iceConnectionState });
    this.connection.restartIce();
  }
}
