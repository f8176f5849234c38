/**
 * What the server shows this page, put together from views that tell only what changed (`mug.play.view_deltas`). Pure. A
 * view builds on the one that was sent before it; without that one it cannot be read.
 */
import type { WireObject } from "../worker/rpc";

/** The JSON of a view; what is left out did not change. */
export interface ViewDelta {
  episode: number;
  frame: number;
  at_ms: number;
  /** -1: this view is whole. */
  base: number;
  /** The newest of our ServerKeys that the frame has taken in; -1: none. */
  keys_n?: number;
  hud?: string | null;
  score?: number;
  new?: WireObject[];
  changed?: ({ uuid: string } & Record<string, unknown>)[];
  gone?: string[];
  order?: string[];
  image?: { width: number; height: number; kind: string } | null;
}

/** One view, whole. Objects are never changed: what is equal in two views is the same object. */
export interface ShownView {
  readonly n: number;
  readonly episode: number;
  readonly frame: number;
  readonly atMs: number;
  readonly keysN: number;
  readonly hud: string | null;
  readonly score: number;
  /** In drawing order. */
  readonly objects: ReadonlyMap<string, WireObject>;
  /** What was taken out of the picture; the page may have drawn it by itself before the first view. */
  readonly gone: readonly string[];
  /** Of environments that give pixels: then there are no objects. */
  readonly image: { readonly width: number; readonly height: number; readonly kind: string } | null;
}

const NOTHING: ReadonlyMap<string, WireObject> = new Map();

export class ViewState {
  private last: ShownView | null = null;

  /** Take in a view; null when it builds on one that is not here. */
  take(n: number, delta: ViewDelta): ShownView | null {
    const base = delta.base < 0 ? null : this.last;
    if (delta.base >= 0 && delta.base !== base?.n) return null;
    this.last = {
      n,
      episode: delta.episode,
      frame: delta.frame,
      atMs: delta.at_ms,
      keysN: delta.keys_n ?? base?.keysN ?? -1,
      hud: delta.hud === undefined ? (base?.hud ?? null) : delta.hud,
      score: delta.score ?? base?.score ?? 0,
      objects: applied(base?.objects ?? null, delta),
      gone: delta.gone ?? [],
      image: delta.image ?? null,
    };
    return this.last;
  }

  /** What comes next is whole, or cannot be read. */
  forget(): void {
    this.last = null;
  }
}

function applied(before: ReadonlyMap<string, WireObject> | null, delta: ViewDelta): ReadonlyMap<string, WireObject> {
  if (delta.image) return NOTHING;
  const { new: added = [], changed = [], gone = [], order } = delta;
  if (before && added.length + changed.length + gone.length === 0 && !order) return before;
  const objects = new Map(before ?? []);
  for (const uuid of gone) objects.delete(uuid);
  for (const fields of changed) {
    const object = objects.get(fields.uuid);
    if (object) objects.set(fields.uuid, { ...object, ...fields });
  }
  for (const object of added) objects.set(object.uuid, object);
  if (!order) return objects;
  const ordered = new Map<string, WireObject>();
  for (const uuid of order) {
    const object = objects.get(uuid);
    if (object) ordered.set(uuid, object);
  }
  // An order that leaves something out does not take it out of the picture.
  for (const [uuid, object] of objects) if (!ordered.has(uuid)) ordered.set(uuid, object);
  return ordered;
}

/** The JSON of a view's body; null when it is none. */
export function readDelta(body: Uint8Array): ViewDelta | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body));
    if (typeof value !== "object" || value === null) return null;
    const { episode, frame, at_ms, base } = value as Partial<ViewDelta>;
    const numbers = [episode, frame, at_ms, base];
    return numbers.every((number) => typeof number === "number" && Number.isFinite(number)) ? (value as ViewDelta) : null;
  } catch {
    return null;
  }
}
