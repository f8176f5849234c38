/**
 * A game that a process of the server steps: no Python and no ways to partners here. Start leads to the others, or, alone,
 * to the game at once; then the page shows views and sends keys, until the server says that it is over.
 */
import type { GlobalsChange } from "../globals_change";
import type { ErrorReply, GameConfig, GameContent, MatchReady, ServerStatus, ShowScene } from "../protocol/messages";
import type { Renderer } from "../render/renderer";
import { GameDrawing } from "../scenes/game_drawing";
import { GameStage } from "../scenes/game_stage";
import { earlyEndPage, lastSavingPage, type EarlyEnd } from "../scenes/match_end";
import { enterHint, failurePage, loadingPage, noticePage, ProgressView, troubleHelp } from "../scenes/notices";
import type { MatchMessage, Scene, SceneContext, VisitOutcome } from "../scenes/scene";
import { visitPort } from "../scenes/study_content";
import { StudyPage } from "../scenes/study_page";
import { Waitroom } from "../scenes/waitroom";
import { element } from "../view/dom";
import { ServerMatch } from "./server_match";
import { preparingWords } from "./server_words";

/** Saving that takes longer than this gets a page that says so. */
const SAVING_AFTER_MS = 500;
/** Why a game is over that this page asks for comes within this time. */
const REASON_MS = 2000;

type State = "loading" | "ready" | "waiting" | "preparing" | "playing" | "over" | "failed";

export class ServerScene implements Scene {
  readonly visitId: string;
  private state: State = "loading";
  private content: GameContent;
  private readonly progress = new ProgressView("Preparing the game");
  private readonly comesBack: boolean;
  private drawing: GameDrawing;
  private renderer: Renderer | null = null;
  private startPage: StudyPage | null = null;
  private endPage: StudyPage | null = null;
  private waitroom: Waitroom | null = null;
  private match: ServerMatch | null = null;
  private stage: GameStage | null = null;
  private words: HTMLElement | null = null;
  private failure: HTMLElement | null = null;
  private readonly wanted = new Set<string>();
  private disposed = false;

  constructor(
    private readonly message: ShowScene,
    content: GameContent,
    private readonly context: SceneContext,
  ) {
    this.visitId = message.visit_id;
    this.content = content;
    this.comesBack = content.config.match_id !== "";
    this.drawing = this.makeDrawing();
  }

  show(): void {
    this.context.event("page_shown");
    const { scene_header: header, body_html: body, waits } = this.content;
    if (!this.comesBack && !waits && (header || body)) {
      const page = this.makeStartPage(header, body);
      page.footer.append(this.progress.view);
      page.setReady(false);
      this.context.shell.show(page.view, "page");
      page.focus();
    } else {
      const title = this.comesBack ? "Going back to your game" : waits ? "Going back to the waitroom" : "Preparing the game";
      this.context.shell.show(loadingPage(title, this.progress), "loading");
    }
    void this.load();
  }

  shownAgain(message: ShowScene): void {
    if (message.content.kind !== "game") return;
    if (this.state === "waiting") this.ask();
  }

  globalsChanged(change: GlobalsChange): void {
    this.startPage?.content.globalsChanged(change);
    this.stage?.globalsChanged(change);
  }

  matchMessage(message: MatchMessage): void {
    if (this.state === "failed" || this.state === "over") return;
    if (this.waitroom?.received(message)) return;
    switch (message.op) {
      case "match.ready":
        if (message.visit_id === this.visitId) this.formed(message);
        break;
      case "server.status":
        // A page that was loaded again may come too late for its game.
        if (!this.match && message.stage === "over" && message.match_id === this.content.config.match_id) this.matchOver(message);
        else this.match?.received(message);
        break;
      case "server.view":
        this.match?.received(message);
        break;
    }
  }

  measured(): Record<string, unknown> {
    return this.match?.measured() ?? {};
  }

  connectionChanged(open: boolean): void {
    this.waitroom?.connectionChanged(open);
    this.match?.connectionChanged(open);
  }

  position(): { episode: number | null; frame: number | null } {
    return this.match?.position() ?? { episode: null, frame: null };
  }

  needsServer(): boolean {
    return this.state === "playing" || this.state === "preparing";
  }

  leave(): Promise<void> {
    this.match?.stop();
    return Promise.resolve();
  }

