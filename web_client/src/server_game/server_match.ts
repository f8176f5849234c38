/**
 * A game that the server steps, as this page lives it: views come in and are shown evenly, keys go out at each change.
 * Nothing of the game is computed here, and nothing of it is kept.
 *
 * From a key to its picture: half a round trip to the server, the wait for its next frame (half a frame on average), half
 * a round trip back, and the delay of the `Playout` (one to two frames).
 */
import { asBytes } from "../game/bytes";
import { MatchOverlay } from "../game/match_overlay";
import type { Words } from "../game/match_words";
import { Presence } from "../input/presence";
import { Durations } from "../monitor/durations";
import type { GameConfig, ServerStatus, ServerView } from "../protocol/messages";
import type { GameStage } from "../scenes/game_stage";
import type { SceneContext } from "../scenes/scene";
import type { FrameView } from "../worker/rpc";
import { between, moves } from "./interpolation";
import { PictureFeed } from "./picture_feed";
import { Playout } from "./playout";
import { serverWords } from "./server_words";
import { readDelta, ViewState, type ShownView } from "./view_state";

/** A whole view is asked for again at the earliest after so long. */
const ASK_AGAIN_MS = 1000;
const WORDS_EVERY_MS = 100;
/** What is said is shown long enough to be read. */
const SHOWN_AT_LEAST_MS = 800;
const NOTICE_MS = 6000;
/** So many messages of keys wait for a view that has taken them in. */
const MAX_KEYS = 200;

export interface ServerMatchPort {
  /** The first picture is here; null when the game cannot be shown any more. */
  enter(): GameStage | null;
  /** How the match stands, before there is a picture and after. */
  stands(status: ServerStatus): void;
}

interface Entry extends ShownView {
  readonly bitmap: ImageBitmap | null;
}

export class ServerMatch {
  private readonly views = new ViewState();
  private playout: Playout<Entry> | null = null;
  private readonly pictures: PictureFeed;
  private readonly overlay = new MatchOverlay();
  private readonly keyDelays = new Durations();
  private readonly sentKeys: { n: number; at: number }[] = [];
  private readonly wordsTimer: ReturnType<typeof setInterval>;
  private stage: GameStage | null = null;
  private presence: Presence | null = null;
  private shown: Entry | null = null;
  /** Names that were taken out by views that are not the picture yet. */
  private gone: { view: Entry; names: readonly string[] }[] = [];
  private status: ServerStatus | null = null;
  private statusAt = 0;
  private heardAt = performance.now();
  private askedAt = -Infinity;
  private keysN = 0;
  private held: string[] = [];
  private hidden = false;
  private said: { words: Words; at: number } = { words: { kind: "none", text: "" }, at: -Infinity };
  private frameRequest: number | null = null;
  private over = false;

  constructor(
    private readonly config: GameConfig,
    private readonly context: SceneContext,
    private readonly port: ServerMatchPort,
  ) {
    this.pictures = new PictureFeed((message) => context.reportError({ kind: "script", message, traceback: "", fatal: false }));
    this.wordsTimer = setInterval(() => this.speak(), WORDS_EVERY_MS);
  }

  get matchId(): string {
    return this.config.match_id;
  }

  position(): { episode: number | null; frame: number | null } {
    return { episode: this.shown?.episode ?? null, frame: this.shown?.frame ?? null };
  }

  /** This page can show the game: from now on views come, the first of them whole. Also after a reconnection. */
  ready(): void {
    this.askedAt = performance.now();
    this.views.forget();
    this.context.send({ op: "server.ready", match_id: this.matchId });
    if (this.presence) this.sayKeys([]);
  }

  received(message: ServerStatus | ServerView): void {
    if (this.over || message.match_id !== this.matchId) return;
    this.heardAt = performance.now();
    if (message.op === "server.view") this.onView(message);
    else this.onStatus(message);
  }

  /** The server is in reach, or not. */
  connectionChanged(open: boolean): void {
    this.heardAt = performance.now();
    if (open) this.ready();
    this.speak();
  }

  keys(held: string[], pressed: string[]): void {
    this.held = held;
    this.sayKeys(pressed);
  }

  /** For the telemetry of a second. */
  measured(): Record<string, unknown> {
    if (!this.playout) return {};
    const { received, late, skipped } = this.playout.takeCounts();
    const { p50, p95 } = this.keyDelays.take();
    return {
      views: received,
      views_late: late,
      views_skipped: skipped,
      view_delay_ms: this.playout.delayMs,
      key_to_view_p50_ms: p50,
      key_to_view_p95_ms: p95,
    };
  }

  /** No key goes out any more; what came is shown to its end. */
  stop(): void {
    this.over = true;
    this.presence?.stop();
    this.presence = null;
    this.stage?.stopKeys();
    clearInterval(this.wordsTimer);
    this.overlay.show({ kind: "none", text: "" });
  }

  dispose(): void {
    this.stop();
    if (this.frameRequest !== null) cancelAnimationFrame(this.frameRequest);
    this.frameRequest = null;
    this.pictures.stop();
    this.stage = null;
  }

