import { describe, expect, it } from "vitest";
import { atlasFrames, findFrame } from "../src/render/atlas";
import { SceneGraph } from "../src/render/scene_graph";
import { between, shapeOf, type Shape } from "../src/render/shapes";
import type { WireObject } from "../src/worker/rpc";

const size = { width: 600, height: 400 };

function object(uuid: string, type: WireObject["object_type"], more: Record<string, unknown> = {}): WireObject {
  return { uuid, object_type: type, permanent: false, depth: 0, tween: false, tween_duration: null, ...more };
}

function names(graph: SceneGraph, now = 0): string[] {
  return graph.sample(now).objects.map(({ uuid }) => uuid);
}

describe("shapes", () => {
  it("have their place and size in the game's pixels: x by width, y by height, a radius by the larger", () => {
    expect(shapeOf(object("a", "rect", { x: 0.5, y: 0.5, w: 0.1, h: 0.1, color: "#ff0000", border_radius: 4 }), size)).toMatchObject({
      x: 300, y: 200, w: 60, h: 40, fill: "#ff0000", borderRadius: 4, stroke: null,
    });
    expect(shapeOf(object("a", "circle", { x: 0, y: 1, radius: 0.1 }), size)).toMatchObject({ x: 0, y: 400, radius: 60 });
    expect(shapeOf(object("a", "ellipse", { x: 0, y: 0, rx: 0.1, ry: 0.1 }), size)).toMatchObject({ rx: 60, ry: 40 });
    expect(shapeOf(object("a", "line", { points: [[0, 0], [1, 1]], fill_below: true, color: "#00ff00" }), size)).toMatchObject({
      points: [[0, 0], [600, 400]], fillBelow: "#00ff00", fillAbove: null,
    });
    expect(shapeOf(object("a", "sprite", { x: 0, y: 0, w: null, h: 0.5, image_name: "car", frame: 2, angle: 90 }), size)).toMatchObject({
      w: null, h: 200, image: "car", frame: 2, angle: 90,
    });
  });

  it("without a colour are not filled, and a border radius never exceeds half a side", () => {
    expect(shapeOf(object("a", "circle", { color: null, stroke_color: "#000000" }), size)).toMatchObject({ fill: null, stroke: "#000000" });
    expect(shapeOf(object("a", "rect", { w: 0.1, h: 0.1, border_radius: 500 }), size)).toMatchObject({ borderRadius: 20 });
  });

  it("survive what a study's own function leaves out or gets wrong", () => {
    expect(shapeOf(object("a", "text", { text: 12, x: Number.NaN }), size)).toMatchObject({ text: "12", x: 0, size: 16 });
    expect(shapeOf(object("a", "polygon", { points: "nonsense" }), size)).toMatchObject({ points: [] });
    expect(shapeOf({ ...object("a", "rect"), object_type: "cube" as WireObject["object_type"] }, size)).toBeNull();
  });

  it("glide number by number and point by point", () => {
    const from = shapeOf(object("a", "polygon", { points: [[0, 0], [0, 0]] }), size) as Shape;
    const to = shapeOf(object("a", "polygon", { points: [[1, 1], [0, 1]], color: "#ff0000" }), size) as Shape;
    expect(between(from, to, 0.5)).toMatchObject({ points: [[300, 200], [0, 200]], fill: "#ff0000" });
    expect(between(from, to, 1)).toBe(to);
  });
});

describe("the picture", () => {
  it("keeps persistent objects until they are removed, the others until the next packet", () => {
    const graph = new SceneGraph(size);
    graph.apply({ game_state_objects: [object("hill", "rect", { permanent: true }), object("car", "circle")], removed: [] }, 0);
    expect(names(graph)).toEqual(["hill", "car"]);
    graph.apply({ game_state_objects: [object("flag", "rect")], removed: [] }, 0);
    expect(names(graph)).toEqual(["hill", "flag"]);
    graph.apply({ game_state_objects: [], removed: ["hill", "never-seen"] }, 0);
    expect(names(graph)).toEqual([]);
  });

  it("lies in the order of depth, then of drawing, persistent ones behind", () => {
    const graph = new SceneGraph(size);
    graph.apply({ game_state_objects: [object("a", "circle"), object("hill", "rect", { permanent: true }), object("sun", "circle", { depth: -1 })], removed: [] }, 0);
    expect(names(graph)).toEqual(["sun", "hill", "a"]);
    graph.apply({ game_state_objects: [object("b", "circle"), object("a", "circle"), object("hill", "rect", { permanent: true, w: 1 })], removed: [] }, 0);
    expect(names(graph)).toEqual(["hill", "b", "a"]);
  });

  it("shows an object that is removed and drawn in one packet", () => {
    const graph = new SceneGraph(size);
    graph.apply({ game_state_objects: [object("a", "rect", { permanent: true })], removed: ["a"] }, 0);
    expect(names(graph)).toEqual(["a"]);
  });

  it("lets an object glide from where it is shown, also in the middle of another glide", () => {
    const graph = new SceneGraph(size);
    const at = (x: number): WireObject => object("car", "circle", { x, y: 0, radius: 0.1, tween: true, tween_duration: 100 });
    const x = (now: number): number => (graph.sample(now).objects[0]?.shape as { x: number }).x;
    graph.apply({ game_state_objects: [at(0)], removed: [] }, 0);
    expect(x(0)).toBe(0);
    graph.apply({ game_state_objects: [at(1)], removed: [] }, 1000);
    expect(x(1050)).toBe(300);
    expect(graph.sample(1050).gliding).toBe(true);
    graph.apply({ game_state_objects: [at(0)], removed: [] }, 1050);
    expect(x(1100)).toBe(150);
    expect(x(1150)).toBe(0);
    expect(graph.sample(1150).gliding).toBe(false);
  });
});

describe("a glide", () => {
  it("arrives in time although the object is sent again in every frame", () => {
    const graph = new SceneGraph(size);
    const at = (x: number): WireObject => object("car", "circle", { x, y: 0, radius: 0.1, tween: true, tween_duration: 100 });
    graph.apply({ game_state_objects: [at(0)], removed: [] }, 0);
    for (let now = 0; now <= 100; now += 20) graph.apply({ game_state_objects: [at(1)], removed: [] }, now);
    expect(graph.sample(100).objects[0]?.shape).toMatchObject({ x: 600 });
  });
});

describe("atlases", () => {
  const frame = { frame: { x: 1, y: 2, w: 3, h: 4 }, rotated: false, trimmed: false };

  it("are read in their common forms", () => {
    const wanted = [{ name: "car.png", x: 1, y: 2, w: 3, h: 4, rotated: false, trim: null }];
    expect(atlasFrames({ frames: { "car.png": frame } })).toEqual(wanted);
    expect(atlasFrames({ frames: [{ filename: "car.png", ...frame }] })).toEqual(wanted);
    expect(atlasFrames({ textures: [{ frames: [{ filename: "car.png", ...frame }] }] })).toEqual(wanted);
    expect(atlasFrames("nonsense")).toEqual([]);
  });

  it("give a frame by name, by name without ending, and by number", () => {
    const frames = atlasFrames({ frames: { "a.png": frame, "b.png": frame } });
    expect(findFrame(frames, "b.png")?.name).toBe("b.png");
    expect(findFrame(frames, "b")?.name).toBe("b.png");
    expect(findFrame(frames, 1)?.name).toBe("b.png");
    expect(findFrame(frames, null)?.name).toBe("a.png");
    expect(findFrame(frames, "c")).toBeNull();
  });
});