  trouble(code: string | null, url: string | null): void {
    this.failure?.querySelector(".trouble")?.remove();
    this.failure?.querySelector("section")?.append(troubleHelp(code, url));
  }

  saved(): void {
    // The next scene follows from the server.
  }

  serverRefused(about: string, _reason: string, { code }: ErrorReply): void {
    if (about !== "match.join" || this.state !== "waiting") return;
    if (code === "played") this.played();
    else if (code === "over") setTimeout(() => this.end("not_back", ""), REASON_MS); // mostly the reason follows
  }

  dispose(): void {
    this.disposed = true;
    this.leaveWaitroom("The wait is over");
    this.stopPlaying();
    this.startPage?.dispose();
    this.endPage?.dispose();
    this.drawing.dispose();
  }

  private async load(): Promise<void> {
    try {
      this.renderer = await this.drawing.ready([]);
    } catch (error) {
      this.fail(`the game cannot be drawn: ${String(error)}`, error instanceof Error ? (error.stack ?? "") : "");
      return;
    }
    if (this.disposed || this.state !== "loading") return;
    this.progress.update(1, "Ready");
    if (this.comesBack || this.content.waits) {
      this.seek();
      return;
    }
    this.state = "ready";
    if (!this.startPage) {
      const page = this.makeStartPage("Ready to start", "<p>The game is ready.</p>");
      page.footer.append(enterHint(), ...this.drawing.missingHint());
      this.context.shell.show(page.view, "page");
      page.focus();
      return;
    }
    this.startPage.setReady(true);
    this.progress.view.replaceWith(enterHint(), ...this.drawing.missingHint());
    this.context.shell.setPhase("page", "ready");
  }

  private makeDrawing(): GameDrawing {
    return new GameDrawing(this.content, {
      progress: (fraction, words) => this.progress.update(0.9 * fraction, words),
      pictureMissing: (text) => this.context.reportError({ kind: "script", message: text, traceback: "", fatal: false }),
    });
  }

  private makeStartPage(header: string, body: string): StudyPage {
    const page = new StudyPage({
      header,
      subheader: "",
      body,
      continueLabel: "Start",
      content: visitPort(this.message.scene_id, this.context),
      onContinue: () => this.begin(),
    });
    this.startPage = page;
    return page;
  }

  private begin(): void {
    if (this.state !== "ready") return;
    this.context.event("continue");
    this.startPage?.dispose();
    this.startPage = null;
    this.seek();
  }

  /** Say that this participant is ready: with several people there is a wait, alone the game comes at once. */
  private seek(): void {
    this.state = "waiting";
    const people = this.content.config.players.length;
    if (people > 1 && !this.comesBack) {
      const options = { people, hideCount: this.content.hide_lobby_count, before: "game" as const };
      this.waitroom = new Waitroom(this.visitId, options, this.context);
      return;
    }
    if (this.comesBack) this.context.event("match_return_begun", { match_id: this.content.config.match_id });
    else this.context.event("match_joined");
    this.sayPreparing({ stage: "preparing", message: "" });
    this.ask();
  }

  private ask(): void {
    if (this.waitroom) this.waitroom.ask();
    else this.context.send({ op: "match.join", visit_id: this.visitId });
  }

  private formed({ config, in_game_html: html }: MatchReady): void {
    const { state } = this;
    if (this.match?.matchId === config.match_id) {
      this.match.ready(); // said again to a page whose connection is back
      return;
    }
    if (state !== "waiting" && state !== "playing" && state !== "preparing") return;
    this.content = { ...this.content, config, in_game_html: html ?? this.content.in_game_html };
    this.stopPlaying();
    this.state = "preparing";
    this.leaveWaitroom("Your game begins");
    this.sayPreparing({ stage: "preparing", message: "" });
    if (!this.comesBack) this.context.event("match_formed", { match_id: config.match_id, agent: config.human_agents[0], players: config.players });
    void this.showMatch(config);
  }

  private async showMatch(config: GameConfig): Promise<void> {
    const match: ServerMatch = new ServerMatch(config, this.context, {
      enter: () => (this.match === match ? this.enter() : null),
      stands: (status) => void this.stands(match, status),
    });
    this.match = match;
    if (!this.renderer) {
      // The picture of an earlier match went with its page.
      this.drawing.dispose();
      this.drawing = this.makeDrawing();
      await this.load();
    }
    if (this.match === match && this.renderer) match.ready();
  }

