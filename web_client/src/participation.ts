/** One participant's way through the study, as this page lives it: welcome, scenes, saving, the end. */
import { BuildFiles } from "./builds/build_files";
import type { Care } from "./care/care";
import { heldPage } from "./care/held_page";
import type { PageLog } from "./care/page_log";
import { describe } from "./errors";
import { DraftStore } from "./forms/drafts";
import { PythonWorker } from "./game/python_worker";
import type { MonitorPort } from "./monitor/monitor";
import type { ServerClock } from "./monitor/server_clock";
import { Outbox } from "./outbox/outbox";
import { StoredFramesRequests } from "./outbox/stored_frames";
import { IndexedDbStore, MemoryStore, openDatabase, type OutboxStore } from "./outbox/store";
import type { GlobalsChange } from "./globals_change";
import type { ClientError, ClientMessage, Closed, ErrorReply, FinishVisit, Held, Refused, RuntimeManifest, Screening, ServerMessage, ShowScene, Warned, Welcome } from "./protocol/messages";
import { Ending } from "./scenes/ending";
import { EmbeddedScene } from "./scenes/embedded_scene";
import { FormScene } from "./scenes/form_scene";
import { GameScene } from "./scenes/game_scene";
import { endingPage, loadingPage, noticePage, ProgressView, refusedPhase, titleFor, unknownScenePage } from "./scenes/notices";
import { PageScene } from "./scenes/page_scene";
import type { Scene, SceneContext, VisitOutcome } from "./scenes/scene";
import { WaitScene } from "./scenes/wait_scene";
import { ServerScene } from "./server_game/server_scene";
import type { Connection, ConnectionState } from "./transport/connection";
import { isAnotherPreview } from "./transport/preview";
import { SharedGlobals } from "./transport/shared_globals";
import { storageOrNull, type TokenStore } from "./transport/tokens";
import { UnsentMessages } from "./transport/unsent";
import type { FromWorker } from "./worker/rpc";
import type { Shell } from "./view/shell";

/** A finished visit without an answer for this long is announced again. */
const FINISH_AGAIN_MS = 10_000;
/** When the session ends, what is still held has this long to go up; then nobody is held here for it. */
const LAST_WORDS_MS = 10_000;
const LOOK_EVERY_MS = 250;
const SLOW_SAVING_MS = 20_000;
const MAX_ERRORS = 30;
const RELOADED = "mug:reloaded-for";

export interface ParticipationOptions {
  shell: Shell;
  /** What is seen of the experimenter. */
  care: Care;
  log: PageLog;
  tokens: TokenStore;
  /** For the mark that an outdated page has already reloaded itself once. */
  session: Storage | null;
  build: string;
  echo(n: number): void;
  tick(ms: number): void;
  /** Pulse so often while the connection is measured; null: as always. */
  measureEvery(ms: number | null): void;
  /** The server's time, by which rows are stamped. */
  clock: ServerClock;
  /** Where the page stands at a desk, the Python that is warm already; and it stays connected to the end. */
  seat: { handOver(runtime: RuntimeManifest, received: (message: FromWorker) => void): PythonWorker | null } | null;
}

interface Welcomed {
  sessionId: string;
  participantId: string;
  token: string;
  preview: boolean;
  outbox: Outbox;
  drafts: DraftStore;
  python: PythonWorker | null;
}

export class Participation {
  private connection: Connection | null = null;
  private me: Welcomed | null = null;
  private scene: Scene | null = null;
  private sceneId = "";
  private finishing: { message: FinishVisit; timer: ReturnType<typeof setTimeout> | null } | null = null;
  private closing: string | null = null;
  private readonly globals = new SharedGlobals((message) => this.send(message));
  /** Of embedded builds; what was fetched once serves all their scenes. */
  private readonly buildFiles = new BuildFiles();
  private errorsSent = 0;
  private readonly lateErrors: ClientError[] = [];
  /** What scenes said while the connection was lost. */
  private readonly unsent = new UnsentMessages((message) => this.send(message));
  private readonly storedFrames = new StoredFramesRequests((message) => this.send(message));
  private work: Promise<void> = Promise.resolve();
  private over = false;
  private ending: Ending | null = null;
  private screening: { progress: ProgressView; wanted: number; answered: number } | null = null;

  constructor(private readonly options: ParticipationOptions) {}

