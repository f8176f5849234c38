/**
 * What makes a game one of several people, seen from this page: waiting for partners, the ways to them, what is said
 * while the game stands still, and an end before the end. How the game goes is decided in the worker.
 */
import { asBytes } from "../game/bytes";
import { MatchOverlay } from "../game/match_overlay";
import { MatchWords } from "../game/match_words";
import { Presence } from "../input/presence";
import { Mesh } from "../peer/mesh";
import type { GameConfig, MatchReady, MatchStatus, MatchVerdict } from "../protocol/messages";
import type { FromWorker, MatchLive, MatchNote, ToWorker } from "../worker/rpc";
import type { GameStage } from "./game_stage";
import { ConnectingPage } from "./lobby";
import { earlyEndPage, lastSavingPage, type EarlyEnd } from "./match_end";
import type { MatchMessage, SceneContext } from "./scene";
import type { StudyPage } from "./study_page";
import { Waitroom } from "./waitroom";

/** Partners may still miss our last words when everything is agreed here: the ways stay open for so long. */
const LAST_WORDS_MS = 500;
/** After a verdict that ends the game the worker agrees with the others on the last frame, at most for so long. */
const AGREEMENT_MS = 5000;
const UNLOADING_MS = 3000;
/** A partner of whom nothing came for so long while we connect is reported; once the game runs, the worker watches. */
const UNHEARD_MS = 10_000;

type State = "idle" | "waiting" | "connecting" | "playing" | "ended";
type WorkerMessage = Extract<FromWorker, { op: "send" | "live" | "peers" | "rows" | "finished" | "unloaded" }>;

export interface MatchPort {
  /** Partners are found: load their game. */
  load(ready: MatchReady): void;
  /** The same for a page that comes back: what is stored of the game is fetched first. */
  loadAgain(ready: MatchReady): Promise<void>;
  /** Show the game; null when it cannot be shown any more. */
  enter(): GameStage | null;
  /** All episodes are played. */
  completed(): void;
  /** The game is over early: keys and picture go, the words follow. */
  leave(): void;
}

export class MatchPlay {
  private state: State = "idle";
  private config: GameConfig;
  private connecting: ConnectingPage | null = null;
  private waitroom: Waitroom | null = null;
  private mesh: Mesh | null = null;
  private presence: Presence | null = null;
  private words: MatchWords | null = null;
  private readonly overlay = new MatchOverlay();
  private stage: GameStage | null = null;
  private last: MatchLive | null = null;
  private endPage: StudyPage | null = null;
  private readonly timers = new Set<ReturnType<typeof setTimeout>>();
  private readonly lost = new Set<number>();
  private readonly unheard = new Set<string>();
  private readonly reported = new Set<string>();
  private readonly dropped = new Set<string>();
  private unloaded: (() => void) | null = null;
  /** The verdict that ends the game. */
  private final: MatchVerdict | null = null;
  private comesBack = false;
  private notBack = false;
  /** What came before the ways to the partners were made. */
  private early: MatchMessage[] | null = null;

  constructor(
    private readonly visitId: string,
    private readonly sceneId: string,
    config: GameConfig,
    private readonly hideCount: boolean,
    private readonly context: SceneContext,
    private readonly port: MatchPort,
  ) {
    this.config = config;
  }

  /** For the pulse; null while no match is formed. */
  status(): MatchStatus | null {
    if (!this.last) return null;
    const { countdownMs: _countdown, waitingMs: _waiting, silent: _silent, returning: _returning, held: _held, ...status } = this.last;
    return this.state === "ended" ? { ...status, stage: "over" } : status;
  }

  /** The participant is ready: say so, and wait for the others. */
  join(): void {
    this.state = "waiting";
    const options = { people: this.config.players.length, hideCount: this.hideCount, before: "game" as const };
    this.waitroom = new Waitroom(this.visitId, options, this.context);
  }

  /** The server shows the visit again, after a reconnection: it may have forgotten that we wait. */
  shownAgain(): void {
    if (this.state !== "waiting") return;
    if (this.comesBack) this.askForMatch();
    else this.waitroom?.ask();
  }

  /** This page was loaded again while a match ran: it goes back into it. */
  comeBack(): void {
    this.state = "waiting";
    this.comesBack = true;
    this.context.event("match_return_begun", { match_id: this.config.match_id });
    this.askForMatch();
  }

