/** One match that is watched: rows come from the server, pictures from the worker, and the watcher says where to look. */
import type { Renderer } from "../render/renderer";
import { AskError, bytesOf, type MatchDescription, type WatchApi } from "./api";
import { Playback } from "./playback";
import type { FromWatchWorker, RoundRows, StatusRun, ToWatchWorker } from "./rpc";
import { ServerStepper } from "./server_stepper";
import { workerStepper, type Stepper } from "./stepper";
import { watchedRenderer } from "./watch_picture";
import type { WatchPort, WatchView } from "./watch_view";

const ASK_EVERY_MS = 400;
const ASK_AGAIN_MS = 2000;
const TEN = 10;

export type WatchPhase = "connecting" | "loading" | "waiting" | "showing" | "failed";

export class Watching implements WatchPort {
  private readonly playback: Playback;
  private readonly fps: number;
  private readonly seeds = new Map<number, string>();
  private readonly runs = new Map<number, StatusRun[]>();
  private next = { episode: 0, frame: 0 };
  private stepper: Stepper | null = null;
  private agent = "";
  private viewers: readonly string[] = [];
  private view!: WatchView;
  private renderer: Renderer | null = null;
  private agents: string[] = [];
  /** The worker has answered the last wish. */
  private idle = true;
  private shown = "";
  private proof = { compared: 0, hashes: 0, told: "", problem: "" };
  private before = 0;
  private failed = false;

  constructor(
    private readonly api: WatchApi,
    private readonly match: MatchDescription,
    private readonly recorderOf: string,
    private readonly reopen: (recorder: string) => void,
    private readonly phase: (phase: WatchPhase) => void,
  ) {
    this.fps = match.content?.config.fps ?? 10;
    this.playback = new Playback(this.fps, match.state === "live");
  }

  start(view: WatchView): void {
    this.view = view;
    const { content, runtime, on_server: onServer } = this.match;
    if (!content || !(runtime || onServer)) return;
    this.phase("loading");
    const received = (message: FromWatchWorker): void => void this.received(message);
    this.stepper = onServer
      ? new ServerStepper(this.api, this.match.match_id, content.first_objects, received)
      : workerStepper(received, (text) => this.fail(text));
    this.post({ op: "boot", runtime, config: content.config });
    if (this.stepper.needsRows) void this.ask();
    else this.playback.ended();
    const tick = (now: number): void => {
      this.tick(now);
      if (!this.failed) requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
    document.addEventListener("keydown", (event) => this.onKey(event));
  }

  // ------------------------------------------------------------- what the watcher does

  toggle(): void {
    this.playback.toggle();
  }

  follow(on: boolean): void {
    this.playback.follow(on);
  }

  step(frames: number): void {
    this.playback.step(frames);
  }

  seek(frame: number): void {
    this.playback.seek(frame);
  }

  toStart(): void {
    this.playback.seek(0);
  }

  toEnd(): void {
    this.playback.seek(this.playback.framesOf(this.playback.place.episode));
  }

  round(episode: number): void {
    this.playback.jump(episode);
  }

  speed(speed: number): void {
    this.playback.speed = speed;
  }

  recorder(who: string): void {
    this.reopen(who);
  }

  seenBy(agent: string): void {
    this.agent = agent;
    this.shown = "";
  }

  private onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const target = event.target instanceof HTMLElement ? event.target : null;
    if (target instanceof HTMLSelectElement) return;
    if (event.key === " " && target instanceof HTMLButtonElement) return; // it is pressed
    const work = this.keyWork(event.key, event.shiftKey ? TEN : 1);
    if (!work) return;
    event.preventDefault();
    work();
  }

  private keyWork(key: string, frames: number): (() => void) | null {
    const { playback } = this;
    const beside = (by: number): (() => void) => () => {
      const { episodes, place } = playback;
      const other = episodes[episodes.indexOf(place.episode) + by];
      if (other !== undefined) playback.jump(other);
    };
    const works: Record<string, () => void> = {
      " ": () => this.toggle(),
      ArrowLeft: () => this.step(-frames),
      ArrowRight: () => this.step(frames),
      Home: () => this.toStart(),
      End: () => this.toEnd(),
      PageUp: beside(-1),
      PageDown: beside(1),
      l: () => this.follow(!playback.following),
      L: () => this.follow(!playback.following),
      "+": () => playback.faster(1),
      "-": () => playback.faster(-1),
    };
    return works[key] ?? null;
  }

  // ------------------------------------------------------------- what the worker says

