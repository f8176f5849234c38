/**
 * A game that is a build of its own: loads it into its frame, counts its episodes, keeps what it reports, and lets the
 * participant go on when the study says so. The build decides how a game goes; this page decides what is kept of it.
 */
import type { GlobalsChange } from "../globals_change";
import { frameUrl } from "virtual:mug-unity-frame";
import type { FromUnityFrame, OpenUnity } from "../build_frame/port";
import { BuildFileError, type BuildFiles } from "../builds/build_files";
import { BuildStage, type Way } from "../builds/build_stage";
import { Episodes, scoreWords } from "../builds/episodes";
import { Allowance, isForMug, isSteering, readMessage, type FromBuild, type ToBuild } from "../builds/messages";
import { describe } from "../errors";
import type { EmbeddedContent, EpisodeTaken, ShowScene } from "../protocol/messages";
import type { Scene, SceneContext } from "./scene";
import { visitPort } from "./study_content";
import { StudyPage } from "./study_page";

/** The next episode waits so long for what the study's functions say of the last one. */
const SETTLE_MS = 4000;
/** Of the loading bar: fetching the files; the rest is the build's own start. */
const FETCHING = 0.8;
/** Faults that are told one by one; the others are counted. */
const MAX_FAULTS = 20;

export class EmbeddedScene implements Scene {
  readonly visitId: string;
  private readonly page: StudyPage;
  private readonly stage: BuildStage;
  private readonly episodes: Episodes;
  private readonly abort = new AbortController();
  private readonly rows = new Allowance(120, 40);
  private readonly chars = new Allowance(96_000, 48_000);
  private readonly steering = new Allowance(40, 10);
  private readonly faults = { malformed: 0, dropped: 0 };
  private begun = false;
  private ready = false;
  private held = false;
  private left = false;
  private tries = 0;
  private allowedByBuild = false;
  private ended = false;
  private settling: { episode: number; timer: ReturnType<typeof setTimeout> } | null = null;
  private readyTimer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly message: ShowScene,
    private readonly content: EmbeddedContent,
    private readonly files: BuildFiles,
    private readonly context: SceneContext,
  ) {
    this.visitId = message.visit_id;
    this.episodes = new Episodes(content.num_episodes, this.keptScores());
    this.stage = new BuildStage(content);
    this.page = new StudyPage({
      header: content.scene_header,
      subheader: content.scene_subheader,
      body: content.body_html,
      form: this.stage.view,
      continueLabel: content.continue_label || "Continue",
      content: visitPort(message.scene_id, context),
      onContinue: () => this.goOn("completed"),
    });
    this.page.view.classList.add("with-build");
    this.page.view.style.setProperty("--build-width", `${content.width}px`);
  }

  show(): void {
    window.addEventListener("message", (event) => this.onMessage(event), { signal: this.abort.signal });
    this.context.shell.show(this.page.view, "loading", "build");
    this.context.event("page_shown");
    this.tell();
    this.update();
    if (this.episodes.phase === "over") this.allDone();
    else this.load();
  }

  shownAgain(): void {
    // The build goes on as it is; what it reported is in the outbox.
  }

  globalsChanged(change: GlobalsChange): void {
    this.page.content.globalsChanged(change);
    this.say({ mug: "globals", mug_globals: this.context.globals() });
  }

  episodeTaken({ episode, score }: EpisodeTaken): void {
    this.episodes.scored(episode, score);
    this.keep();
    this.tell();
    if (this.settling?.episode === episode) this.settled();
  }

  hold(held: boolean): void {
    if (this.held === held) return;
    this.held = held;
    if (this.begun) this.say({ mug: held ? "pause" : "resume" });
    if (held || !this.ready || this.ended) return;
    if (!this.begun) this.begin();
    setTimeout(() => this.stage.focus()); // what covered the page had the keyboard
  }

  serverRefused(): void {
    // Nothing that a build sends needs more than the log.
  }

  saved(): void {
    // The server shows what comes next.
  }

  position(): { episode: number | null; frame: null } {
    return { episode: this.episodes.current, frame: null };
  }

  dispose(): void {
    this.abort.abort();
    this.stopTimers();
    this.stage.dispose();
    this.page.dispose();
  }

  // --- loading ------------------------------------------------------------------------------------------------------

  private load(): void {
    this.tries += 1;
    this.stage.below(null);
    this.ready = false;
    this.begun = false;
    this.stage.mark("loading", this.episodes.current, this.episodes.score);
    this.stage.loading(0, "Loading the game…");
    this.context.event("build_loading", { attempt: this.tries });
    const opening = this.content.build === "unity" ? this.loadUnity() : this.loadHtml();
    opening.catch((error: unknown) => this.loadingFailed(error));
  }

  private async loadUnity(): Promise<void> {
    const started = performance.now();
    const blobs = await this.files.get(this.content.files, (fraction) => this.progressed(FETCHING * fraction));
    if (this.abort.signal.aborted) return;
    this.context.event("build_loaded", { load_ms: Math.round(performance.now() - started) });
    const frame = this.stage.open(frameUrl);
    await this.frameSays(frame, "frame_here");
    const { folder_url: folder } = this.content;
    this.stage.post({ mug: "frame_open", files: blobs, folder, name: this.message.scene_id } satisfies OpenUnity);
    this.armReady();
  }

  private async loadHtml(): Promise<void> {
    const page = this.content.files[0];
    if (!page) throw new BuildFileError("index.html", null, "the study's folder does not have it");
    // A frame does not tell whether its address was there: this does.
    const blobs = await this.files.get([page], (fraction) => this.progressed(FETCHING * fraction));
    if (this.abort.signal.aborted || !blobs[page.role]) return;
    this.stage.open(page.url);
    this.armReady();
  }

  /** Resolves when our frame's script runs; without it the timeout for the build speaks. */
  private frameSays(frame: HTMLIFrameElement, word: FromUnityFrame["mug"]): Promise<void> {
    return new Promise((resolve) => {
      const listen = (event: MessageEvent<unknown>): void => {
        if (event.source !== frame.contentWindow || !isForMug(event.data) || event.data.mug !== word) return;
        window.removeEventListener("message", listen);
        resolve();
      };
      window.addEventListener("message", listen, { signal: this.abort.signal });
    });
  }

  private progressed(fraction: number): void {
    if (this.ready || this.abort.signal.aborted) return;
    this.stage.loading(fraction, fraction < FETCHING ? "Loading the game…" : "Starting the game…");
    this.context.shell.setPhase("loading", "build", fraction);
  }

  private armReady(): void {
    if (this.readyTimer !== null) clearTimeout(this.readyTimer);
    if (this.ready) return;
    this.progressed(FETCHING);
    this.readyTimer = setTimeout(() => this.neverReady(), this.content.ready_timeout_s * 1000);
  }

  private loadingFailed(error: unknown): void {
    if (this.abort.signal.aborted) return;
    const { message, traceback = "" } = describe(error, "script");
    this.failed("build_not_loaded", message, traceback);
    this.stage.trouble(
      "The game could not be loaded",
      "It is not your fault, and what you did so far is saved. Try again; if it does not help, please tell the person who runs the study.",
      this.ways("Try again"),
    );
  }

  private neverReady(): void {
    if (this.ready || this.abort.signal.aborted) return;
    this.failed("build_not_ready", `the build was not ready after ${this.content.ready_timeout_s} s`, "");
    this.stage.trouble(
      "The game takes unusually long to start",
      "You can load it again. If it does not help, please tell the person who runs the study.",
      this.ways("Load it again"),
    );
  }

  private failed(name: string, message: string, traceback: string): void {
    this.stage.mark("failed", this.episodes.current, this.episodes.score);
    this.context.event(name, { message, attempt: this.tries });
    this.context.reportError({ kind: "build", message, traceback, fatal: false });
    this.context.shell.setPhase("error", name);
  }

  /** The way on without the game is there from the second failure on. */
  private ways(again: string): Way[] {
    const retry: Way = { label: again, hook: "build-retry", run: () => this.load() };
    const on: Way = { label: "Go on without the game", hook: "build-skip", quiet: true, run: () => this.goOn("failed") };
    return this.tries > 1 ? [retry, on] : [retry];
  }

  // --- playing ------------------------------------------------------------------------------------------------------

  private isReady(): void {
    if (this.ready) return;
    this.ready = true;
    if (this.readyTimer !== null) clearTimeout(this.readyTimer);
    this.readyTimer = null;
    this.stage.clear();
    this.context.event("build_ready", { attempt: this.tries });
    this.context.shell.setPhase("playing", "build");
    this.stage.mark("ready", this.episodes.current, this.episodes.score);
    this.stage.needsKeys(true);
    this.stage.focus();
    this.update();
    if (!this.held) this.begin();
  }

  /** The build may play the next episode. */
  private begin(): void {
    if (this.ended || this.left) return;
    this.begun = true;
    this.say({
      mug: "start",
      episode: this.episodes.current,
      num_episodes: this.episodes.total,
      subject_id: this.context.subjectId,
      scene_id: this.message.scene_id,
      mug_globals: this.context.globals(),
    });
    if (this.held) this.say({ mug: "pause" });
  }

  private say(message: ToBuild): void {
    if (this.ready) this.stage.post(message);
  }

  private onMessage(event: MessageEvent<unknown>): void {
    if (!this.stage.isFrom(event.source) || !isForMug(event.data)) return;
    if (event.data.mug.startsWith("frame_")) {
      this.onFrame(event.data as FromUnityFrame);
      return;
    }
    const now = performance.now();
    const allowed = isSteering(event.data) ? this.steering.take(now) : this.rows.take(now);
    if (!allowed) {
      this.dropped();
      return;
    }
    const read = readMessage(event.data);
    if (typeof read === "string") this.malformed(read);
    else if (!isSteering(event.data) && !this.chars.take(now, read.size)) this.dropped();
    else this.onBuild(read.message);
  }

  private onFrame(message: FromUnityFrame): void {
    if (message.mug === "frame_progress" && typeof message.fraction === "number") {
      this.progressed(FETCHING + (1 - FETCHING) * Math.max(0, Math.min(1, message.fraction)));
    } else if (message.mug === "frame_ready") {
      this.isReady();
    } else if (message.mug === "frame_failed" && !this.ready) {
      if (this.readyTimer !== null) clearTimeout(this.readyTimer);
      this.failed("build_not_started", String(message.message).slice(0, 2000), String(message.traceback).slice(0, 5000));
      this.stage.trouble(
        "The game could not be started",
        "Something in the game's program failed. It is not your fault, and what you did so far is saved. Please tell the person who runs the study.",
        this.ways("Try again"),
      );
    }
  }

  private onBuild(message: FromBuild): void {
    if (message.mug === "error") {
      this.buildFailed(message.message, message.traceback);
      return;
    }
    this.isReady(); // a build that speaks is there
    switch (message.mug) {
      case "episode_start":
        this.episodeStarted(message.data);
        break;
      case "episode_end":
        this.episodeEnded(message.score, message.data);
        break;
      case "data":
        this.context.event("build_data", { episode: this.episodes.current, row: message.name, values: message.values });
        break;
      case "answer":
        this.context.formValues({ [message.name]: message.value }, { episode: this.episodes.current });
        break;
      case "globals":
        this.context.changeGlobals({ values: message.values, removed: [] });
        break;
      case "callback":
        this.context.callback(message.data);
        break;
      case "allow_continue":
        this.allowedByBuild = message.allowed;
        this.update();
        break;
      case "continue":
        if (this.mayGoOn) this.goOn("completed");
        break;
      case "ready":
        break;
    }
  }

  private episodeStarted(data: Record<string, unknown>): void {
    const episode = this.episodes.begin();
    if (episode === null) {
      this.malformed('"episode_start" came after the last episode');
      return;
    }
    this.context.event("build_episode_started", { episode, data });
    this.context.outbox.flush();
    this.tell();
  }

  private episodeEnded(score: number | null, data: Record<string, unknown>): void {
    if (this.episodes.phase === "between") this.episodeStarted({}); // a build that says only how its episodes end
    const own = this.content.settles ? null : score;
    const episode = this.episodes.end(own);
    if (episode === null) {
      this.malformed('"episode_end" came after the last episode');
      return;
    }
    this.context.event("build_episode_ended", { episode, score, data });
    this.stage.below(null); // it went on, whatever failed before
    this.keep();
    this.context.outbox.flush();
    this.tell();
    this.update();
    if (!this.content.settles || !this.context.connected()) this.goOnPlaying();
    else this.settling = { episode, timer: setTimeout(() => this.settled(), SETTLE_MS) };
  }

  private settled(): void {
    if (!this.settling) return;
    clearTimeout(this.settling.timer);
    this.settling = null;
    this.goOnPlaying();
  }

  private goOnPlaying(): void {
    if (this.abort.signal.aborted) return;
    if (this.episodes.phase === "over") this.allDone();
    else if (this.episodes.phase === "between") this.begin();
  }

  private allDone(): void {
    if (this.ended) return;
    this.ended = true;
    this.say({ mug: "end" });
    this.stage.needsKeys(false);
    this.context.event("build_over", { episodes: this.episodes.done });
    if (!this.ready) {
      this.stage.trouble("You have finished this game", "Press Continue to go on.", []);
      this.context.shell.setPhase("playing", "build");
    }
    this.tell();
    this.update();
    // Enter goes on from here, as on every page.
    this.page.focus();
  }

  private buildFailed(message: string, traceback: string): void {
    this.context.event("build_error", { message, episode: this.episodes.current });
    this.context.reportError({ kind: "build", message, traceback, fatal: false });
    if (this.ready && !this.mayGoOn) {
      this.stage.below("Something in the game failed. If it does not go on, load it again.", this.ways("Load it again"));
    }
  }

  private malformed(reason: string): void {
    this.faults.malformed += 1;
    if (this.faults.malformed <= MAX_FAULTS) this.context.event("build_malformed", { reason });
  }

  private dropped(): void {
    this.faults.dropped += 1;
    if (this.faults.dropped > 1) return;
    const text = "the build sends more than this page takes; what is above the limits is dropped and counted";
    this.context.event("build_flood", {});
    this.context.reportError({ kind: "build", message: text, traceback: "", fatal: false });
  }

  // --- going on -----------------------------------------------------------------------------------------------------

  private get mayGoOn(): boolean {
    switch (this.content.allow_continue_on) {
      case "always":
        return true;
      case "first_episode":
        return this.episodes.done > 0;
      case "build":
        return this.allowedByBuild;
      default:
        return this.episodes.phase === "over";
    }
  }

  private update(): void {
    this.page.setReady(this.mayGoOn && !this.left);
  }

  private goOn(outcome: "completed" | "failed"): void {
    if (this.left) return;
    this.left = true;
    this.stopTimers();
    this.say({ mug: "end" });
    this.stage.needsKeys(false);
    const { malformed, dropped } = this.faults;
    this.context.event("continue", { outcome, episodes: this.episodes.done, malformed, dropped });
    const own = this.page.content.values();
    if (Object.keys(own).length > 0) this.context.formValues(own);
    this.page.setBusy("Saving…");
    this.context.finish(outcome);
  }

  private stopTimers(): void {
    if (this.readyTimer !== null) clearTimeout(this.readyTimer);
    if (this.settling) clearTimeout(this.settling.timer);
    this.readyTimer = null;
    this.settling = null;
  }

  // --- what is told and kept ------------------------------------------------------------------------------------------

  private tell(): void {
    const { score, total, done, current, phase } = this.episodes;
    const words = this.content.show_score && score !== null ? `Score ${scoreWords(score)}` : null;
    const round = total > 1 ? `Round ${current + 1} of ${total}` : "";
    this.stage.tell(words, phase === "over" && done > 0 ? "The game is over" : round);
    this.stage.mark(this.ended ? "over" : phase === "playing" ? "playing" : this.ready ? "ready" : "loading", current, score);
  }

  private keep(): void {
    this.context.drafts.save(this.visitId, { answers: {}, fields: { build_scores: this.episodes.allScores }, submissions: 0 });
  }

  /** What is over already: as the server knows it, or this browser, whose last rows may still be on their way. */
  private keptScores(): (number | null)[] {
    const kept = this.context.drafts.load(this.visitId).fields["build_scores"];
    const known = this.content.scores.map((score) => score ?? null);
    if (!Array.isArray(kept)) return known;
    const own = kept.map((score: unknown) => (typeof score === "number" ? score : null));
    return Array.from({ length: Math.max(known.length, own.length) }, (_, index) => known[index] ?? own[index] ?? null);
  }
}
