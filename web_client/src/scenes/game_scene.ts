/**
 * A gym game: prepare while the participant reads, begin on Start or Enter, show frames and pass on keys, and hand over
 * when Python says that everything is played. With several people, Start leads to the others first. What happens in the
 * game is Python's business.
 */
import type { GlobalsChange } from "../globals_change";
import { keptGame, type KeptGame } from "../game/kept_game";
import { overallFraction } from "../game/loading";
import { MatchOverlay } from "../game/match_overlay";
import { StallWatch } from "../game/stall_watch";
import type { ErrorReply, GameConfig, GameContent, ShowScene } from "../protocol/messages";
import type { Renderer } from "../render/renderer";
import { hasWebAssembly } from "../transport/browser";
import type { FrameView, FromWorker } from "../worker/rpc";
import { GameDrawing } from "./game_drawing";
import { GameStage } from "./game_stage";
import { MatchPlay } from "./match_play";
import { enterHint, failurePage, loadingPage, noticePage, ProgressView, slowPage, troubleHelp } from "./notices";
import type { MatchMessage, Scene, SceneContext } from "./scene";
import { visitPort } from "./study_content";
import { StudyPage } from "./study_page";

/** Saving that takes longer than this gets a page that says so. */
const SAVING_AFTER_MS = 500;
/** The worker hands over what is recorded within this time, or it does not run any more. */
const LEAVING_MS = 3000;

type State = "preparing" | "ready" | "matching" | "playing" | "saving" | "failed";

export class GameScene implements Scene {
  readonly visitId: string;
  private state: State = "preparing";
  private content: GameContent;
  private startPage: StudyPage | null = null;
  private readonly progress = new ProgressView("Preparing the game");
  /** Null in a game of one person. */
  private readonly match: MatchPlay | null;
  private stage: GameStage | null = null;
  private renderer: Renderer | null = null;
  private drawing: GameDrawing | null = null;
  private comingBack = false;
  private readonly early: FrameView[] = [];
  private episode: number | null = null;
  private frame: number | null = null;
  private lastPhaseAt = 0;
  private disposed = false;
  private attempt = 0;
  private failure: HTMLElement | null = null;
  private left: (() => void) | null = null;
  /** While the picture is shown. */
  private readonly stalls: StallWatch;
  private readonly stallWords = new MatchOverlay();

  constructor(
    private readonly message: ShowScene,
    content: GameContent,
    private readonly context: SceneContext,
  ) {
    this.visitId = message.visit_id;
    this.content = content;
    this.match = content.config.players.length > 0 ? this.makeMatch(content) : null;
    this.stalls = new StallWatch({
      ask: () => this.context.python?.post({ op: "ping" }),
      stalled: () => this.stalled(),
      goesOn: (ms) => this.goesOn(ms),
      gaveUp: (ms) => this.gaveUp(ms),
    });
  }

  show(): void {
    this.context.event("page_shown");
    const { python } = this.context;
    if (!hasWebAssembly()) {
      this.fail("runtime", "WebAssembly is missing in this browser", "", "This browser cannot run the game", "WebAssembly is switched off or missing in this browser. Please open this address in a current version of Chrome, Edge, Firefox or Safari, or tell the person who runs the study.");
      return;
    }
    if (!python) {
      this.fail("runtime", "the server offers no Python runtime for this game", "");
      return;
    }
    python.listen({ received: (incoming) => this.onWorker(incoming), silent: () => this.onSilence() });
    if (this.match && this.content.config.match_id) this.comeBack(this.match);
    else void this.prepare();
  }

  shownAgain(message: ShowScene): void {
    if (this.match) {
      this.match.shownAgain();
      return;
    }
    const { content } = message;
    if (content.kind !== "game" || content.config.match_id === this.content.config.match_id) return;
    // The server formed a new match of this visit, because the old one could not be replayed.
    this.content = content;
    this.stopPlaying();
    this.context.python?.post({ op: "unload", visitId: this.visitId });
    void this.prepare();
  }

  globalsChanged(change: GlobalsChange): void {
    this.startPage?.content.globalsChanged(change);
    this.stage?.globalsChanged(change);
  }

  matchMessage(message: MatchMessage): void {
    if (this.state !== "failed") this.match?.received(message);
  }

  matchStatus(): ReturnType<MatchPlay["status"]> {
    return this.match?.status() ?? null;
  }

  connectionChanged(open: boolean): void {
    this.match?.connectionChanged(open);
  }

  leave(): Promise<void> {
    if (!this.stage && this.state !== "matching" && this.state !== "saving") return Promise.resolve();
    this.stage?.stopKeys();
    return new Promise((resolve) => {
      this.left = resolve;
      setTimeout(resolve, LEAVING_MS);
      this.context.python?.post({ op: "unload", visitId: this.visitId });
    });
  }