  /** The server says that there is nothing to come back into, or to be put together for. */
  refused(code: string): void {
    if (!this.comesBack || this.state !== "waiting") return;
    if (code === "played") {
      this.state = "ended";
      this.port.completed();
    } else if (code === "over") this.end("not_back", "");
  }

  /** What is stored of the game is damaged. */
  cannotRebuild(reason: string): void {
    this.onPeers("not_reproduced", { reason });
    this.end("not_back", "");
  }

  received(message: MatchMessage): void {
    if (this.waitroom?.received(message)) return;
    if (this.early && message.op !== "match.waiting" && message.op !== "match.ready") {
      this.early.push(message);
      return;
    }
    if (message.op === "match.ready") {
      if (message.visit_id === this.visitId && this.state === "waiting") this.formed(message);
      return;
    }
    const { human_agents: own } = this.config;
    if (message.op === "match.verdict" && this.state === "waiting") {
      const outlived = this.comesBack && !message.dropped.includes(own[0] ?? "") && message.policy !== "end" && message.policy !== "void";
      if (outlived) return; // the game that we come back into says who is out; from then on we take verdicts as the others do
      // Partners were found while the connection was lost, and did not wait.
      this.end(message.policy === "void" ? "void" : "dropped", message.message);
      return;
    }
    if (!("match_id" in message) || message.match_id !== this.config.match_id) return;
    switch (message.op) {
      case "peer.signal_from":
        this.mesh?.signalled(message.agent, message.data, message.life ?? "");
        break;
      case "peer.relayed":
        this.mesh?.relayed(message.agent, message.channel, bufferOf(asBytes(message.body)));
        break;
      case "match.verdict":
        this.judged(message);
        break;
      case "match.away":
        this.words?.partnerAway(message.agent, message.away);
        break;
      case "match.returning":
        this.returning(message.agent, message.returns);
        break;
    }
  }

  connectionChanged(open: boolean): void {
    this.waitroom?.connectionChanged(open);
    this.mesh?.serverChanged(open);
  }

  /** The worker stands before the first frame of the match. */
  loaded(): void {
    this.presence = new Presence((hidden) => this.note({ kind: "hidden", hidden }));
    this.post({ op: "start", visitId: this.visitId });
  }

  fromWorker(message: WorkerMessage): void {
    switch (message.op) {
      case "send":
        this.mesh?.send(message.player, message.channel, message.body);
        break;
      case "live":
        this.onLive(message.live);
        break;
      case "peers":
        this.onPeers(message.name, message.data);
        break;
      case "rows":
        for (const row of message.rows) this.context.telemetry(row);
        break;
      case "finished":
        this.finished(message.outcome ?? "completed", message.reason ?? "");
        break;
      case "unloaded":
        this.unloaded?.();
        break;
    }
  }

  dispose(): void {
    this.presence?.stop();
    this.presence = null;
    this.leaveWaitroom("The wait is over");
    this.connecting?.dispose();
    this.mesh?.close();
    this.mesh = null;
    this.endPage?.dispose();
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    this.state = "ended";
  }

  private leaveWaitroom(call: string): void {
    this.waitroom?.leave(call);
    this.waitroom = null;
  }

  private askForMatch(): void {
    this.context.send({ op: "match.join", visit_id: this.visitId });
  }

  private formed(ready: MatchReady): void {
    const { config } = ready;
    this.state = "connecting";
    this.config = config;
    this.leaveWaitroom("Your game begins");
    const { players, human_agents: own } = config;
    for (const agent of config.dropped ?? []) this.dropped.add(agent);
    this.connecting = new ConnectingPage(players.length, this.comesBack);
    this.context.shell.show(this.connecting.view, "matching");
    this.words = new MatchWords(config.input_confirmation_timeout_ms, players.length - 1);
    const match_id = config.match_id;
    if (!this.comesBack) {
      this.port.load(ready);
      this.context.event("match_formed", { match_id, agent: own[0], players });
      this.connect(ready);
      return;
    }
    this.early = [];
    void this.port.loadAgain(ready).then(() => {
      const early = this.early ?? [];
      this.early = null;
      if (this.state !== "connecting") return;
      this.connect(ready);
      for (const message of early) this.received(message);
    });
  }

