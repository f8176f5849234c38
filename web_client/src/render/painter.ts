/** Draws shapes with PixiJS: one view per object, redrawn only when its form changes, moved otherwise. */
import { Container, Graphics, Sprite, Text, Texture } from "pixi.js";
import type { Animation, Animations } from "./animations";
import type { Assets } from "./assets";
import type { Shape, SpriteShape, TextShape } from "./shapes";

interface View {
  type: Shape["type"];
  display: Container;
  shape: Shape | null;
  /** What the form was drawn from; place and angle are not part of it. */
  form: string;
  /** What a sprite plays, since when, and the frame that it shows. */
  playing: { animation: Animation; since: number; frame: string | number; ended: boolean } | null;
}

export class Painter {
  private readonly views = new Map<string, View>();

  constructor(
    private readonly world: Container,
    private readonly assets: Assets,
    private readonly animations: Animations,
    private textResolution: number,
  ) {}

  /** Make the picture these objects, from back to front, at `now` (ms). */
  paint(objects: readonly { uuid: string; shape: Shape }[], now: number): void {
    const wanted = new Set(objects.map(({ uuid }) => uuid));
    for (const [uuid, view] of this.views) {
      if (wanted.has(uuid)) continue;
      view.display.destroy();
      this.views.delete(uuid);
    }
    objects.forEach(({ uuid, shape }, index) => {
      let view = this.views.get(uuid);
      if (view && view.type !== shape.type) {
        view.display.destroy();
        view = undefined;
      }
      if (!view) {
        view = { type: shape.type, display: emptyView(shape), shape: null, form: "", playing: null };
        this.views.set(uuid, view);
        this.world.addChildAt(view.display, Math.min(index, this.world.children.length));
      }
      if (this.world.children[index] !== view.display) this.world.setChildIndex(view.display, Math.min(index, this.world.children.length - 1));
      if (view.shape !== shape) {
        this.play(view, shape, now);
        this.update(view, shape);
      }
    });
  }

  /** Show the frames that animations are at now; `changed`: another picture, `active`: there will be one more. */
  animate(now: number): { changed: boolean; active: boolean } {
    let [changed, active] = [false, false];
    for (const view of this.views.values()) {
      const { playing, shape } = view;
      if (!playing || shape?.type !== "sprite") continue;
      const { frame, ended } = this.animations.frame(playing.animation, now - playing.since);
      playing.ended = ended;
      active ||= !ended;
      if (frame === playing.frame) continue;
      playing.frame = frame;
      changed = true;
      this.update(view, shape);
    }
    return { changed, active };
  }

  /** Images came late: sprites look again. */
  refreshSprites(): void {
    for (const view of this.views.values()) {
      if (view.shape?.type !== "sprite") continue;
      view.form = "";
      this.update(view, view.shape);
    }
  }

  setTextResolution(resolution: number): void {
    this.textResolution = resolution;
    for (const { display } of this.views.values()) if (display instanceof Text) display.resolution = resolution;
  }

  /** An object that goes on naming an animation goes on playing it, however often it is sent. */
  private play(view: View, shape: Shape, now: number): void {
    const animation = shape.type === "sprite" ? this.animations.find(shape.image, shape.frame) : null;
    if (animation === (view.playing?.animation ?? null)) return;
    view.playing = animation ? { animation, since: now, ...this.animations.frame(animation, 0) } : null;
  }

  private update(view: View, shape: Shape): void {
    view.shape = shape;
    const { display } = view;
    if (shape.type === "text" && display instanceof Text) this.updateText(view, display, shape);
    else if (shape.type === "sprite" && display instanceof Sprite) this.updateSprite(view, display, shape);
    else if (display instanceof Graphics) {
      const form = formOf(shape);
      if (form !== view.form) {
        view.form = form;
        display.clear();
        draw(display, shape);
      }
      if ("x" in shape) display.position.set(shape.x, shape.y);
    }
  }

  private updateText(view: View, display: Text, shape: TextShape): void {
    const form = JSON.stringify([shape.text, shape.size, shape.color, shape.font]);
    if (form !== view.form) {
      view.form = form;
      display.resolution = this.textResolution;
      display.text = shape.text;
      display.style = { fontFamily: [shape.font, "Arial", "Liberation Sans", "sans-serif"], fontSize: shape.size, fill: shape.color };
    }
    display.position.set(shape.x, shape.y);
  }