  trouble(code: string | null, url: string | null): void {
    this.failure?.querySelector(".trouble")?.remove();
    this.failure?.querySelector("section")?.append(troubleHelp(code, url));
  }

  position(): { episode: number | null; frame: number | null } {
    return { episode: this.episode, frame: this.frame };
  }

  saved(): void {
    // The next scene follows from the server.
  }

  serverRefused(about: string, reason: string, { code }: ErrorReply): void {
    if (about === "match.join") this.match?.refused(code);
    if (about === "match.restart") this.fail("runtime", `the game could not be started again: ${reason}`, "");
  }

  dispose(): void {
    this.disposed = true;
    this.match?.dispose();
    this.stopPlaying();
    this.startPage?.dispose();
    this.context.python?.listen(null);
    this.context.python?.post({ op: "unload", visitId: this.visitId });
  }

  private async prepare(): Promise<void> {
    const { config } = this.content;
    const attempt = ++this.attempt;
    this.state = "preparing";
    const { python } = this.context;
    if (!python) return;
    if (config.restart_pyodide || python.failure) python.reboot();
    python.boot();
    // The drawing code and the images load while Python does.
    this.makeDrawing();
    const { outbox, shell } = this.context;
    const resumes = this.content.resume_match;
    if (resumes) shell.show(loadingPage("Preparing the game", this.progress), "loading");
    let kept: KeptGame;
    try {
      kept = await keptGame(outbox, this.visitId, config.match_id, resumes ? () => this.context.fetchFrames(config.match_id) : null);
    } catch (error) {
      this.fail("runtime", `the frames played so far could not be fetched: ${String(error)}`, "");
      return;
    }
    if (this.disposed || attempt !== this.attempt) return;
    const { stored, tail } = kept;
    this.comingBack = stored.length > 0 || tail !== null;
    this.showPreparation();
    python.load({ op: "load", visitId: this.visitId, config: { ...config, mug_globals: this.context.globals() }, stored, tail });
    this.updateProgress(python.progress.stage, python.progress.fraction, python.progress.text);
  }

  private showPreparation(): void {
    this.startPage?.dispose();
    this.startPage = null;
    const { scene_header: header, body_html: body } = this.content;
    if (!this.comingBack && !this.content.waits && (header || body)) {
      const page = this.makeStartPage(header, body, "Start");
      page.footer.append(this.progress.view);
      page.setReady(false);
      this.context.shell.show(page.view, "page");
      page.focus();
      return;
    }
    const title = this.comingBack ? "Going back to your game" : this.content.waits ? "Going back to the waitroom" : "Preparing the game";
    this.context.shell.show(loadingPage(title, this.progress), "loading");
  }

  private makeStartPage(header: string, body: string, label: string): StudyPage {
    const page = new StudyPage({
      header,
      subheader: "",
      body,
      continueLabel: label,
      content: visitPort(this.message.scene_id, this.context),
      onContinue: () => this.begin(),
    });
    this.startPage = page;
    return page;
  }

  private onWorker(message: FromWorker): void {
    this.stalls.alive();
    switch (message.op) {
      case "progress":
        this.updateProgress(message.stage, message.fraction, message.text);
        break;
      case "loaded":
        if (message.visitId !== this.visitId) break;
        if (this.state === "matching") void this.loadedMatch(message.assetSpecs);
        else void this.loaded(message.assetSpecs);
        break;
      case "frame":
        if (message.view.visitId === this.visitId) this.onFrame(message.view);
        break;
      case "tail":
        if (message.tail.visitId === this.visitId) this.context.outbox.putTail(message.tail);
        break;
      case "event":
        if (message.visitId === this.visitId) this.context.event(message.name, message.data);
        break;
      case "calibrated":
        this.context.event("calibrated", { step_ms: message.stepMs, render_ms: message.renderMs });
        break;
      case "irreproducible":
        if (message.visitId !== this.visitId) break;
        if (this.match) this.match.cannotRebuild(message.reason);
        else {
          this.context.outbox.dropTail(this.visitId);
          this.context.restartMatch(message.matchId, message.reason);
        }
        break;
      case "finished":
        if (message.visitId !== this.visitId) break;
        if (this.match) this.match.fromWorker(message);
        else this.played();
        break;
      case "send":
      case "live":
      case "peers":
      case "rows":
      case "unloaded":
        if (message.visitId === this.visitId) this.match?.fromWorker(message);
        if (message.visitId === this.visitId && message.op === "unloaded") this.left?.();
        break;
      case "failed":
        if (message.visitId === null || message.visitId === this.visitId) {
          this.fail(message.kind, message.message, message.traceback);
        }
        break;
      case "chunk": // the participation takes it: it may come when its scene is gone
      case "policies":
      case "booted":
      case "pong":
      case "console":
      case "globals":
        break;
    }
  }