  use(connection: Connection): void {
    this.connection = connection;
  }

  /** Who this page is, for a hello after a reconnection. */
  identity(): { participantId: string; token: string } | null {
    return this.me && { participantId: this.me.participantId, token: this.me.token };
  }

  /** Of whom this page is, or was last. */
  sessionId(): string | null {
    return this.me?.sessionId ?? null;
  }

  /** Whether this page shows the end of a participation, or why there is none. */
  get isOver(): boolean {
    return this.options.shell.phase === "ended" || this.options.shell.phase === "excluded";
  }

  /** Messages are taken one after the other: opening the storage must be done before a scene is shown. */
  received(message: ServerMessage): void {
    this.work = this.work.then(() => this.handle(message)).catch((error: unknown) => {
      this.reportError(describe(error, "script"));
    });
  }

  connectionChanged(state: ConnectionState): void {
    const { shell } = this.options;
    this.scene?.connectionChanged?.(state === "open");
    if (state === "lost" && this.me?.preview) {
      shell.setStatus("The preview has stopped. When it is started again, this page begins anew.");
    } else if (state === "lost" && !this.over) {
      const goesOn = this.scene && !this.scene.needsServer?.() && shell.phase !== "waiting" && shell.phase !== "matching";
      shell.setStatus(
        goesOn
          ? "The connection to the study is interrupted. You can go on; your data is kept and sent as soon as it is back."
          : "The connection is interrupted. Trying again…",
      );
      this.event("connection_lost");
    } else if (state === "open" || state === "connecting") {
      shell.setStatus(null);
    }
  }

  send(message: ClientMessage): boolean {
    return this.connection?.send(message) ?? false;
  }

  /** A row of the event stream of the present visit. */
  event(name: string, data: Record<string, unknown> = {}): void {
    if (this.me && this.scene) this.me.outbox.addRow(this.scene.visitId, "event", { name, ...this.stamp(), ...data });
  }

  monitorPort(): MonitorPort {
    return {
      send: (message) => this.send(message),
      event: (name, data) => this.event(name, data),
      telemetry: (row) => this.telemetry({ ...row, ...this.scene?.measured?.(), clock_offset_ms: this.options.clock.offsetMs() }),
      status: () => ({
        phase: this.options.shell.phase,
        ...(this.scene?.position() ?? { episode: null, frame: null }),
        unacked: this.me?.outbox.unacked() ?? 0,
        match: this.scene?.matchStatus?.() ?? null,
      }),
      mayLeave: () => this.me?.outbox.flush(),
    };
  }

  /** Tell the server what failed; before the welcome it waits. A page that fails in a loop does not flood. */
  reportError(error: Omit<ClientError, "op" | "visit_id" | "console">): void {
    if (this.errorsSent >= MAX_ERRORS) return;
    this.errorsSent += 1;
    const console = this.options.log.lines();
    const message: ClientError = { op: "participant.error", visit_id: this.scene?.visitId ?? null, console, ...error };
    if (error.kind === "script" || error.kind === "storage") this.event("error", { kind: error.kind, message: error.message });
    if (!this.send(message)) this.lateErrors.push(message);
  }

  phaseChanged(phase: string, detail: string, fraction: number | null): void {
    this.send({ op: "participant.phase", phase, visit_id: this.scene?.visitId ?? null, detail: detail.slice(0, 200), fraction });
  }

  private async handle(message: ServerMessage): Promise<void> {
    switch (message.op) {
      case "participant.welcome":
        await this.welcome(message);
        break;
      case "scene.show":
        await this.showScene(message);
        break;
      case "participant.told":
      case "participant.paused":
      case "participant.hand_state":
        this.options.care.received(message);
        break;
      case "participant.held":
        this.held(message);
        break;
      case "chunk.ack":
        this.me?.outbox.acknowledged(message.visit_id, message.stream, message.next_seq);
        break;
      case "pulse.echo":
        this.options.echo(message.n);
        this.measured();
        break;
      case "participant.screening":
        this.screen(message);
        break;
      case "participant.warned":
        this.warned(message);
        break;
      case "participant.trouble":
        this.scene?.trouble?.(message.completion_code, message.redirect_url);
        break;
      case "episode.taken":
        if (this.scene?.visitId === message.visit_id) this.scene.episodeTaken?.(message);
        break;
      case "frames.stored":
        this.storedFrames.answered(message);
        break;
      case "globals.changed":
        this.changeGlobals({ values: message.values, removed: [] });
        break;
      case "match.waiting":
      case "probe.partners":
      case "probe.over":
      case "match.ready":
      case "match.verdict":
      case "match.away":
      case "match.returning":
      case "peer.signal_from":
      case "peer.relayed":
      case "server.status":
      case "server.view":
        this.scene?.matchMessage?.(message);
        break;
      case "participant.refused":
        this.refused(message);
        break;
      case "participant.closed":
        this.closed(message);
        break;
      case "error.reply":
        this.notTaken(message);
        break;
    }
  }