  private onStatus(status: ServerStatus): void {
    this.status = status;
    this.statusAt = performance.now();
    this.port.stands(status);
    this.speak();
  }

  private onView({ n, body, image }: ServerView): void {
    const delta = readDelta(asBytes(body));
    const view = delta && this.views.take(n, delta);
    if (!view) {
      this.askForWhole(delta ? "" : `view ${n} could not be read`);
      return;
    }
    this.context.send({ op: "server.seen", match_id: this.matchId, n });
    // A whole view begins a page, or a process, that knows of no key: those that have been held all along are said again.
    if (delta.base < 0) this.sayKeys([]);
    if (view.image) this.pictures.take(view.image.kind, asBytes(image ?? new Uint8Array()), (bitmap) => this.arrived({ ...view, bitmap }));
    else this.arrived({ ...view, bitmap: null });
  }

  private askForWhole(failure: string): void {
    const now = performance.now();
    if (now - this.askedAt < ASK_AGAIN_MS) return;
    if (failure) this.context.reportError({ kind: "script", message: failure, traceback: "", fatal: false });
    this.ready();
  }

  private arrived(view: Entry): void {
    this.playout ??= new Playout<Entry>(1000 / Math.max(1, this.config.fps), view.image ? 0 : 1);
    this.playout.add(view, performance.now());
    if (view.gone.length > 0) this.gone.push({ view, names: view.gone });
    if (!this.stage) this.enter();
  }

  private enter(): void {
    if (this.over) return;
    this.stage = this.port.enter();
    if (!this.stage) return;
    this.stage.page.stage.append(this.overlay.view);
    this.presence = new Presence((hidden) => {
      this.hidden = hidden;
      this.sayKeys([]);
    });
    this.draw(performance.now());
    this.speak();
  }

  private sayKeys(pressed: string[]): void {
    if (this.over || !this.stage) return;
    const [n, at] = [this.keysN, performance.now()];
    const { held, hidden } = this;
    const sent = this.context.send({ op: "server.keys", match_id: this.matchId, n, held, pressed, hidden, client_ms: at });
    if (!sent) return; // said again as soon as the server is in reach
    this.keysN += 1;
    if (pressed.length > 0 && this.status?.stage === "playing") this.sentKeys.push({ n, at });
    if (this.sentKeys.length > MAX_KEYS) this.sentKeys.shift();
  }

  private draw(now: number): void {
    this.frameRequest = requestAnimationFrame(() => this.draw(performance.now()));
    const sample = this.playout?.sample(now);
    if (!sample || !this.stage) return;
    const { from, to, fraction } = sample;
    if (from !== this.shown) this.show(from, now);
    if (to && fraction > 0 && !from.image && moves(from, to)) {
      this.stage.page.paint({ game_state_objects: between(from, to, fraction), removed: [] });
    }
  }

  private show(view: Entry, now: number): void {
    const { stage, shown: before } = this;
    if (!stage) return;
    while (this.sentKeys[0] && this.sentKeys[0].n <= view.keysN) this.keyDelays.add(now - (this.sentKeys.shift()?.at ?? now));
    const due = this.gone.filter(({ view: { atMs } }) => atMs <= view.atMs);
    this.gone = this.gone.filter((later) => !due.includes(later));
    const bitmap = view.bitmap !== before?.bitmap ? view.bitmap : null;
    const frame: FrameView = {
      visitId: "",
      episode: view.episode,
      frame: view.frame,
      packet: view.image ? null : { game_state_objects: between(view, view, 1), removed: due.flatMap(({ names }) => [...names]) },
      image: null,
      hud: view.hud,
      score: view.score,
      tickMs: 0,
    };
    stage.showFrame(bitmap ? { ...frame, bitmap } : frame);
    if (bitmap) this.pictures.shown(bitmap);
    this.shown = view;
  }

  private speak(): void {
    const { stage, status, context } = this;
    if (!stage || this.over) return;
    const now = performance.now();
    // A message of the server is news for a while, unless the stage itself is something to be spoken of.
    const fresh = now - this.statusAt < NOTICE_MS || status?.stage !== "playing";
    const words = serverWords({
      stage: status?.stage ?? "preparing",
      message: fresh ? (status?.message ?? "") : "",
      countdownMs: (status?.countdown_ms ?? 0) - (now - this.statusAt),
      begun: (this.shown?.episode ?? 0) > 0 || (this.shown?.frame ?? 0) > 0,
      reachable: context.connected(),
      silentMs: now - this.heardAt,
      partners: this.config.players.length - 1,
    });
    const { said } = this;
    if (!(words.kind === "none" && said.words.kind === "waiting" && now - said.at < SHOWN_AT_LEAST_MS)) {
      if (words.kind !== said.words.kind) said.at = now;
      said.words = words;
      this.overlay.show(words);
    }
    stage.page.stage.dataset["mugStage"] = status?.stage ?? "preparing";
    const phase = status?.stage === "countdown" ? "countdown" : "playing";
    const { shell } = context;
    if (shell.phase !== phase && (shell.phase === "countdown" || shell.phase === "playing")) shell.setPhase(phase);
  }
}
