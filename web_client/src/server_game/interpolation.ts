/**
 * The picture between two views: what is in both is on its way from its place in the one to its place in the other. Only
 * the picture does so, the game does not. Pure.
 *
 * All else changes when the second view is due: colours, texts, pictures, what comes and what goes. What jumps jumps,
 * and what the study lets glide by itself (`tween_duration`) is left to that.
 */
import type { WireObject } from "../worker/rpc";
import type { ShownView } from "./view_state";

/** A way longer than this share of the picture is a jump of the game. */
const JUMP = 0.25;
/** Fractions of the picture's size. */
const PLACES = ["x", "y", "w", "h", "radius", "rx", "ry", "x1", "y1", "x2", "y2"] as const;
/** With a whole turn of each: an angle takes the shorter way. */
const ANGLES: readonly (readonly [string, number])[] = [
  ["angle", 360],
  ["start_angle", 2 * Math.PI],
  ["end_angle", 2 * Math.PI],
];
/** Names by number, given to what a study draws without one: another count, and they mean something else. */
const NUMBERED = /^(object-|[a-z]+~)\d+$/;

/** What lies in the picture at `fraction` (0 to 1) of the way, from back to front. */
export function between(from: ShownView, to: ShownView, fraction: number): WireObject[] {
  if (fraction >= 1 || from.episode !== to.episode) return drawn(fraction >= 1 ? to.objects.values() : from.objects.values());
  const sameNames = from.objects.size === to.objects.size && [...from.objects.keys()].every((uuid) => to.objects.has(uuid));
  const objects: WireObject[] = [];
  for (const [uuid, object] of from.objects) {
    const next = to.objects.get(uuid);
    const moves = next && next !== object && (sameNames || !NUMBERED.test(uuid));
    objects.push(moves ? mixed(object, next, fraction) : object);
  }
  return drawn(objects);
}

/** Whether anything moves on the way from one view to the other. */
export function moves(from: ShownView, to: ShownView): boolean {
  if (from.episode !== to.episode || from.objects === to.objects) return false;
  for (const [uuid, object] of from.objects) {
    const next = to.objects.get(uuid);
    if (next && next !== object) return true;
  }
  return false;
}

/**
 * A view holds all that is in the picture, in order, persistent objects behind the others: so none needs to be kept by
 * the renderer.
 */
function drawn(objects: Iterable<WireObject>): WireObject[] {
  const persistent: WireObject[] = [];
  const others: WireObject[] = [];
  for (const object of objects) {
    if (object.permanent) persistent.push({ ...object, permanent: false });
    else others.push(object);
  }
  return persistent.length > 0 ? [...persistent, ...others] : others;
}

function mixed(from: WireObject, to: WireObject, fraction: number): WireObject {
  if (to.tween || from.tween || from.object_type !== to.object_type || jumps(from, to)) return from;
  const object: WireObject = { ...from };
  for (const name of PLACES) {
    const [start, end] = [from[name], to[name]];
    if (isNumber(start) && isNumber(end)) object[name] = start + (end - start) * fraction;
  }
  for (const [name, turn] of ANGLES) {
    const [start, end] = [from[name], to[name]];
    if (isNumber(start) && isNumber(end)) object[name] = start + shorter(end - start, turn) * fraction;
  }
  const [starts, ends] = [pointsOf(from), pointsOf(to)];
  if (starts && ends && starts.length === ends.length) {
    object["points"] = ends.map(([x, y], index) => {
      const [fromX, fromY] = starts[index] ?? [x, y];
      return [fromX + (x - fromX) * fraction, fromY + (y - fromY) * fraction];
    });
  }
  return object;
}

function jumps(from: WireObject, to: WireObject): boolean {
  const [start, end] = [placeOf(from), placeOf(to)];
  return start !== null && end !== null && Math.max(Math.abs(end[0] - start[0]), Math.abs(end[1] - start[1])) > JUMP;
}

function placeOf(object: WireObject): readonly [number, number] | null {
  const points = pointsOf(object);
  if (points) return points[0] ?? null;
  const { x, y } = object as { x?: unknown; y?: unknown };
  return isNumber(x) && isNumber(y) ? [x, y] : null;
}

function pointsOf(object: WireObject): (readonly [number, number])[] | null {
  const { points } = object as { points?: unknown };
  return Array.isArray(points) ? (points as [number, number][]) : null;
}

function shorter(difference: number, turn: number): number {
  return difference - turn * Math.round(difference / turn);
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
