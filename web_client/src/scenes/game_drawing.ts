/** The drawing of one game: the renderer is made and the pictures come while Python loads. */
import type { GameContent } from "../protocol/messages";
import type { Renderer } from "../render/renderer";
import type { WireObject } from "../worker/rpc";

export interface DrawingPort {
  /** Pictures are still to come; said only while nothing else is waited for. */
  progress(fraction: number, words: string): void;
  pictureMissing(message: string): void;
}

export class GameDrawing {
  private readonly made: Promise<Renderer>;
  private awaited = false;
  private pictures = { done: 0, total: 0 };
  private missing = 0;

  constructor(
    private readonly content: GameContent,
    private readonly port: DrawingPort,
  ) {
    this.made = this.make();
    this.made.catch(() => undefined); // told by `ready`
  }

  /** The renderer, once the drawing code and all pictures are there; `specs` are those of the environment's code. */
  async ready(specs: readonly Record<string, unknown>[]): Promise<Renderer> {
    this.awaited = true;
    if (this.pictures.done < this.pictures.total) this.pictureCame(this.pictures.done, this.pictures.total);
    const renderer = await this.made;
    await renderer.loadAssets(specs, (done, total) => this.pictureCame(done, total));
    return renderer;
  }

  /** A calm word for the person who plays; the experimenter gets the names. */
  missingHint(): HTMLElement[] {
    if (this.missing === 0) return [];
    const hint = document.createElement("p");
    hint.className = "enter-hint";
    hint.dataset["mug"] = "missing-pictures";
    const what = this.missing === 1 ? "One picture of this game" : `${this.missing} pictures of this game`;
    hint.textContent = `${what} did not load. You can play all the same; please tell the person who runs the study.`;
    return [hint];
  }

  /** Also of a renderer that is only being made; destroying it twice is harmless. */
  dispose(): void {
    void this.made.then((renderer) => renderer.destroy(), () => undefined);
  }

  private async make(): Promise<Renderer> {
    const { createRenderer } = await import("../render/renderer");
    const { config, background, asset_specs: specs, animations, first_objects: first } = this.content;
    const renderer = await createRenderer({
      width: config.game_width,
      height: config.game_height,
      background,
      folders: { baseUrl: this.content.assets_base_url, roots: this.content.asset_roots, assetsDir: this.content.assets_dir },
      animations,
      smoothingMs: this.content.rollback_smoothing_duration_ms,
      assetMissing: (name, reason) => {
        this.missing += 1;
        this.port.pictureMissing(`the image ${name} ${reason}`);
      },
    });
    if (first.length > 0) renderer.showFrame({ packet: { game_state_objects: first as unknown as WireObject[], removed: [] }, image: null });
    await renderer.loadAssets(specs, (done, total) => this.pictureCame(done, total));
    return renderer;
  }

  private pictureCame(done: number, total: number): void {
    this.pictures = { done, total };
    if (this.awaited) this.port.progress(done / Math.max(1, total), `Loading pictures: ${done} of ${total}`);
  }
}