  private notTaken(reply: ErrorReply): void {
    const { about, message, code, path } = reply;
    console.warn(`the server did not take ${about}: ${message} (${code} ${path})`);
    this.options.care.refused(about, message);
    if (about === "frames.fetch") this.storedFrames.refused(message);
    if (about === "visit.finish" && code === "unanswered") this.reopen();
    this.scene?.serverRefused(about, message, reply);
  }

  private async welcome(message: Welcome): Promise<void> {
    const { shell, tokens } = this.options;
    const { session_id: sessionId, participant_id: participantId, token } = message;
    this.options.clock.welcomed(message.server_time);
    tokens.remember({ session_id: sessionId, participant_id: participantId, token }, message);
    if (isAnotherPreview(this.me, message)) {
      this.connection?.stop();
      window.location.reload();
      return;
    }
    if (message.preview) shell.markAsPreview();
    this.options.session?.removeItem(RELOADED);
    if (message.title) shell.title.setStudy(message.title);
    const path = `/${encodeURIComponent(participantId)}`;
    if (window.location.pathname !== path || window.location.search) history.replaceState(null, "", path);
    this.globals.welcomed(message.mug_globals);
    if (this.me?.sessionId === sessionId && this.me.participantId === participantId) {
      this.me.token = token;
      this.event("connection_back");
    } else {
      this.scene?.dispose();
      this.scene = null;
      this.me = await this.arrive(message);
      this.me.python?.hold(this.options.care.paused);
      this.me.python?.boot();
      // The drawing code is large; it comes while the first pages are read.
      if (this.me.python) void import("./render/renderer").catch(() => undefined);
    }
    this.options.care.welcomed(`${sessionId} ${participantId}`, message.help ?? false);
    this.globals.flush();
    this.unsent.flush();
    for (const error of this.lateErrors.splice(0)) this.send(error);
    this.phaseChanged(shell.phase, "", null);
  }

  private async arrive(message: Welcome): Promise<Welcomed> {
    const { session_id: sessionId, participant_id: participantId, token, runtime, preview } = message;
    const store = await this.openStore(message);
    const outbox = await Outbox.load(store, {
      send: (chunk) => this.send(chunk),
      storageFailed: (reason) => this.storageFailed(reason),
      changed: () => undefined,
    });
    const onWorker = (incoming: FromWorker): void => this.onWorker(incoming);
    const python = runtime && (this.options.seat?.handOver(runtime, onWorker) ?? new PythonWorker(runtime, onWorker));
    const drafts = new DraftStore(preview ? null : storageOrNull("localStorage"), sessionId, participantId);
    return { sessionId, participantId, token, preview, outbox, drafts, python };
  }

  /** Of a preview nothing stays in the browser: no session would ever take it. */
  private async openStore({ session_id: sessionId, participant_id: participantId, preview }: Welcome): Promise<OutboxStore> {
    if (preview) return new MemoryStore();
    try {
      return new IndexedDbStore(await openDatabase(), sessionId, participantId);
    } catch (error) {
      this.storageFailed(error instanceof Error ? error.message : String(error));
      return new MemoryStore();
    }
  }

  private storageFailed(reason: string): void {
    this.reportError({
      kind: "storage",
      message: `the browser's storage failed (${reason}); data is kept in memory until the server has it`,
      traceback: "",
      fatal: false,
    });
  }

  private policiesMeasured({ visitId, matchId, figures }: Extract<FromWorker, { op: "policies" }>): void {
    for (const { agent, decisions, median_ms, p99_ms, late } of figures) {
      this.unsent.add({ op: "policy.figures", visit_id: visitId, match_id: matchId, agent, decisions, median_ms, p99_ms, late });
    }
  }

