/**
 * The connection to the server: one Socket.IO event carries all messages. It says hello on every connect, and nothing
 * else goes out before the server's welcome; what must not be lost waits in the outbox, not here.
 */
import { io, type Socket } from "socket.io-client";
import type { ClientError, ClientMessage, Hello, ProbeDone, RelayPacket, SeatDone, SeatHello, SeatReport, SendSignal, ServerMessage } from "../protocol/messages";

const EVENT = "m";
const PATH = "/_mug/socket.io";
/** A hello without an answer for this long is said again on a new connection. */
const HELLO_TIMEOUT_MS = 15_000;
/** To a hello. Who is held in front of closed doors is welcomed when they open, however long that takes. */
const ANSWERS: ReadonlySet<string> = new Set([
  "participant.welcome",
  "participant.refused",
  "participant.held",
  "seat.welcome",
  "seat.refused",
]);

export type ConnectionState = "connecting" | "open" | "lost" | "stopped";

/** What a desk's page says, before anybody takes part there, too. */
export type DeskMessage = SeatReport | SeatDone | ProbeDone | SendSignal | RelayPacket | ClientError;

export interface ConnectionPort {
  hello(): Hello | SeatHello;
  received(message: ServerMessage): void;
  stateChanged(state: ConnectionState): void;
}

export class Connection {
  private readonly socket: Socket;
  private current: ConnectionState = "connecting";
  /** The server knows which desk this is. */
  private seated = false;
  private helloTimer: ReturnType<typeof setTimeout> | null = null;
  private reconnectTimer: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly port: ConnectionPort) {
    this.socket = io({
      path: PATH,
      autoConnect: false,
      // Virus scanners cut plain WebSockets in some labs: then the next transport is tried.
      transports: ["websocket", "polling"],
      tryAllTransports: true,
      reconnectionDelay: 500,
      reconnectionDelayMax: 3000,
      randomizationFactor: 0.5,
      timeout: 10_000,
    });
    this.socket.on("connect", () => this.sayHello());
    this.socket.on("disconnect", (reason) => this.onDisconnect(reason));
    this.socket.on(EVENT, (message: ServerMessage) => this.onMessage(message));
  }

  get state(): ConnectionState {
    return this.current;
  }

  start(): void {
    this.socket.connect();
  }

  /** The participation is over: no reconnection. */
  stop(): void {
    this.clearTimers();
    this.setState("stopped");
    this.socket.disconnect();
  }

  /** Say hello again (after "let in", or when another tab was closed). */
  retry(): void {
    this.setState("connecting");
    if (this.socket.connected) this.sayHello();
    else this.socket.connect();
  }

  /** False when it did not go out: the connection is down or the participant is not yet welcome. */
  send(message: ClientMessage): boolean {
    if (this.current !== "open" || !this.socket.connected) return false;
    this.socket.emit(EVENT, message);
    return true;
  }

  /** The same for a desk's page; what it was asked for is answered whether or not the participant is welcome. */
  say(message: DeskMessage): boolean {
    const known = this.seated || this.current === "open";
    if ((!known && message.op !== "seat.done") || !this.socket.connected) return false;
    this.socket.emit(EVENT, message);
    return true;
  }

  private sayHello(): void {
    if (this.current === "stopped") return;
    this.socket.emit(EVENT, this.port.hello());
    if (this.helloTimer !== null) clearTimeout(this.helloTimer);
    this.helloTimer = setTimeout(() => {
      this.socket.disconnect();
      this.socket.connect();
    }, HELLO_TIMEOUT_MS);
  }

  private onMessage(message: ServerMessage): void {
    if (ANSWERS.has(message.op)) {
      if (this.helloTimer !== null) clearTimeout(this.helloTimer);
      this.helloTimer = null;
      if (message.op === "participant.welcome") this.setState("open");
      if (message.op === "seat.welcome") this.seated = true;
      // In front of closed doors the connection is back, too; the welcome comes when they open.
      if (message.op === "participant.held" && this.current === "lost") this.setState("connecting");
    }
    this.port.received(message);
  }

  private onDisconnect(reason: Socket.DisconnectReason): void {
    if (this.current === "stopped") return;
    this.clearTimers();
    this.seated = false;
    this.setState("lost");
    // The library does not come back by itself when the server closed the connection.
    if (reason === "io server disconnect") {
      this.reconnectTimer = setTimeout(() => this.socket.connect(), 1000);
    }
  }

  private setState(state: ConnectionState): void {
    if (this.current === state) return;
    this.current = state;
    this.port.stateChanged(state);
  }

  private clearTimers(): void {
    if (this.helloTimer !== null) clearTimeout(this.helloTimer);
    if (this.reconnectTimer !== null) clearTimeout(this.reconnectTimer);
    this.helloTimer = null;
    this.reconnectTimer = null;
  }
}
