/**
 * The desk that this page stands at, from warming up to the next participant: at home (`SeatHome`) until it is asked to
 * begin, then a participant's page that still hears what is asked of its desk.
 */
import type { PythonWorker } from "../game/python_worker";
import type { ServerClock } from "../monitor/server_clock";
import type { RuntimeManifest, SeatAsked, SeatHello, ServerMessage } from "../protocol/messages";
import { PROTOCOL_VERSION } from "../protocol/messages";
import { describeBrowser } from "../transport/browser";
import type { DeskMessage } from "../transport/connection";
import type { Shell } from "../view/shell";
import type { FromWorker } from "../worker/rpc";
import { goToFullscreen, identify } from "./asked";
import { homeOf } from "./desk";
import { SeatHome } from "./home";

/** The answer is on its way before the page goes. */
const LET_IT_OUT_MS = 50;
const ASK_AGAIN_MS = 5000;

export interface SeatPort {
  shell: Shell;
  build: string;
  tabId: string;
  session: Storage | null;
  clock: ServerClock;
  say(message: DeskMessage): boolean;
  retry(): void;
  /** Of the participant on this page; null before the welcome. */
  sessionId(): string | null;
}

export class Seat {
  private home: SeatHome | null;
  private begun = false;
  /** The server was asked, and has the session in which the participation is over. */
  private sure = false;

  constructor(
    readonly desk: string,
    atHome: boolean,
    private readonly port: SeatPort,
  ) {
    this.home = atHome ? new SeatHome({ ...port, desk }) : null;
  }

  /**
   * The hello of a page that waits at home, or whose participation is over: it looks first whether this is the same
   * session. Null once somebody is to take part.
   */
  hello(over: boolean): SeatHello | null {
    const waits = this.home !== null && !this.begun;
    if (!waits && (!over || this.sure)) return null;
    const { build, tabId } = this.port;
    return { op: "seat.hello", protocol: PROTOCOL_VERSION, build, tab_id: tabId, desk: this.desk, environment: describeBrowser() };
  }

  /** Whether a message was for the desk, and not for the participant. */
  received(message: ServerMessage): boolean {
    if (message.op === "participant.welcome") {
      this.sure = false;
      if (message.runtime === null) this.letGo();
      return false;
    }
    if (message.op === "seat.welcome" && !this.home) {
      this.foundServer(message.session_id);
      return true;
    }
    if (message.op === "seat.refused" && !this.home) {
      setTimeout(() => this.port.retry(), ASK_AGAIN_MS);
      return true;
    }
    if (message.op === "seat.asked") {
      this.asked(message);
      return true;
    }
    if (this.home && !this.begun) {
      this.home.received(message);
      return true;
    }
    return false;
  }

  /** Whose participation is over stays on the last page of this session, and never begins in the next one by itself. */
  private foundServer(sessionId: string): void {
    if (sessionId !== this.port.sessionId()) {
      window.location.assign(homeOf(this.desk));
      return;
    }
    this.sure = true;
    this.port.retry();
  }

  private letGo(): void {
    this.home?.dispose();
    this.home = null;
  }

  connectionLost(): void {
    this.sure = false;
    this.home?.connectionLost();
  }

  /** The participant's page takes over Python, where it is warm. */
  handOver(runtime: RuntimeManifest, received: (message: FromWorker) => void): PythonWorker | null {
    const python = this.home?.handOver(runtime, received) ?? null;
    this.letGo();
    return python;
  }

  private asked({ action_id: actionId, what, text }: SeatAsked): void {
    const done = (error = ""): void => void this.port.say({ op: "seat.done", action_id: actionId, error });
    switch (what) {
      case "identify":
        identify(text || this.desk);
        done();
        break;
      case "fullscreen":
        void goToFullscreen(done);
        break;
      case "reload":
        done();
        setTimeout(() => window.location.reload(), LET_IT_OUT_MS);
        break;
      case "home":
        done();
        if (!this.home || this.begun) setTimeout(() => window.location.assign(homeOf(this.desk)), LET_IT_OUT_MS);
        break;
      case "begin":
        if (!this.home) {
          done("this page is not at home");
          break;
        }
        done();
        this.begun = true;
        this.home.stepBack();
        this.port.retry();
        break;
      default:
        done(`this page does not know "${what}": load it again`);
    }
  }
}