  private onWorker(message: FromWorker): void {
    if (message.op === "globals") this.changeGlobals(message.change, "worker");
    if (message.op === "policies") this.policiesMeasured(message);
    // A game that had to go in the middle may hand over its last rows when the next scene is there already.
    if (message.op === "chunk") this.me?.outbox.addChunk(message.visitId, message.stream, message.body, { ...message.meta });
    if (message.op === "console") for (const line of message.lines) this.options.log.add(line);
    // A scene that listens reports a failure itself; before that it would be lost.
    if (message.op === "failed" && !(this.scene instanceof GameScene)) {
      this.reportError({ kind: message.kind, message: message.message, traceback: message.traceback, fatal: false });
    }
  }

  /** Games stand still while the experimenter has paused this page. */
  hold(held: boolean): void {
    this.me?.python?.hold(held);
    this.scene?.hold?.(held);
  }

  /** Before the first scene there is nothing to do until the experimenter opens or starts the session. */
  private held(message: Held): void {
    if (this.scene || this.over) return;
    this.screeningOver();
    this.options.shell.show(heldPage(message), "waiting", `held:${message.why}`);
  }

  private async showScene(message: ShowScene): Promise<void> {
    if (!this.me) return;
    this.screeningOver();
    const { outbox } = this.me;
    outbox.openVisit(message.visit_id, message.next_seq);
    if (this.scene?.visitId === message.visit_id) {
      if (this.finishing?.message.visit_id === message.visit_id) this.announceFinish();
      this.scene.shownAgain(message);
      this.storedFrames.askAgain();
      this.options.care.shown(message.action_id);
      return;
    }
    // Where the server leads on by itself, a game has recorded rows that the worker still holds, and no row is cut yet.
    if (this.scene && this.closing !== this.scene.visitId) {
      await this.scene.leave?.();
      outbox.flush();
    }
    this.scene?.dispose();
    if (this.finishing?.timer) clearTimeout(this.finishing.timer);
    this.finishing = null;
    this.closing = null;
    this.storedFrames.forget();
    this.me.drafts.keepOnly(message.visit_id);
    this.sceneId = message.scene_id;
    this.scene = this.makeScene(message);
    const { shell } = this.options;
    shell.setScene(this.sceneId);
    shell.setNotice(message.notice);
    shell.clearWarnings();
    this.scene?.show();
    if (this.options.care.paused) this.scene?.hold?.(true);
    if (this.scene) this.options.care.shown(message.action_id);
    this.buildFiles.preload(message.preload ?? []);
  }

  /** Null where this page does not know the kind of scene: it says so, and the server hears of it. */
  private makeScene(message: ShowScene): Scene | null {
    const { content } = message;
    const context = this.context();
    switch (content.kind) {
      case "page":
        return new PageScene(message, content, context);
      case "form":
        return new FormScene(message, content, context);
      case "game":
        return content.config.mode === "server_authoritative" ? new ServerScene(message, content, context) : new GameScene(message, content, context);
      case "embedded":
        return new EmbeddedScene(message, content, this.buildFiles, context);
      case "wait":
        return new WaitScene(message.visit_id, content, context);
      default: {
        const { kind } = content as { kind: string };
        this.options.shell.show(unknownScenePage(), "error", `unknown scene: ${kind}`);
        const text = `this page does not know scenes of the kind "${kind}": page and server do not fit together`;
        this.reportError({ kind: "script", message: text, traceback: "", fatal: true });
        return null;
      }
    }
  }

  private context(): SceneContext {
    const { me } = this;
    if (!me) throw new Error("a scene came before the welcome");
    return {
      shell: this.options.shell,
      outbox: me.outbox,
      python: me.python,
      subjectId: me.participantId,
      globals: () => this.globals.values,
      changeGlobals: (change) => this.changeGlobals(change),
      callback: (data) => {
        if (this.scene) this.unsent.add({ op: "scene.callback", visit_id: this.scene.visitId, data });
      },
      event: (name, data) => this.event(name, data),
      formValues: (values, more) => {
        for (const [name, answer] of Object.entries(values)) this.formRow({ question_id: name, answer, ...more });
      },
      formRows: (rows) => {
        for (const row of rows) this.formRow({ ...row });
      },
      drafts: me.drafts,
      reportError: (error) => this.reportError(error),
      finish: (outcome) => void this.finish(outcome),
      fetchFrames: (matchId) => this.storedFrames.fetch(this.scene?.visitId ?? "", matchId),
      restartMatch: (matchId, reason) => {
        if (this.scene) this.send({ op: "match.restart", visit_id: this.scene.visitId, match_id: matchId, reason });
      },
      tick: (ms) => this.options.tick(ms),
      send: (message) => this.send(message),
      sendKept: (message) => this.unsent.add(message),
      connected: () => this.connection?.state === "open",
      telemetry: (row) => this.telemetry(row),
    };
  }

