/**
 * What is in the picture now: persistent objects until they are removed, the others until the next packet. Pure; time is
 * given (ms).
 *
 * Order: by depth; at the same depth persistent objects lie behind, in the order in which they first came, and the
 * others follow in the order in which they were drawn. So the picture is the same whether or not a persistent object
 * was sent again.
 */
import type { RenderPacketWire } from "../worker/rpc";
import { between, shapeOf, type Shape, type SurfaceSize } from "./shapes";
import { Smoothing } from "./smoothing";

export interface Node {
  readonly uuid: string;
  permanent: boolean;
  depth: number;
  order: number;
  shape: Shape;
  /** Where the object glides from, since when and how long (ms). */
  glide: { from: Shape; since: number; duration: number } | null;
}

export class SceneGraph {
  private readonly nodes = new Map<string, Node>();
  private readonly smoothing: Smoothing;
  private arrivals = 0;
  /** Objects that could not be understood. */
  readonly unknown = new Set<string>();

  constructor(private readonly size: SurfaceSize) {
    this.smoothing = new Smoothing(size);
  }

  /** `correctionMs`: how long objects take to their places where a rollback corrected the picture; 0: it did not. */
  apply(packet: RenderPacketWire, now: number, correctionMs = 0): void {
    for (const uuid of packet.removed) this.remove(uuid);
    const sent = new Set(packet.game_state_objects.map((object) => object.uuid));
    for (const [uuid, node] of this.nodes) if (!node.permanent && !sent.has(uuid)) this.remove(uuid);
    packet.game_state_objects.forEach((object, index) => {
      const shape = shapeOf(object, this.size);
      if (!shape) {
        this.unknown.add(object.object_type);
        return;
      }
      const old = this.nodes.get(object.uuid);
      const duration = object.tween && typeof object.tween_duration === "number" ? object.tween_duration : 0;
      const keepsPlace = old?.permanent && object.permanent;
      const node: Node = {
        uuid: object.uuid,
        permanent: object.permanent,
        depth: object.depth,
        order: keepsPlace ? old.order : object.permanent ? this.arrivals++ : index,
        shape,
        glide: old && duration > 0 ? this.glide(old, shape, now, duration) : null,
      };
      this.nodes.set(object.uuid, node);
      this.smoothing.moved(object.uuid, shape, now, duration > 0 ? 0 : correctionMs);
    });
  }

  /** The next picture is the first of an episode: nothing in it is a correction of the last one's. */
  beginEpisode(): void {
    this.smoothing.clear();
  }

  /** All objects from back to front, as they are shown at `now`; `gliding`: the picture changes by itself. */
  sample(now: number): { objects: { uuid: string; shape: Shape }[]; gliding: boolean } {
    let gliding = false;
    const sorted = [...this.nodes.values()].sort(
      (a, b) => a.depth - b.depth || Number(b.permanent) - Number(a.permanent) || a.order - b.order,
    );
    const objects = sorted.map((node) => {
      const soft = this.smoothing.shown(node.uuid, this.shown(node, now), now);
      if (node.glide || soft.gliding) gliding = true;
      return { uuid: node.uuid, shape: soft.shape };
    });
    return { objects, gliding };
  }

  private remove(uuid: string): void {
    this.nodes.delete(uuid);
    this.smoothing.forget(uuid);
  }

  /** An object that is sent again on its way to the same place goes on gliding; a new place begins a new glide. */
  private glide(old: Node, shape: Shape, now: number, duration: number): Node["glide"] {
    if (old.shape.type !== shape.type) return null;
    if (JSON.stringify(old.shape) === JSON.stringify(shape)) return old.glide;
    return { from: this.shown(old, now), since: now, duration };
  }

  private shown(node: Node, now: number): Shape {
    if (!node.glide) return node.shape;
    const fraction = (now - node.glide.since) / node.glide.duration;
    if (fraction < 1) return between(node.glide.from, node.shape, Math.max(0, fraction));
    node.glide = null;
    return node.shape;
  }
}