  private connect({ config, ice_servers: iceServers = [], force_relay: forceRelay = false }: MatchReady): void {
    const { players, human_agents: own, match_id } = config;
    this.mesh = new Mesh(
      { players, own: own[0] ?? "", iceServers, forceRelay, returns: config.returns ?? {} },
      {
        signal: (to, data, life) => this.context.send({ op: "peer.signal", match_id, to, data, life }),
        relay: (to, channel, body) => this.context.send({ op: "peer.relay", match_id, to, channel, body }),
        packet: (player, channel, body) => this.post({ op: "packet", visitId: this.visitId, player, channel, body }, [body]),
        path: (player, path, pair) => this.note({ kind: "path", player, path, ...(pair ? { pair } : {}) }),
        event: (name, data) => this.context.event(name, { match_id, ...data }),
      },
      this.context.connected(),
    );
    for (const agent of this.dropped) this.mesh.forget(agent);
  }

  private returning(agent: string, returns: number): void {
    const player = this.config.players.indexOf(agent);
    if (player < 0 || this.dropped.has(agent) || (this.state !== "connecting" && this.state !== "playing")) return;
    this.mesh?.renew(agent, returns);
    this.unheard.delete(agent);
    this.lost.delete(player);
    this.note({ kind: "returning", player, returns });
  }

  private onLive(live: MatchLive): void {
    if (this.state !== "connecting" && this.state !== "playing") return;
    this.last = live;
    this.mesh?.live(live);
    this.watchConnecting();
    if (this.state === "connecting" && live.stage !== "connecting" && live.stage !== "over") this.enter();
    if (!this.stage) return;
    const { shell } = this.context;
    this.overlay.show(this.words?.update(live, this.context.connected(), performance.now()) ?? { kind: "none", text: "" });
    this.stage.page.stage.dataset["mugStage"] = live.stage;
    const phase = live.stage === "countdown" ? "countdown" : "playing";
    if (live.stage !== "over" && shell.phase !== phase && (shell.phase === "countdown" || shell.phase === "playing")) shell.setPhase(phase);
  }

  private watchConnecting(): void {
    for (const { agent, ms } of this.mesh?.silence() ?? []) {
      const silent = ms > UNHEARD_MS && this.state === "connecting" && this.context.connected();
      if (silent && !this.unheard.has(agent)) {
        this.unheard.add(agent);
        this.reportPeer(agent, "lost", ms);
      } else if (ms <= UNHEARD_MS && this.unheard.delete(agent)) this.reportPeer(agent, "back", ms);
    }
  }

  private reportPeer(agent: string, state: "lost" | "back", ms: number): void {
    this.context.sendKept({ op: "match.peer", match_id: this.config.match_id, agent, state, silent_ms: Math.round(ms) });
  }

  private enter(): void {
    this.stage = this.port.enter();
    if (!this.stage) return;
    this.state = "playing";
    this.connecting?.dispose();
    this.connecting = null;
    this.stage.page.stage.append(this.overlay.view);
  }

  /** What happened between the peers is recorded; what the server has to know is told. */
  private onPeers(name: string, data: Record<string, unknown>): void {
    const { match_id, players } = this.config;
    const player = typeof data["player"] === "number" ? data["player"] : null;
    const agent = player === null ? "" : (players[player] ?? "");
    this.context.event(`match_${name}`, { match_id, ...data, ...(agent ? { agent } : {}) });
    switch (name) {
      case "lost":
      case "resumed": {
        if (player === null || (name === "resumed" && !this.lost.has(player))) return;
        if (name === "lost") this.lost.add(player);
        else this.lost.delete(player);
        this.reportPeer(agent, name === "lost" ? "lost" : "back", typeof data["silent_ms"] === "number" ? data["silent_ms"] : 0);
        return;
      }
      case "returned":
        if (agent === this.config.human_agents[0]) {
          const [episode, frame] = [Number(data["episode"] ?? 0), Number(data["frame"] ?? 0)];
          this.context.sendKept({ op: "match.returned", match_id, episode, frame });
        }
        return;
      case "not_reproduced":
      case "desync":
      case "refused":
      case "void":
        this.notBack = this.notBack || name === "not_reproduced";
        if (this.reported.has(name)) return; // once said, the match is marked
        this.reported.add(name);
        this.context.sendKept({
          op: "match.report",
          match_id,
          flag: name,
          detail: typeof data["reason"] === "string" ? data["reason"] : JSON.stringify({ ...data, agent }),
          ...(typeof data["episode"] === "number" ? { episode: data["episode"] } : {}),
          ...(typeof data["frame"] === "number" ? { frame: data["frame"] } : {}),
        });
    }
  }