  private changeGlobals(change: GlobalsChange, from: "page" | "worker" = "page"): void {
    this.globals.change(change);
    if (from === "page") this.me?.python?.post({ op: "globals", change });
    this.scene?.globalsChanged(change);
  }

  private formRow(row: Record<string, unknown>): void {
    if (this.me && this.scene) this.me.outbox.addRow(this.scene.visitId, "form", { ...this.stamp(), ...row });
  }

  private telemetry(row: Record<string, unknown>): void {
    if (!this.me || !this.scene) return;
    const at = this.stamp();
    // The clocks stand first in every row: nothing that is told replaces them.
    this.me.outbox.addRow(this.scene.visitId, "telemetry", { ...at, ...row, ...at });
  }

  /** Save everything, then say that the visit is done; the server shows what comes next. */
  private async finish(outcome: VisitOutcome): Promise<void> {
    const { scene, me } = this;
    if (!scene || !me || this.closing === scene.visitId) return;
    this.closing = scene.visitId;
    const { shell } = this.options;
    if (shell.phase === "page") shell.setPhase("waiting", "saving");
    const slow = setTimeout(() => {
      if (this.closing === scene.visitId && this.connection?.state === "open") {
        shell.setStatus("Saving takes longer than usual. If this does not change, please tell the person who runs the study.");
      }
    }, SLOW_SAVING_MS);
    const counts = await me.outbox.closeVisit(scene.visitId);
    clearTimeout(slow);
    if (this.scene !== scene) return;
    if (this.connection?.state === "open") shell.setStatus(null);
    this.finishing = { message: { op: "visit.finish", visit_id: scene.visitId, counts, outcome }, timer: null };
    this.announceFinish();
    scene.saved();
  }

  /** The server does not let the present visit go: it goes on here. */
  private reopen(): void {
    const { finishing, scene, me } = this;
    if (!me || !scene || finishing?.message.visit_id !== scene.visitId) return;
    if (finishing.timer) clearTimeout(finishing.timer);
    this.finishing = null;
    this.closing = null;
    me.outbox.reopenVisit(scene.visitId);
    if (this.options.shell.phase === "waiting") this.options.shell.setPhase("page");
  }

  private announceFinish(): void {
    const { finishing } = this;
    if (!finishing) return;
    if (finishing.timer) clearTimeout(finishing.timer);
    this.globals.flush();
    this.send(finishing.message);
    const ended = this.options.shell.phase === "ended";
    finishing.timer = ended ? null : setTimeout(() => this.announceFinish(), FINISH_AGAIN_MS);
  }

  /** The connection is measured before the first scene. */
  private screen({ measurements, interval_ms: everyMs }: Screening): void {
    const progress = new ProgressView("Checking your connection");
    this.screening = { progress, wanted: measurements, answered: 0 };
    progress.update(0, "This takes a few seconds.");
    this.options.shell.show(loadingPage("Checking your connection…", progress), "loading", "screening");
    this.options.measureEvery(everyMs);
  }

  private measured(): void {
    if (!this.screening) return;
    this.screening.answered += 1;
    const { progress, wanted, answered } = this.screening;
    progress.update(answered / (wanted + 1), "This takes a few seconds.");
  }

  private screeningOver(): void {
    if (!this.screening) return;
    this.screening = null;
    this.options.measureEvery(null);
  }

  private warned({ kind, message, active }: Warned): void {
    if (this.over) return;
    this.options.shell.setWarning(kind, active ? message : null);
    this.event(active ? "warning_shown" : "warning_over", { kind });
  }

