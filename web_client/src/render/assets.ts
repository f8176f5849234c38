/** Loads a study's images and atlases by the names that the environment uses. */
import { Rectangle, Texture } from "pixi.js";
import { atlasFrames, findFrame, type AtlasFrame } from "./atlas";
import { servedPath, type AssetFolders } from "./paths";

interface Atlas {
  texture: Texture;
  frames: AtlasFrame[];
  cut: Map<string, Texture>;
}

export class Assets {
  private readonly images = new Map<string, Texture>();
  private readonly atlases = new Map<string, Atlas>();
  private readonly loading = new Map<string, Promise<void>>();
  private readonly reported = new Set<string>();

  constructor(
    private readonly folders: AssetFolders,
    private readonly missing: (name: string, reason: string) => void,
    /** An image that was asked for while it was not there has come. */
    private readonly arrived: () => void,
  ) {}

  /** Load what the specs name (`get_asset_specs()`); what is loaded already is kept. */
  async load(specs: readonly Record<string, unknown>[], progress: (done: number, total: number) => void): Promise<void> {
    let done = 0;
    await Promise.all(
      specs.map(async (spec) => {
        await this.loadSpec(spec);
        progress(++done, specs.length);
      }),
    );
  }

  hasAtlas(name: string): boolean {
    return this.atlases.has(name);
  }

  /** The texture of an image, or of a frame of an atlas; null while it is not there. */
  texture(name: string, frame: string | number | null): Texture | null {
    const atlas = this.atlases.get(name);
    if (atlas) {
      const found = findFrame(atlas.frames, frame);
      if (found) return this.cut(atlas, found);
      this.report(`${name}[${String(frame)}]`, "is not a frame of the atlas");
      return null;
    }
    const image = this.images.get(name);
    if (image) return image;
    // Not registered: the name may be the path of a served file.
    if (name && !this.reported.has(name)) void this.loadImage(name, name).then(() => this.arrived());
    return null;
  }

  async loadImage(name: string, path: string): Promise<void> {
    await this.once(`image ${name}`, async () => {
      const texture = await this.fetchTexture(path);
      if (texture) this.images.set(name, texture);
      else this.report(name, `did not load from ${this.url(path)}`);
    });
  }

  destroy(): void {
    for (const texture of this.images.values()) texture.destroy(true);
    for (const atlas of this.atlases.values()) {
      for (const cut of atlas.cut.values()) cut.destroy(false);
      atlas.texture.destroy(true);
    }
    this.images.clear();
    this.atlases.clear();
  }

  private async loadSpec(spec: Record<string, unknown>): Promise<void> {
    const name = text(spec["name"]);
    const imagePath = text(spec["img_path"]) ?? text(spec["path"]);
    const jsonPath = text(spec["json_path"]) ?? text(spec["atlas_path"]);
    if (!name || !imagePath) return;
    if (!jsonPath) {
      await this.loadImage(name, imagePath);
      return;
    }
    await this.once(`atlas ${name}`, async () => {
      const [texture, json] = await Promise.all([this.fetchTexture(imagePath), this.fetchJson(jsonPath)]);
      const frames = atlasFrames(json);
      if (texture && frames.length > 0) this.atlases.set(name, { texture, frames, cut: new Map<string, Texture>() });
      else this.report(name, `did not load from ${this.url(imagePath)} and ${this.url(jsonPath)}`);
    });
  }

  private once(key: string, load: () => Promise<void>): Promise<void> {
    let pending = this.loading.get(key);
    if (!pending) this.loading.set(key, (pending = load()));
    return pending;
  }

  private async fetchTexture(path: string): Promise<Texture | null> {
    const image = new Image();
    image.src = this.url(path);
    try {
      await image.decode();
    } catch {
      return null;
    }
    return Texture.from(image, true);
  }

  private async fetchJson(path: string): Promise<unknown> {
    try {
      const answer = await fetch(this.url(path), { credentials: "same-origin" });
      return answer.ok ? ((await answer.json()) as unknown) : null;
    } catch {
      return null;
    }
  }

  private cut(atlas: Atlas, frame: AtlasFrame): Texture {
    let texture = atlas.cut.get(frame.name);
    if (!texture) {
      const { x, y, w, h, rotated, trim } = frame;
      texture = new Texture({
        source: atlas.texture.source,
        // A rotated frame lies with its sides exchanged in the atlas.
        frame: rotated ? new Rectangle(x, y, h, w) : new Rectangle(x, y, w, h),
        orig: trim ? new Rectangle(0, 0, trim.sourceW, trim.sourceH) : new Rectangle(0, 0, w, h),
        ...(trim ? { trim: new Rectangle(trim.x, trim.y, w, h) } : {}),
        rotate: rotated ? 2 : 0,
      });
      atlas.cut.set(frame.name, texture);
    }
    return texture;
  }

  private url(path: string): string {
    return new URL(servedPath(path, this.folders), new URL(this.folders.baseUrl || "/", window.location.origin)).href;
  }

  private report(name: string, reason: string): void {
    if (this.reported.has(name)) return;
    this.reported.add(name);
    this.missing(name, reason);
  }
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
