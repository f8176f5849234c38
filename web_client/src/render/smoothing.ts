/**
 * Soft corrections: where a rollback moved an object to another place than the one it was shown at, it glides there
 * instead of jumping. Only the picture does so, the game does not. Pure; time is given (ms), places are in pixels.
 *
 * Each object's next place is foreseen from its last move. What is off by more than an ordinary move of the object was
 * guessed wrongly: the difference is added to the place and shrinks to nothing. So whatever a player's own key changed
 * in this frame shows at once, and what jumps across the picture by the game's rules still jumps.
 */
import type { Shape } from "./shapes";

/** Corrections over more than this share of the larger side are jumps of the game. */
const JUMP_SHARE = 0.25;
/** What is off by more than this share without a correction was moved by the game's rules: not an ordinary move. */
const ORDINARY_SHARE = 0.08;
/** The memory of an object's largest move fades by this factor a frame. */
const FADING = 0.9;

interface Track {
  x: number;
  y: number;
  /** The last move. */
  vx: number;
  vy: number;
  /** Length of the largest move of late. */
  reach: number;
  offset: { dx: number; dy: number; since: number; duration: number } | null;
}

export class Smoothing {
  private readonly tracks = new Map<string, Track>();
  private readonly jump: number;
  private readonly ordinary: number;

  constructor(surface: { width: number; height: number }) {
    const side = Math.max(surface.width, surface.height);
    this.jump = side * JUMP_SHARE;
    this.ordinary = side * ORDINARY_SHARE;
  }

  /** The object's true place in a new frame; `durationMs` is above 0 where a rollback corrected the frame. */
  moved(uuid: string, shape: Shape, now: number, durationMs: number): void {
    const place = placeOf(shape);
    if (!place) return;
    const [x, y] = place;
    const old = this.tracks.get(uuid);
    if (!old) {
      this.tracks.set(uuid, { x, y, vx: 0, vy: 0, reach: 0, offset: null });
      return;
    }
    const [vx, vy] = [x - old.x, y - old.y];
    const wrong = { dx: old.x + old.vx - x, dy: old.y + old.vy - y };
    const size = Math.hypot(wrong.dx, wrong.dy);
    if (durationMs > 0 && size > Math.max(1, old.reach) && size < this.jump) {
      const rest = remaining(old, now);
      const offset = { dx: rest.dx + wrong.dx, dy: rest.dy + wrong.dy, since: now, duration: durationMs };
      this.tracks.set(uuid, { x, y, vx: old.vx, vy: old.vy, reach: old.reach, offset });
      return;
    }
    if (durationMs === 0 && size > this.ordinary) {
      // Set to another place, as at the start of an episode: nothing of that tells how the object moves.
      this.tracks.set(uuid, { x, y, vx: 0, vy: 0, reach: old.reach * FADING, offset: null });
      return;
    }
    const reach = size < this.jump ? Math.max(Math.hypot(vx, vy), old.reach * FADING) : old.reach;
    this.tracks.set(uuid, { x, y, vx, vy, reach, offset: old.offset });
  }

  /** Another episode begins: what moved in the last one is known no more. */
  clear(): void {
    this.tracks.clear();
  }

  forget(uuid: string): void {
    this.tracks.delete(uuid);
  }

  /** The shape where it is to be shown at `now`, and whether it will be shown elsewhere later. */
  shown(uuid: string, shape: Shape, now: number): { shape: Shape; gliding: boolean } {
    const track = this.tracks.get(uuid);
    if (!track?.offset) return { shape, gliding: false };
    const { dx, dy } = remaining(track, now);
    if (dx === 0 && dy === 0) {
      track.offset = null;
      return { shape, gliding: false };
    }
    return { shape: shifted(shape, dx, dy), gliding: true };
  }
}

function remaining({ offset }: Track, now: number): { dx: number; dy: number } {
  if (!offset) return { dx: 0, dy: 0 };
  const left = 1 - Math.max(0, (now - offset.since) / offset.duration);
  return left <= 0 ? { dx: 0, dy: 0 } : { dx: offset.dx * left, dy: offset.dy * left };
}

function placeOf(shape: Shape): readonly [number, number] | null {
  if ("points" in shape) return shape.points[0] ?? null;
  return [shape.x, shape.y];
}

function shifted(shape: Shape, dx: number, dy: number): Shape {
  if ("points" in shape) return { ...shape, points: shape.points.map(([x, y]) => [x + dx, y + dy] as const) };
  return { ...shape, x: shape.x + dx, y: shape.y + dy };
}
