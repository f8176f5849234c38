/** Draws a game's frames on a canvas: WebGL, or the canvas renderer where that is missing. It knows no game. */
import "pixi.js/unsafe-eval"; // the page's policy forbids eval
import "pixi.js/app";
import { autoDetectRenderer, Container, Graphics, RendererType, Sprite, Texture } from "pixi.js";
import type { FrameView } from "../worker/rpc";
import { Animations } from "./animations";
import { Assets } from "./assets";
import { isColor } from "./color";
import { hasGraphicsCard } from "./graphics_card";
import { Painter } from "./painter";
import type { AssetFolders } from "./paths";
import { SceneGraph } from "./scene_graph";

export interface RendererOptions {
  width: number;
  height: number;
  /** A colour, the name of an image asset, or the path of a served image. */
  background: string;
  folders: AssetFolders;
  /** The study's `animation_configs`. */
  animations: readonly Record<string, unknown>[];
  /** How long objects take to their places after a rollback; 0: they jump. */
  smoothingMs: number;
  assetMissing(name: string, reason: string): void;
}

/** What is drawn of a frame. */
export type Picture = Pick<FrameView, "packet" | "image" | "corrected" | "bitmap"> & { frame?: number };

export interface Renderer {
  readonly canvas: HTMLCanvasElement;
  readonly kind: "webgl" | "canvas";
  /** `progress` is told of every picture that came or failed. */
  loadAssets(specs: readonly Record<string, unknown>[], progress: (done: number, total: number) => void): Promise<void>;
  showFrame(view: Picture): void;
  /** Size on the page, in CSS pixels. */
  resize(width: number, height: number): void;
  destroy(): void;
}

type PixiRenderer = Awaited<ReturnType<typeof autoDetectRenderer>>;

export async function createRenderer(options: RendererOptions): Promise<Renderer> {
  const renderer = await firstWorking(options);
  return new PixiGame(renderer, options);
}

async function firstWorking(options: RendererOptions): Promise<PixiRenderer> {
  const settings = {
    width: options.width,
    height: options.height,
    resolution: window.devicePixelRatio || 1,
    autoDensity: true,
    antialias: true,
    background: isColor(options.background) ? options.background : "#ffffff",
    // The page's own keys and focus stay ours.
    accessibilityOptions: { enabledByDefault: false, activateOnTab: false },
    eventMode: "none" as const,
    manageImports: false,
  };
  try {
    // WebGL drawn by the processor takes the time that the game needs: there the canvas is faster.
    return await autoDetectRenderer({ ...settings, preference: hasGraphicsCard() ? ["webgl", "canvas"] : ["canvas"] });
  } catch {
    // WebGL says it is there and fails all the same (blocked drivers): the canvas always works.
    return autoDetectRenderer({ ...settings, preference: ["canvas"] });
  }
}

class PixiGame implements Renderer {
  readonly canvas: HTMLCanvasElement;
  readonly kind: "webgl" | "canvas";
  private readonly root = new Container();
  private readonly backdrop = new Container();
  private readonly picture = new Sprite(Texture.EMPTY);
  private readonly world = new Container();
  private readonly graph: SceneGraph;
  private readonly painter: Painter;
  private readonly assets: Assets;
  private readonly pixels = document.createElement("canvas");
  private pixelsTexture: Texture | null = null;
  private changed = true;
  /** The picture changes by itself: something glides, or an animation plays. */
  private gliding = false;
  private animating = false;
  private frameRequest: number | null = null;
  private destroyed = false;

  constructor(
    private readonly pixi: PixiRenderer,
    private readonly options: RendererOptions,
  ) {
    this.canvas = pixi.canvas as HTMLCanvasElement;
    this.kind = pixi.type === RendererType.WEBGL ? "webgl" : "canvas";
    this.graph = new SceneGraph(options);
    this.assets = new Assets(options.folders, options.assetMissing, () => this.onAssetArrived());
    this.painter = new Painter(this.world, this.assets, new Animations(options.animations, asksForStillness), pixi.resolution);
    this.root.addChild(this.backdrop, this.picture, this.world);
    if (isColor(options.background)) {
      this.backdrop.addChild(new Graphics().rect(0, 0, options.width, options.height).fill(options.background));
    }
    this.request();
  }