  private async loaded(assetSpecs: Record<string, unknown>[]): Promise<void> {
    const { attempt } = this;
    try {
      this.renderer = (await this.drawing?.ready(assetSpecs)) ?? null;
    } catch (error) {
      this.fail("runtime", `the game cannot be drawn: ${String(error)}`, error instanceof Error ? (error.stack ?? "") : "");
      return;
    }
    if (this.disposed || attempt !== this.attempt || this.state !== "preparing") return;
    this.state = "ready";
    this.updateProgress("replay", 1, "Ready");
    if (this.match && this.content.waits) {
      this.seekPartners(this.match);
      return;
    }
    if (!this.startPage) {
      const { scene_header: header } = this.content;
      const words = this.comingBack ? "<p>The game goes on where you left it.</p>" : "<p>The game is ready.</p>";
      const title = this.comingBack ? "Welcome back" : header || "Ready to start";
      const page = this.makeStartPage(title, words, this.comingBack ? "Go on" : "Start");
      page.footer.append(enterHint(), ...(this.drawing?.missingHint() ?? []));
      this.context.shell.show(page.view, "page");
      page.focus();
      return;
    }
    this.startPage.setReady(true);
    this.progress.view.replaceWith(enterHint(), ...(this.drawing?.missingHint() ?? []));
    this.context.shell.setPhase("page", "ready");
  }

  /** This page was loaded again in the middle of a match: no page to read and no Start, the others wait. */
  private comeBack(match: MatchPlay): void {
    this.state = "matching";
    this.context.python?.boot();
    this.makeDrawing();
    this.context.shell.show(loadingPage("Going back to your game", this.progress), "loading");
    match.comeBack();
  }

  /** The match is loaded; a page that comes back has to make its picture first. */
  private async loadedMatch(assetSpecs: Record<string, unknown>[]): Promise<void> {
    if (!this.renderer) {
      try {
        this.renderer = (await this.drawing?.ready(assetSpecs)) ?? null;
      } catch (error) {
        this.fail("runtime", `the game cannot be drawn: ${String(error)}`, error instanceof Error ? (error.stack ?? "") : "");
        return;
      }
    }
    if (!this.disposed && this.state === "matching") this.match?.loaded();
  }

  private makeDrawing(): void {
    this.drawing ??= new GameDrawing(this.content, {
      progress: (fraction, words) => this.updateProgress("pictures", fraction, words),
      pictureMissing: (text) => this.context.reportError({ kind: "script", message: text, traceback: "", fatal: false }),
    });
  }

  /** What is stored of the match, and which of our rows need not go up again. */
  private async fetchMatch(config: GameConfig): Promise<{ stored: Uint8Array[]; config: GameConfig }> {
    const { outbox } = this.context;
    const { stored } = await keptGame(outbox, this.visitId, config.match_id, () => this.context.fetchFrames(config.match_id));
    const sent: Record<string, number> = { ...config.sent };
    for (const { meta } of outbox.heldFrames(this.visitId)) {
      const [episode, last] = [String(meta["episode"]), Number(meta["last"])];
      if (meta["match_id"] === config.match_id) sent[episode] = Math.max(sent[episode] ?? 0, last + 1);
    }
    return { stored, config: { ...config, sent } };
  }

  private begin(): void {
    if (this.state !== "ready" || !this.renderer) return;
    this.context.event("continue");
    this.startPage?.dispose();
    this.startPage = null;
    if (this.match) {
      this.seekPartners(this.match);
      return;
    }
    this.enter(this.renderer, "playing");
    this.context.python?.post({ op: "start", visitId: this.visitId });
  }

  private seekPartners(match: MatchPlay): void {
    this.state = "matching";
    match.join();
  }

  /** Show the picture and take the keys. */
  private enter(renderer: Renderer, phase: "countdown" | "playing"): GameStage {
    this.state = "playing";
    const { python, shell } = this.context;
    const port = {
      ...visitPort(this.message.scene_id, this.context),
      keys: (held: string[], pressed: string[]) => python?.post({ op: "keys", held, pressed }),
    };
    this.stage = new GameStage(this.content, renderer, port, (view) => shell.show(view, phase));
    for (const view of this.early.splice(0)) this.onFrame(view);
    this.stalls.start();
    return this.stage;
  }