  private async received(message: FromWatchWorker): Promise<void> {
    switch (message.op) {
      case "progress":
        this.view.message(`${message.text}…`);
        return;
      case "loaded":
        this.viewers = message.viewers ?? [];
        await this.loaded(message.agents, message.assetSpecs);
        return;
      case "rows":
        this.rowsCame(message.rounds, message.problem);
        return;
      case "going":
        this.proof.told = message.told;
        this.view.message(`Stepping the game: round ${message.episode + 1}, frame ${message.frame}…`);
        return;
      case "shown": {
        this.idle = true;
        const { compared, hashes, told } = message;
        this.proof = { ...this.proof, compared, hashes, told };
        if (this.renderer) {
          this.view.message("", "");
          this.view.showFrame(message.view, message.agents, message.bitmap);
          this.phase("showing");
        }
        if (this.stepper?.needsRows) this.view.proved(compared, hashes, told, this.proof.problem);
        return;
      }
      case "proved": {
        const { told, problem, compared, hashes, done } = message;
        this.proof = { told, problem, compared, hashes };
        this.view.proved(compared, hashes, told, problem, done);
        return;
      }
      case "failed":
        console.error(message.traceback);
        this.fail(message.message);
    }
  }

  private async loaded(agents: string[], specs: Record<string, unknown>[]): Promise<void> {
    const { content } = this.match;
    if (!content) return;
    this.agents = agents;
    this.view.message("Loading pictures…");
    this.renderer = await watchedRenderer(this.match, content, specs, this.view);
    this.view.attach(this.renderer);
    this.view.offerViewers(this.viewers, this.agent);
    if (this.playback.isEmpty) this.noRowsYet(!this.stepper?.needsRows);
    this.shown = "";
  }

  private rowsCame(rounds: readonly RoundRows[], problem: string): void {
    for (const { episode, frames, seed, runs } of rounds) {
      this.playback.arrived(episode, frames);
      this.seeds.set(episode, seed);
      this.runs.set(episode, runs);
    }
    this.proof.problem = problem;
    if (problem) this.view.proved(this.proof.compared, this.proof.hashes, this.proof.told, problem);
  }

  // ------------------------------------------------------------- time

  private tick(now: number): void {
    const elapsed = now - this.before;
    this.before = now;
    if (!this.renderer || this.playback.isEmpty) return;
    if (this.idle) this.playback.advance(elapsed);
    const { episode, frame } = this.playback.place;
    const wanted = `${episode} ${frame}`;
    // Whoever drags the bar is not waited for; what plays waits for its picture.
    if (wanted !== this.shown) {
      this.shown = wanted;
      this.idle = false;
      this.post({ op: "show", episode, frame, agent: this.agent });
    }
    this.view.showPlace(this.playback, this.fps, this.agents, this.runs.get(episode) ?? [], this.seeds, this.match.seed);
  }

  // ------------------------------------------------------------- rows from the server

  private async ask(): Promise<void> {
    let waitMs = 0;
    try {
      const answer = await this.api.rows(this.match.match_id, this.next.episode, this.next.frame, this.recorderOf);
      this.take(answer.chunks);
      this.view.state(answer);
      if (answer.gone > 0) {
        this.proof.problem = "A part of this match's rows was taken out of the records, so it cannot be stepped further.";
        this.view.proved(this.proof.compared, this.proof.hashes, this.proof.told, this.proof.problem);
      }
      if (answer.state !== "live" && !answer.more) {
        this.playback.ended();
        if (this.next.frame === 0 && this.next.episode === 0) this.noRowsYet(true);
        return;
      }
      if (this.playback.isEmpty && this.renderer) this.noRowsYet();
      waitMs = answer.more ? 0 : ASK_EVERY_MS;
    } catch (error) {
      const isGone = error instanceof AskError && error.status !== 0 && error.status < 500;
      const text = error instanceof Error ? error.message : String(error);
      this.view.message(isGone ? text : `${text} What has arrived can be watched; the rest is asked for again.`, "error");
      if (isGone) return;
      waitMs = ASK_AGAIN_MS;
    }
    if (!this.failed) setTimeout(() => void this.ask(), waitMs);
  }

  private take(chunks: readonly { episode: number; last: number; body: string }[]): void {
    const last = chunks.at(-1);
    if (!last) return;
    this.next = { episode: last.episode, frame: last.last + 1 };
    const bodies = chunks.map((chunk) => bytesOf(chunk.body));
    this.post({ op: "rows", bodies }, bodies.map((body) => body.buffer));
  }

  private noRowsYet(over = false): void {
    this.phase("waiting");
    this.view.message(
      over
        ? "Nothing of this match was recorded: it ended before its first second was over."
        : "The match has no rows yet. They come once a second as soon as it is played; this page waits for them.",
    );
  }

  private fail(text: string): void {
    this.failed = true;
    this.phase("failed");
    this.view.message(`The match cannot be shown. ${text}`, "error");
  }

  private post(message: ToWatchWorker, transfer: Transferable[] = []): void {
    this.stepper?.post(message, transfer);
  }
}