  private updateSprite(view: View, display: Sprite, shape: SpriteShape): void {
    const frame = view.playing ? view.playing.frame : shape.frame;
    const form = JSON.stringify([shape.image, frame]);
    if (form !== view.form || display.texture === Texture.WHITE) {
      view.form = form;
      // The frames of an animation over plain pictures are pictures' names.
      const ofPictures = view.playing && typeof frame === "string" && !this.assets.hasAtlas(shape.image);
      const texture = ofPictures ? this.assets.texture(frame, null) : this.assets.texture(shape.image, frame);
      display.texture = texture ?? Texture.WHITE;
      // A missing image is a pale box of the right size, never a hole that nobody sees.
      display.tint = texture ? 0xffffff : 0xc9ced6;
    }
    const missing = display.texture === Texture.WHITE;
    const natural = missing ? { width: 32, height: 32 } : display.texture.orig;
    const w = shape.w ?? (shape.h === null ? natural.width : (natural.width * shape.h) / natural.height);
    const h = shape.h ?? (shape.w === null ? natural.height : (natural.height * shape.w) / natural.width);
    display.anchor.set(0.5);
    display.setSize(w, h);
    display.position.set(shape.x + w / 2, shape.y + h / 2);
    display.angle = shape.angle;
  }
}

function emptyView(shape: Shape): Container {
  if (shape.type === "text") return new Text({ text: "" });
  if (shape.type === "sprite") return new Sprite(Texture.WHITE);
  return new Graphics();
}

/** Everything of a shape but its place. */
function formOf(shape: Shape): string {
  return JSON.stringify(shape, (key, value: unknown) => (key === "x" || key === "y" ? undefined : value));
}

/** Shapes with a place are drawn around the origin and moved there; those with points are drawn where they are. */
function draw(graphics: Graphics, shape: Exclude<Shape, TextShape | SpriteShape>): void;
function draw(graphics: Graphics, shape: Shape): void;
function draw(graphics: Graphics, shape: Shape): void {
  switch (shape.type) {
    case "rect":
      if (shape.borderRadius > 0) graphics.roundRect(0, 0, shape.w, shape.h, shape.borderRadius);
      else graphics.rect(0, 0, shape.w, shape.h);
      break;
    case "circle":
      graphics.circle(0, 0, shape.radius);
      break;
    case "ellipse":
      graphics.ellipse(0, 0, shape.rx, shape.ry);
      break;
    case "polygon":
      if (shape.points.length < 3) return;
      graphics.poly(shape.points.flat());
      break;
    case "line": {
      drawLine(graphics, shape);
      return;
    }
    case "arc": {
      if (shape.fill !== null) {
        graphics.moveTo(0, 0).arc(0, 0, shape.radius, shape.startAngle, shape.endAngle).closePath().fill(shape.fill);
      }
      if (shape.stroke !== null && shape.strokeWidth > 0) {
        graphics
          .beginPath()
          .arc(0, 0, shape.radius, shape.startAngle, shape.endAngle)
          .stroke({ color: shape.stroke, width: shape.strokeWidth });
      }
      return;
    }
    case "text":
    case "sprite":
      return;
  }
  if (shape.fill !== null) graphics.fill(shape.fill);
  if (shape.stroke !== null && shape.strokeWidth > 0) graphics.stroke({ color: shape.stroke, width: shape.strokeWidth, alignment: 0.5, join: "round" });
}

function drawLine(graphics: Graphics, shape: Extract<Shape, { type: "line" }>): void {
  const first = shape.points[0];
  const last = shape.points[shape.points.length - 1];
  if (!first || !last || shape.points.length < 2) return;
  const flat = shape.points.flat();
  if (shape.fillBelow !== null) graphics.poly([...flat, last[0], shape.surfaceHeight, first[0], shape.surfaceHeight]).fill(shape.fillBelow);
  if (shape.fillAbove !== null) graphics.poly([...flat, last[0], 0, first[0], 0]).fill(shape.fillAbove);
  graphics.beginPath().poly(flat, false).stroke({ color: shape.color, width: shape.width, cap: "round", join: "round" });
}
