/**
 * A match that the server had stepped, stepped again by a process of the server. The page asks for one frame after the other,
 * always for the one that was wished last; the process steps on meanwhile, and keeps what it has drawn.
 */
import { unpackedPicture } from "../server_game/picture_feed";
import type { WireObject } from "../worker/rpc";
import { AskError, bytesOf, drawnName, type Replayed, type WatchApi } from "./api";
import type { FromWatchWorker, ToWatchWorker } from "./rpc";
import type { Stepper } from "./stepper";

const ASK_AGAIN_MS = 2000;
/** How far the process is, is asked so often while it is on its way. */
const STEPS_ON_MS = 1000;
/** And so often that the page is still there. */
const STILL_HERE_MS = 25_000;

type Place = readonly [episode: number, frame: number];

export class ServerStepper implements Stepper {
  readonly needsRows = false;
  private readonly name = drawnName();
  private agent = "";
  private wanted: Place | null = null;
  private shown: Place = [0, 0];
  private isAsking = false;
  private isOpen = false;
  private isDone = false;
  private isOver = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private bitmap: ImageBitmap | null = null;

  /** `firstObjects`: what the page shows of itself until the environment takes it out. */
  constructor(
    private readonly api: WatchApi,
    private readonly matchId: string,
    private readonly firstObjects: readonly WireObject[],
    private readonly received: (message: FromWatchWorker) => void,
  ) {
    window.addEventListener("pagehide", () => {
      this.isOver = true;
      clearTimeout(this.timer);
      this.api.endReplay(this.matchId, this.name);
    });
  }

  post(message: ToWatchWorker): void {
    if (message.op === "boot") {
      this.received({ op: "progress", fraction: 0, text: "Starting the game on the server" });
      void this.ask([0, 0]);
    } else if (message.op === "show") {
      this.agent = message.agent ?? "";
      this.wanted = [message.episode, message.frame];
      this.goOn();
    }
  }

  private goOn(): void {
    if (this.isAsking || this.isOver || !this.isOpen) return;
    clearTimeout(this.timer);
    if (this.wanted) void this.ask(this.wanted);
    else this.timer = setTimeout(() => void this.ask(this.shown), this.isDone ? STILL_HERE_MS : STEPS_ON_MS);
  }

  private async ask(place: Place): Promise<void> {
    this.isAsking = true;
    try {
      await this.take(place, await this.api.replay(this.matchId, this.name, place[0], place[1], this.agent));
      this.isAsking = false;
      if (this.isOpen) this.goOn();
      else if (!this.isOver) void this.ask(place);
    } catch (error) {
      this.isAsking = false;
      const text = error instanceof Error ? error.message : String(error);
      if (error instanceof AskError && error.status !== 0 && error.status < 500) {
        this.fail(text);
        return;
      }
      this.received({ op: "progress", fraction: 0, text: `${text} It is asked again` });
      if (!this.isOver) this.timer = setTimeout(() => void this.ask(this.wanted ?? place), ASK_AGAIN_MS);
    }
  }

  private async take(place: Place, answer: Replayed): Promise<void> {
    if (answer.failed !== undefined) {
      this.fail(answer.failed);
      return;
    }
    const { opened, looked, image } = answer;
    if (opened && !this.isOpen) {
      this.isOpen = true;
      this.received({ op: "rows", rounds: opened.rounds, problem: "" });
      this.received({ op: "loaded", agents: opened.agents, assetSpecs: opened.asset_specs, viewers: opened.viewers });
    }
    if (!looked || this.isOver) return;
    this.isDone = looked.done;
    const { view, agents, told, problem, compared, hashes } = looked;
    this.received({ op: "proved", told, problem, compared, hashes, done: looked.done });
    const wanted = this.wanted;
    if (!wanted) return; // it was only asked how far it is
    const isWish = wanted[0] === place[0] && wanted[1] === place[1];
    if (!view) {
      if (isWish) this.received({ op: "going", episode: Math.max(0, looked.at[0]), frame: looked.at[1], told });
      return;
    }
    const before = this.bitmap;
    if (view.image && image !== "") {
      this.bitmap = await unpackedPicture(view.image.kind, bytesOf(image));
    }
    if (isWish && this.wanted === wanted) this.wanted = null;
    this.shown = place;
    const { episode, frame, hud, score, objects, gone } = view;
    const packet = view.image ? null : { game_state_objects: inOrder([...this.first(objects, gone), ...objects]), removed: [] };
    const bitmap = view.image ? this.bitmap : null;
    const shown = { episode, frame, packet, image: null, hud, score };
    this.received({ op: "shown", wanted: [place[0], place[1]], view: shown, agents, told, compared, hashes, ...(bitmap ? { bitmap } : {}) });
    if (before && before !== this.bitmap) before.close();
  }

  private first(objects: readonly WireObject[], gone: readonly string[]): WireObject[] {
    const there = new Set([...gone, ...objects.map((object) => object.uuid)]);
    return this.firstObjects.filter((object) => !there.has(object.uuid));
  }

  private fail(message: string): void {
    this.isOver = true;
    clearTimeout(this.timer);
    this.received({ op: "failed", message, traceback: "" });
  }
}

/** A view holds all that is in the picture: none of it is to be kept for the next one. Lasting objects lie behind. */
function inOrder(objects: readonly WireObject[]): WireObject[] {
  const lasting = objects.filter((object) => object.permanent).map((object) => ({ ...object, permanent: false }));
  return lasting.length > 0 ? [...lasting, ...objects.filter((object) => !object.permanent)] : [...objects];
}
