/**
 * A match that the server steps, while it runs: its process makes the views that its players get for this page, too. Nothing
 * of the game is computed here, and nothing goes back but which views have come.
 */
import type { Renderer } from "../render/renderer";
import { between, moves } from "../server_game/interpolation";
import { PictureFeed } from "../server_game/picture_feed";
import { Playout } from "../server_game/playout";
import { ViewState, type ShownView } from "../server_game/view_state";
import { AskError, bytesOf, drawnName, type LiveViews, type MatchDescription, type WatchApi, type WatchedContent } from "./api";
import type { AgentNow } from "./rpc";
import { watchedRenderer } from "./watch_picture";
import type { WatchView } from "./watch_view";
import type { WatchPhase } from "./watching";

const ASK_AGAIN_MS = 2000;
/** Without a process there is nothing to wait for. */
const NO_PROCESS_MS = 1000;
/** So often it is asked whether the match is over. */
const GLANCE_MS = 1500;

const STAGE_WORDS: Readonly<Record<string, string>> = {
  "": "The match is being prepared: its game is not loaded yet.",
  starting: "The server loads the game…",
  ready: "The game is loaded. It begins as soon as its players are there.",
  countdown: "The match begins in a moment.",
  paused: "The match is paused.",
};

interface Entry extends ShownView {
  readonly bitmap: ImageBitmap | null;
  readonly agents: readonly AgentNow[];
}

export class LiveMatch {
  private readonly name = drawnName();
  private readonly views = new ViewState();
  private readonly pictures: PictureFeed;
  private playout: Playout<Entry> | null = null;
  private renderer: Renderer | null = null;
  private life = -1;
  private seen = -1;
  private agent = "";
  private shown: Entry | null = null;
  private gone: { view: Entry; names: readonly string[] }[] = [];
  private glancedAt = -Infinity;
  private stopped = false;

  /** `ended`: the match is over, and what was to be seen of it was shown. */
  constructor(
    private readonly api: WatchApi,
    private readonly match: MatchDescription,
    private readonly content: WatchedContent,
    private readonly view: WatchView,
    private readonly phase: (phase: WatchPhase) => void,
    private readonly ended: (match: MatchDescription) => void,
  ) {
    this.pictures = new PictureFeed((reason) => console.error(reason));
  }

  start(): void {
    this.phase("loading");
    this.view.standsLive();
    void this.ask();
    const draw = (): void => {
      if (this.stopped) return;
      this.draw(performance.now());
      requestAnimationFrame(draw);
    };
    requestAnimationFrame(draw);
  }

  /** Show the game as another player sees it. */
  seenBy(agent: string): void {
    this.agent = agent;
  }

  private async ask(): Promise<void> {
    let waitMs = 0;
    try {
      const answer = await this.api.views(this.match.match_id, this.name, this.agent, this.life, this.seen);
      await this.take(answer);
      if (answer.stage === "") waitMs = NO_PROCESS_MS;
      if (performance.now() - this.glancedAt > GLANCE_MS || answer.stage === "") await this.glance();
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      const isGone = error instanceof AskError && error.status !== 0 && error.status < 500;
      this.view.message(isGone ? text : `${text} It is asked again.`, "error");
      if (isGone) {
        this.stop();
        this.phase("failed");
        return;
      }
      waitMs = ASK_AGAIN_MS;
    }
    if (!this.stopped) setTimeout(() => void this.ask(), waitMs);
  }

  private async take(answer: LiveViews): Promise<void> {
    if (answer.life !== this.life) {
      this.life = answer.life;
      this.seen = -1;
      this.views.forget();
      this.playout?.restart();
    }
    for (const { n, view: delta, image, about } of answer.views) {
      if (n <= this.seen) continue;
      const view = this.views.take(n, delta);
      if (!view) {
        this.life = -1; // begin with a whole view
        break;
      }
      this.seen = n;
      const agents = about?.agents ?? [];
      if (about) this.view.offerViewers(about.viewers, this.agent);
      if (view.image) this.pictures.take(view.image.kind, bytesOf(image), (bitmap) => this.arrived({ ...view, bitmap, agents }));
      else this.arrived({ ...view, bitmap: null, agents });
    }
    if (answer.views.length > 0 && !this.renderer) await this.enter(answer.asset_specs);
    const again = answer.stage === "" && this.renderer !== null;
    this.view.message(again ? "Its game is started again…" : (STAGE_WORDS[answer.stage] ?? ""));
    this.phase(this.renderer ? "showing" : "waiting");
  }

  private async enter(specs: readonly Record<string, unknown>[]): Promise<void> {
    this.view.message("Loading pictures…");
    this.renderer = await watchedRenderer(this.match, this.content, specs, this.view);
    this.view.attach(this.renderer);
  }

  private async glance(): Promise<void> {
    const match = await this.api.match(this.match.match_id);
    this.glancedAt = performance.now();
    this.view.state(match);
    if (match.state === "live") return;
    this.stop();
    this.ended(match);
  }

  private stop(): void {
    this.stopped = true;
    this.pictures.stop();
    this.renderer?.destroy();
  }

  private arrived(view: Entry): void {
    this.playout ??= new Playout<Entry>(1000 / Math.max(1, this.content.config.fps), view.image ? 0 : 1);
    this.playout.add(view, performance.now());
    if (view.gone.length > 0) this.gone.push({ view, names: view.gone });
  }

  private draw(now: number): void {
    const sample = this.renderer ? this.playout?.sample(now) : null;
    if (!sample) return;
    const { from, to, fraction } = sample;
    if (from !== this.shown) this.show(from);
    if (to && fraction > 0 && !from.image && moves(from, to)) {
      this.renderer?.showFrame({ packet: { game_state_objects: between(from, to, fraction), removed: [] }, image: null, corrected: false });
    }
  }

  private show(view: Entry): void {
    const due = this.gone.filter(({ view: { atMs } }) => atMs <= view.atMs);
    this.gone = this.gone.filter((later) => !due.includes(later));
    const bitmap = view.bitmap !== this.shown?.bitmap ? view.bitmap : null;
    const packet = view.image ? null : { game_state_objects: between(view, view, 1), removed: due.flatMap(({ names }) => [...names]) };
    const { episode, frame, hud, score } = view;
    this.view.showFrame({ episode, frame, packet, image: null, hud, score }, view.agents, bitmap);
    if (bitmap) this.pictures.shown(bitmap);
    this.shown = view;
    this.view.showLivePlace(episode, frame, this.content.config.fps);
  }
}