  private refused({ reason, message: text, completion_code: code, redirect_url: url }: Refused): void {
    const { session, build } = this.options;
    if (code || url) {
      this.end(reason, text, { code, url, afterS: null }).saved();
      this.stop();
      return;
    }
    // An outdated page loads the new one, once; if that does not help, words follow.
    if ((reason === "build" || reason === "protocol") && session && session.getItem(RELOADED) !== build) {
      session.setItem(RELOADED, build);
      window.location.reload();
      return;
    }
    const waitsForPermission = reason === "token";
    this.leave(reason, text, waitsForPermission ? "waiting" : refusedPhase(reason), {
      ...(reason === "second_tab" ? { action: { label: "Try again", run: () => this.tryAgain() } } : {}),
      ...(reason === "build" || reason === "protocol" ? { action: { label: "Reload", run: () => window.location.reload() } } : {}),
      // The server answers this page as soon as the experimenter lets it in.
      working: waitsForPermission,
    });
    if (!waitsForPermission && reason !== "second_tab") this.stop();
  }

  private tryAgain(): void {
    const { shell } = this.options;
    shell.show(noticePage({ title: "Connecting to the study…", text: "", working: true }), "connecting");
    this.over = false;
    this.connection?.retry();
  }

  private closed({ reason, message: text, completion_code: code, redirect_url: url, redirect_after_s: afterS, action_id: actionId, ...visit }: Closed): void {
    const { me, scene } = this;
    this.options.care.shown(actionId);
    me?.outbox.flush();
    if (reason === "replaced") {
      this.leave(reason, text, refusedPhase(reason), {});
      this.stop();
      return;
    }
    // A page that was loaded again holds what it could not send before.
    if (visit.visit_id && scene?.visitId !== visit.visit_id) me?.outbox.openVisit(visit.visit_id, visit.next_seq);
    const handedOver = scene?.leave?.() ?? Promise.resolve();
    const ending = this.end(reason, text, { code, url, afterS });
    void handedOver.then(() => {
      scene?.dispose();
      me?.outbox.flush();
      this.stopWhenSaved(ending, reason === "session_ended");
    });
  }

  /** Show that the participation is over, and why. */
  private end(reason: string, text: string, { code, url, afterS }: { code: string | null; url: string | null; afterS: number | null }): Ending {
    const { shell } = this.options;
    this.over = true;
    this.options.care.over();
    this.scene = null;
    if (this.finishing?.timer) clearTimeout(this.finishing.timer);
    this.finishing = null;
    this.screeningOver();
    shell.setStatus(null);
    shell.clearWarnings();
    this.ending?.dispose();
    this.ending = new Ending({ code, url, afterS, go: (address) => window.location.assign(address) });
    shell.show(endingPage(titleFor(reason), text, this.ending), refusedPhase(reason), reason);
    return this.ending;
  }

  /** The connection stays until the server has everything; who goes on meanwhile is not held. */
  private stopWhenSaved(ending: Ending, bounded: boolean): void {
    const until = performance.now() + LAST_WORDS_MS;
    const check = (): void => {
      const late = performance.now() > until;
      if ((this.me?.outbox.unacked() ?? 0) === 0) {
        ending.saved();
        this.stop();
      } else if (late && bounded) {
        ending.kept();
        this.stop();
      } else {
        if (late) ending.slow();
        setTimeout(check, LOOK_EVERY_MS);
      }
    };
    check();
  }

  private leave(
    reason: string,
    text: string,
    phase: "ended" | "excluded" | "error" | "waiting",
    more: { action?: { label: string; run(): void }; working?: boolean },
  ): void {
    this.over = phase !== "waiting";
    if (this.over) this.options.care.over();
    this.screeningOver();
    this.options.shell.clearWarnings();
    this.scene?.dispose();
    this.scene = null;
    this.options.shell.setStatus(null);
    this.options.shell.setNotice("");
    this.options.shell.show(noticePage({ title: titleFor(reason), text, ...more }), phase, reason);
  }

  /** A preview's page keeps listening: it begins anew when the study was changed. So does a desk's, to be called home. */
  private stop(): void {
    this.over = true;
    if (!this.me?.preview && !this.options.seat) this.connection?.stop();
  }

  /** Both clocks of a row: the server's time in UTC, and ms since the page's time origin. */
  private stamp(): { at: string; at_ms: number } {
    return { at: new Date(this.options.clock.now()).toISOString(), at_ms: Math.round(performance.now() * 10) / 10 };
  }
}