  private sayPreparing(status: Pick<ServerStatus, "stage" | "message">): void {
    const text = preparingWords(status, this.content.config.players.length - 1);
    if (this.words?.isConnected) {
      if (this.words.textContent !== text) this.words.textContent = text;
      return;
    }
    const page = noticePage({ title: this.comesBack ? "Going back to your game" : "Preparing the game", text: "", working: true });
    this.words = element("p", { "data-mug": "match-preparing" }, text);
    page.querySelector("section")?.append(this.words);
    this.context.shell.show(page, "matching");
  }

  private async stands(match: ServerMatch, status: ServerStatus): Promise<void> {
    if (this.match !== match) return;
    if (status.stage === "over") {
      this.matchOver(status);
      return;
    }
    if (this.state === "preparing") this.sayPreparing(status);
    // What the environment itself registered: known when its process has loaded it.
    const specs = (status.asset_specs ?? []).filter((spec) => !this.wanted.has(String(spec["name"])));
    for (const spec of specs) this.wanted.add(String(spec["name"]));
    if (specs.length > 0) await this.renderer?.loadAssets(specs, () => undefined);
  }

  /** Show the picture and take the keys. */
  private enter(): GameStage | null {
    if (this.state !== "preparing" || !this.renderer || this.disposed) return null;
    this.state = "playing";
    const { shell } = this.context;
    const port = { ...visitPort(this.message.scene_id, this.context), keys: (held: string[], pressed: string[]) => this.match?.keys(held, pressed) };
    this.stage = new GameStage(this.content, this.renderer, port, (view) => shell.show(view, "playing"));
    return this.stage;
  }

  private matchOver({ outcome, message, dropped, ends }: ServerStatus): void {
    if (dropped) {
      this.end("dropped", message);
      return;
    }
    switch (outcome) {
      case "":
      case "completed":
        this.played();
        break;
      case "partner_left":
      case "void":
      case "refused":
        this.end(outcome, message, ends);
        break;
      default:
        this.end("failed", message);
    }
  }

  private played(): void {
    this.state = "over";
    this.match?.stop();
    const saving = noticePage({ title: "The game is over", text: "Saving your data…", working: true });
    const sayIt = (): void => {
      if (this.disposed || this.state !== "over") return;
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

  /** The game is over before its end: somebody reads why, then goes on. */
  private end(why: EarlyEnd, message: string, ends = false): void {
    if (this.disposed || this.state === "over" || this.state === "failed") return;
    this.state = "over";
    this.leaveWaitroom("The wait is over");
    this.stopPlaying();
    this.context.event("match_ended_early", { match_id: this.content.config.match_id, why });
    if (why === "partner_left" && ends) {
      // The participation is over with the game: what comes next is the server's word, with the code.
      this.context.shell.show(lastSavingPage(message), "waiting", "saving");
      this.context.finish("partner_left");
      return;
    }
    const page = earlyEndPage(why, message, this.context.subjectId, this.message.scene_id, () => {
      page.setBusy("Saving…");
      this.context.finish(this.outcomeOf(why));
    });
    this.endPage = page;
    this.context.shell.show(page.view, "page", why);
    page.focus();
  }

  private outcomeOf(why: EarlyEnd): VisitOutcome {
    if (why === "failed" || this.content.config.players.length < 2) return "failed";
    return why === "void" || why === "refused" ? "void" : "partner_left";
  }

  private leaveWaitroom(call: string): void {
    this.waitroom?.leave(call);
    this.waitroom = null;
  }

  private stopPlaying(): void {
    this.match?.dispose();
    this.match = null;
    this.words = null;
    if (!this.stage) return;
    this.stage.dispose(); // and with it the renderer
    this.stage = null;
    this.renderer = null;
  }

  private fail(message: string, traceback: string): void {
    if (this.disposed || this.state === "failed") return;
    this.state = "failed";
    this.stopPlaying();
    this.startPage?.dispose();
    this.startPage = null;
    this.failure = failurePage();
    this.context.shell.show(this.failure, "error", message);
    this.context.reportError({ kind: "runtime", message, traceback, fatal: true });
  }
}