  private makeMatch(content: GameContent): MatchPlay {
    const { visit_id: visitId, scene_id: sceneId } = this.message;
    return new MatchPlay(visitId, sceneId, content.config, content.hide_lobby_count, this.context, {
      load: ({ config, in_game_html: html }) => {
        this.content = { ...this.content, config, in_game_html: html ?? this.content.in_game_html };
        this.early.length = 0;
        this.context.python?.load({ op: "load", visitId, config, stored: [], tail: null });
      },
      loadAgain: async ({ config, in_game_html: html }) => {
        this.content = { ...this.content, config, in_game_html: html ?? this.content.in_game_html };
        this.early.length = 0;
        try {
          const { stored, config: own } = await this.fetchMatch(config);
          if (!this.disposed) this.context.python?.load({ op: "load", visitId, config: own, stored, tail: null });
        } catch (error) {
          this.fail("runtime", `the frames played so far could not be fetched: ${String(error)}`, "");
        }
      },
      enter: () => (this.state === "matching" && this.renderer ? this.enter(this.renderer, "countdown") : null),
      completed: () => this.played(),
      leave: () => {
        this.state = "saving";
        this.stopPlaying();
      },
    });
  }

  private onFrame(view: FrameView): void {
    if (!this.stage) {
      // Drawn before the start (the first picture, with its persistent objects): shown when the stage is there.
      this.early.push(view);
      return;
    }
    this.episode = view.episode;
    this.frame = view.frame;
    this.context.tick(view.tickMs);
    this.stage.showFrame(view);
  }

  private played(): void {
    if (this.state === "failed" || this.state === "saving") return;
    this.state = "saving";
    this.stalls.stop();
    this.stage?.stopKeys();
    const saving = noticePage({ title: "The game is over", text: "Saving your data…", working: true });
    const sayIt = (): void => {
      if (this.disposed || this.state !== "saving") return;
      this.stopPlaying();
      this.context.shell.show(saving, "waiting", "saving");
    };
    // Mostly the next scene comes at once: then the last picture stays instead of a page that flickers by.
    if (this.stage) {
      this.context.shell.setPhase("waiting", "saving");
      setTimeout(sayIt, SAVING_AFTER_MS);
    } else sayIt();
    this.context.finish("completed");
  }

  private stopPlaying(): void {
    this.stalls.stop();
    this.stage?.dispose();
    this.stage = null;
    this.renderer = null;
    this.drawing?.dispose();
    this.drawing = null;
    this.early.length = 0;
  }

  private fail(
    kind: "environment" | "runtime",
    message: string,
    traceback: string,
    title?: string,
    text?: string,
  ): void {
    if (this.disposed || this.state === "failed") return;
    this.state = "failed";
    this.attempt += 1;
    this.match?.dispose();
    this.context.outbox.flush();
    this.stopPlaying();
    this.startPage?.dispose();
    this.startPage = null;
    this.failure = failurePage(title, text);
    this.context.shell.show(this.failure, "error", message.split("\n")[0] ?? "");
    this.context.reportError({ kind, message, traceback, fatal: true });
  }

  private stalled(): void {
    this.stage?.page.stage.append(this.stallWords.view);
    this.stallWords.show({ kind: "waiting", text: "The game needs a moment. It goes on by itself." });
  }

  private goesOn(ms: number): void {
    this.stallWords.show({ kind: "none", text: "" });
    this.context.event("game_stalled", { ...this.where(), ms: Math.round(ms), went_on: true });
  }

  private gaveUp(ms: number): void {
    const seconds = Math.round(ms / 1000);
    const { episode, frame } = this.where();
    this.context.event("game_stalled", { ...this.where(), ms: Math.round(ms), went_on: false });
    const message =
      `the game's program has not come back for ${seconds} seconds after frame ${frame ?? 0} of episode ${episode ?? 0}: ` +
      "a step of the environment, or a decision of a policy, does not end or takes far too long";
    this.context.python?.abandon(message);
    this.fail("environment", message, "");
  }

  private where(): { match_id: string; episode: number | null; frame: number | null } {
    return { match_id: this.content.config.match_id, ...this.position() };
  }

  private onSilence(): void {
    if (this.disposed || this.state !== "preparing") return;
    this.context.reportError({ kind: "runtime", message: "loading the game has made no progress for 45 seconds", traceback: "", fatal: false });
    this.startPage?.dispose();
    this.startPage = null;
    this.context.shell.show(slowPage(this.progress), "loading", "slow");
  }

  private updateProgress(stage: string, fraction: number, text: string): void {
    if (this.state !== "preparing" && stage !== "replay") return;
    const overall = overallFraction(stage, fraction);
    this.progress.update(overall, text);
    const now = performance.now();
    if (this.state === "preparing" && now - this.lastPhaseAt > 500) {
      this.lastPhaseAt = now;
      this.context.shell.setPhase(this.context.shell.phase === "page" ? "page" : "loading", text, overall);
    }
  }
}
