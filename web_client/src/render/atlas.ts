/** Reads the JSON of a sprite atlas: TexturePacker's hash and array forms, and the multi-texture form. Pure. */
export interface AtlasFrame {
  name: string;
  x: number;
  y: number;
  w: number;
  h: number;
  rotated: boolean;
  /** Place and size in the untrimmed picture. */
  trim: { x: number; y: number; sourceW: number; sourceH: number } | null;
}

export function atlasFrames(json: unknown): AtlasFrame[] {
  const root = record(json);
  if (!root) return [];
  if (Array.isArray(root["textures"])) return root["textures"].flatMap((texture: unknown) => framesOf(record(texture)?.["frames"]));
  return framesOf(root["frames"]);
}

/** A frame by its name or its number; a name may leave out its ending. */
export function findFrame(frames: readonly AtlasFrame[], wanted: string | number | null): AtlasFrame | null {
  if (wanted === null) return frames[0] ?? null;
  if (typeof wanted === "number") return frames[wanted] ?? frames.find((frame) => frame.name === String(wanted)) ?? null;
  return (
    frames.find((frame) => frame.name === wanted) ??
    frames.find((frame) => frame.name.replace(/\.(png|jpe?g|webp|gif)$/i, "") === wanted) ??
    null
  );
}

function framesOf(frames: unknown): AtlasFrame[] {
  if (Array.isArray(frames)) {
    return frames.flatMap((item: unknown) => {
      const name = record(item)?.["filename"];
      return typeof name === "string" ? frameOf(name, item) : [];
    });
  }
  const named = record(frames);
  return named ? Object.entries(named).flatMap(([name, item]) => frameOf(name, item)) : [];
}

function frameOf(name: string, item: unknown): AtlasFrame[] {
  const entry = record(item);
  // Some tools write the rectangle itself where others write {frame: rectangle}.
  const box = record(entry?.["frame"]) ?? entry;
  if (!entry || !box) return [];
  const [x, y, w, h] = [box["x"], box["y"], box["w"] ?? box["width"], box["h"] ?? box["height"]];
  if (typeof x !== "number" || typeof y !== "number" || typeof w !== "number" || typeof h !== "number") return [];
  const place = record(entry["spriteSourceSize"]);
  const source = record(entry["sourceSize"]);
  const trimmed = entry["trimmed"] === true && place && source;
  return [
    {
      name,
      x,
      y,
      w,
      h,
      rotated: entry["rotated"] === true,
      trim: trimmed
        ? { x: Number(place["x"] ?? 0), y: Number(place["y"] ?? 0), sourceW: Number(source["w"] ?? w), sourceH: Number(source["h"] ?? h) }
        : null,
    },
  ];
}

function record(value: unknown): Record<string, unknown> | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
}