  private judged(verdict: MatchVerdict): void {
    const { dropped, policy, message } = verdict;
    if (this.state === "ended" || this.state === "idle") return;
    // After a reconnection the server says it again.
    if (dropped.every((agent) => this.dropped.has(agent))) return;
    for (const agent of dropped) this.dropped.add(agent);
    const { players, human_agents: own } = this.config;
    this.context.event("match_verdict", { match_id: this.config.match_id, dropped, policy });
    if (own[0] !== undefined && dropped.includes(own[0])) {
      this.end(policy === "void" ? "void" : "dropped", message);
      return;
    }
    const numbers = dropped.map((agent) => players.indexOf(agent)).filter((player) => player >= 0);
    this.note({ kind: "verdict", dropped: numbers, policy: policy as Extract<MatchNote, { kind: "verdict" }>["policy"] });
    if (policy === "end" || policy === "void") {
      this.final = verdict;
      this.later(AGREEMENT_MS, () => this.end(policy === "void" ? "void" : "partner_left", message));
      return;
    }
    for (const agent of dropped) this.mesh?.forget(agent);
    const who = players.length > 2 ? "Another player has left." : "Your partner has left.";
    this.words?.notice(message || `${who} The game goes on.`, performance.now());
  }

  private finished(outcome: "completed" | EarlyEnd, reason: string): void {
    if (this.state === "ended") return;
    if (outcome !== "completed") {
      if (reason) this.context.event("match_over", { match_id: this.config.match_id, outcome, reason });
      this.end(this.notBack ? "not_back" : outcome, "");
      return;
    }
    this.state = "ended";
    this.presence?.stop();
    this.later(LAST_WORDS_MS, () => this.port.completed());
  }

  private end(why: EarlyEnd, message: string): void {
    if (this.state === "ended") return;
    const played = this.state === "connecting" || this.state === "playing";
    this.state = "ended";
    this.presence?.stop();
    this.leaveWaitroom("The wait is over");
    this.connecting?.dispose();
    this.port.leave();
    this.context.event("match_ended_early", { match_id: this.config.match_id, why });
    const saved = played ? this.rowsHandedOver() : Promise.resolve();
    const words = message || (why === "partner_left" || why === "void" ? (this.final?.message ?? "") : "");
    if (why === "partner_left" && this.final?.ends) {
      // The participation is over with the game: what comes next is the server's word, with the code.
      this.context.shell.show(lastSavingPage(words), "waiting", "saving");
      void saved.then(() => this.context.finish("partner_left"));
      return;
    }
    const page = earlyEndPage(why, words, this.context.subjectId, this.sceneId, () => {
      page.setBusy("Saving…");
      const outcome = why === "void" || why === "refused" ? "void" : "partner_left";
      void saved.then(() => this.context.finish(outcome));
    });
    this.endPage = page;
    this.context.shell.show(page.view, "page", why);
    page.focus();
  }

  /** The worker hands over the rows that are not cut yet when it unloads. */
  private rowsHandedOver(): Promise<void> {
    return new Promise((resolve) => {
      this.unloaded = resolve;
      this.later(LAST_WORDS_MS, () => {
        this.mesh?.close();
        this.mesh = null;
        this.post({ op: "unload", visitId: this.visitId });
        this.later(UNLOADING_MS, resolve);
      });
    });
  }

  private note(note: MatchNote): void {
    this.post({ op: "note", visitId: this.visitId, note });
  }

  private post(message: ToWorker, transfer: Transferable[] = []): void {
    this.context.python?.post(message, transfer);
  }

  private later(ms: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      work();
    }, ms);
    this.timers.add(timer);
  }
}

/** A buffer of exactly these bytes, which can be given away. */
function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : (bytes.slice().buffer as ArrayBuffer);
}