  async loadAssets(specs: readonly Record<string, unknown>[], progress: (done: number, total: number) => void): Promise<void> {
    const { background } = this.options;
    const picture = isColor(background) ? [] : [{ name: background, img_path: background }];
    await this.assets.load([...picture, ...specs], progress);
    if (picture.length > 0 && this.backdrop.children.length === 0) this.showBackground(background);
    this.onAssetArrived();
  }

  /** The whole game is covered, and the picture keeps its proportions: what is too much is cut off on both sides. */
  private showBackground(name: string): void {
    const texture = this.assets.texture(name, null);
    if (!texture || this.destroyed) return;
    const { width, height } = this.options;
    const scale = Math.max(width / texture.width, height / texture.height);
    const sprite = new Sprite(texture);
    sprite.setSize(texture.width * scale, texture.height * scale);
    sprite.position.set((width - texture.width * scale) / 2, (height - texture.height * scale) / 2);
    this.backdrop.addChild(sprite);
  }

  showFrame(view: Picture): void {
    if (view.frame === 0) this.graph.beginEpisode();
    if (view.packet) this.graph.apply(view.packet, performance.now(), view.corrected ? this.options.smoothingMs : 0);
    if (view.image) this.showImage(view.image);
    if (view.bitmap) this.showPixels(view.bitmap, (surface, bitmap) => surface.drawImage(bitmap, 0, 0));
    this.changed = true;
    this.request();
  }

  resize(width: number, height: number): void {
    if (this.destroyed) return;
    const resolution = window.devicePixelRatio || 1;
    this.pixi.resize(width, height, resolution);
    const scale = width / this.options.width;
    this.root.scale.set(scale, height / this.options.height);
    this.painter.setTextResolution(resolution * scale);
    this.changed = true;
    this.request();
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    if (this.frameRequest !== null) cancelAnimationFrame(this.frameRequest);
    this.root.destroy({ children: true });
    this.pixelsTexture?.destroy(true);
    this.assets.destroy();
    this.pixi.destroy({ removeView: true });
  }

  private showImage(image: NonNullable<FrameView["image"]>): void {
    this.showPixels(image, (surface, { width, height, rgba }) => {
      const data = new ImageData(width, height);
      data.data.set(rgba);
      surface.putImageData(data, 0, 0);
    });
  }

  private showPixels<Pixels extends { width: number; height: number }>(pixels: Pixels, put: (surface: CanvasRenderingContext2D, pixels: Pixels) => void): void {
    const { width, height } = pixels;
    if (this.pixels.width !== width || this.pixels.height !== height || !this.pixelsTexture) {
      this.pixels.width = width;
      this.pixels.height = height;
      this.pixelsTexture?.destroy(true);
      this.pixelsTexture = Texture.from(this.pixels, true);
      this.picture.texture = this.pixelsTexture;
      // As large as it goes without distortion.
      const scale = Math.min(this.options.width / width, this.options.height / height);
      this.picture.setSize(width * scale, height * scale);
      this.picture.position.set((this.options.width - width * scale) / 2, (this.options.height - height * scale) / 2);
    }
    const surface = this.pixels.getContext("2d");
    if (surface) put(surface, pixels);
    this.pixelsTexture.source.update();
  }

  private onAssetArrived(): void {
    if (this.destroyed) return;
    this.painter.refreshSprites();
    this.changed = true;
    this.request();
  }

  private request(): void {
    if (this.frameRequest !== null || this.destroyed) return;
    this.frameRequest = requestAnimationFrame((now) => {
      this.frameRequest = null;
      this.draw(now);
    });
  }

  private draw(now: number): void {
    if (this.destroyed || (!this.changed && !this.gliding && !this.animating)) return;
    const moved = this.changed || this.gliding;
    if (moved) {
      const { objects, gliding } = this.graph.sample(now);
      this.painter.paint(objects, now);
      this.changed = false;
      this.gliding = gliding;
    }
    const { changed, active } = this.painter.animate(now);
    this.animating = active;
    if (moved || changed) this.pixi.render(this.root);
    if (this.gliding || active) this.request();
  }
}

/** A wish of the person's computer ("reduce motion"); it may change while the game runs. */
function asksForStillness(): boolean {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
}
