/**
 * From the wire's draw objects (fractions of the surface) to shapes in the game's pixels. Pure. What a study's own
 * `env_to_state_fn` leaves out gets the defaults of `mug.rendering`; what cannot be drawn is null.
 */
import type { WireObject } from "../worker/rpc";

export type Point = readonly [number, number];

interface Stroked {
  fill: string | null;
  stroke: string | null;
  strokeWidth: number;
}

export interface RectShape extends Stroked {
  type: "rect";
  x: number;
  y: number;
  w: number;
  h: number;
  borderRadius: number;
}
export interface CircleShape extends Stroked {
  type: "circle";
  x: number;
  y: number;
  radius: number;
}
export interface EllipseShape extends Stroked {
  type: "ellipse";
  x: number;
  y: number;
  rx: number;
  ry: number;
}
export interface LineShape {
  type: "line";
  points: Point[];
  color: string;
  width: number;
  fillBelow: string | null;
  fillAbove: string | null;
  surfaceHeight: number;
}
export interface PolygonShape extends Stroked {
  type: "polygon";
  points: Point[];
}
export interface ArcShape extends Stroked {
  type: "arc";
  x: number;
  y: number;
  radius: number;
  startAngle: number;
  endAngle: number;
}
export interface TextShape {
  type: "text";
  x: number;
  y: number;
  text: string;
  size: number;
  color: string;
  font: string;
}
export interface SpriteShape {
  type: "sprite";
  x: number;
  y: number;
  w: number | null;
  h: number | null;
  image: string;
  frame: string | number | null;
  angle: number;
}

export type Shape = RectShape | CircleShape | EllipseShape | LineShape | PolygonShape | ArcShape | TextShape | SpriteShape;

export interface SurfaceSize {
  width: number;
  height: number;
}

export function shapeOf(object: WireObject, size: SurfaceSize): Shape | null {
  const { width, height } = size;
  const larger = Math.max(width, height);
  const x = number(object["x"], 0) * width;
  const y = number(object["y"], 0) * height;
  const stroked: Stroked = {
    fill: object["color"] === null ? null : text(object["color"], "#ffffff"),
    stroke: typeof object["stroke_color"] === "string" ? object["stroke_color"] : null,
    strokeWidth: number(object["stroke_width"], 1),
  };
  switch (object.object_type) {
    case "rect": {
      const w = number(object["w"], 0) * width;
      const h = number(object["h"], 0) * height;
      const borderRadius = Math.min(number(object["border_radius"], 0), Math.abs(w) / 2, Math.abs(h) / 2);
      return { type: "rect", x, y, w, h, borderRadius, ...stroked };
    }
    case "circle":
      return { type: "circle", x, y, radius: number(object["radius"], 0) * larger, ...stroked };
    case "ellipse":
      return { type: "ellipse", x, y, rx: number(object["rx"], 0) * width, ry: number(object["ry"], 0) * height, ...stroked };
    case "line": {
      const color = text(object["color"], "#ffffff");
      const fill = (value: unknown): string | null => (typeof value === "string" ? value : value ? color : null);
      return {
        type: "line",
        points: points(object["points"], size),
        color,
        width: number(object["width"], 1),
        fillBelow: fill(object["fill_below"]),
        fillAbove: fill(object["fill_above"]),
        surfaceHeight: height,
      };
    }
    case "polygon":
      return { type: "polygon", points: points(object["points"], size), ...stroked };
    case "arc":
      return {
        type: "arc",
        x,
        y,
        radius: number(object["radius"], 0) * larger,
        startAngle: number(object["start_angle"], 0),
        endAngle: number(object["end_angle"], 0),
        ...stroked,
      };
    case "text":
      return {
        type: "text",
        x,
        y,
        text: typeof object["text"] === "string" ? object["text"] : String(object["text"] ?? ""),
        size: number(object["size"], 16),
        color: text(object["color"], "#000000"),
        font: text(object["font"], "Arial"),
      };
    case "sprite": {
      const frame = object["frame"];
      return {
        type: "sprite",
        x,
        y,
        w: typeof object["w"] === "number" ? object["w"] * width : null,
        h: typeof object["h"] === "number" ? object["h"] * height : null,
        image: text(object["image_name"], ""),
        frame: typeof frame === "string" || typeof frame === "number" ? frame : null,
        angle: number(object["angle"], 0),
      };
    }
    default:
      return null;
  }
}

/** The shape between `from` and `to`; what is no number, or has another count of points, is `to`'s. */
export function between(from: Shape, to: Shape, fraction: number): Shape {
  if (fraction >= 1 || from.type !== to.type) return to;
  const mixed: Record<string, unknown> = { ...to };
  const start = from as unknown as Record<string, unknown>;
  for (const [name, end] of Object.entries(to)) {
    const begin = start[name];
    if (typeof end === "number" && typeof begin === "number" && name !== "frame") mixed[name] = mix(begin, end, fraction);
  }
  if ("points" in to && "points" in from && from.points.length === to.points.length) {
    mixed["points"] = to.points.map((point, index) => {
      const begin = from.points[index] ?? point;
      return [mix(begin[0], point[0], fraction), mix(begin[1], point[1], fraction)] as const;
    });
  }
  return mixed as unknown as Shape;
}

function mix(from: number, to: number, fraction: number): number {
  return from + (to - from) * fraction;
}

function number(value: unknown, fallback: number): number {
  return typeof value === "number" && Number.isFinite(value) ? value : fallback;
}

function text(value: unknown, fallback: string): string {
  return typeof value === "string" ? value : fallback;
}

function points(value: unknown, { width, height }: SurfaceSize): Point[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((point: unknown) => {
    if (!Array.isArray(point)) return [];
    const [px, py] = point as unknown[];
    return typeof px === "number" && typeof py === "number" ? [[px * width, py * height] as const] : [];
  });
}
