import { describe, expect, it } from "vitest";
import { SceneGraph } from "../src/render/scene_graph";
import type { WireObject } from "../src/worker/rpc";

const size = { width: 600, height: 400 };
const GLIDE_MS = 100;

function ball(x: number): WireObject {
  return { uuid: "ball", object_type: "circle", permanent: false, depth: 0, tween: false, tween_duration: null, x: x / size.width, y: 0.5, radius: 0.02 };
}

/** A picture in which the ball went 5 px a frame of 33 ms, ten times, to x = 150 at t = 330. */
function moving(): SceneGraph {
  const graph = new SceneGraph(size);
  for (let frame = 0; frame <= 10; frame++) graph.apply({ game_state_objects: [ball(100 + 5 * frame)], removed: [] }, 33 * frame);
  return graph;
}

function x(graph: SceneGraph, now: number): number {
  const shape = graph.sample(now).objects[0]?.shape;
  return shape && "x" in shape ? Math.round(shape.x * 10) / 10 : Number.NaN;
}

describe("a correction", () => {
  it("begins where the object was expected and ends, in time, at its true place", () => {
    const graph = moving();
    graph.apply({ game_state_objects: [ball(115)], removed: [] }, 363, GLIDE_MS); // 155 was expected
    expect(x(graph, 363)).toBe(155);
    expect(x(graph, 413)).toBe(135);
    expect(graph.sample(413).gliding).toBe(true);
    expect(x(graph, 463)).toBe(115);
    expect(graph.sample(463).gliding).toBe(false);
  });

  it("goes on shrinking while the object moves on", () => {
    const graph = moving();
    graph.apply({ game_state_objects: [ball(115)], removed: [] }, 363, GLIDE_MS);
    graph.apply({ game_state_objects: [ball(110)], removed: [] }, 413);
    expect(x(graph, 413)).toBe(130);
    expect(x(graph, 470)).toBe(110);
  });

  it("of no more than an ordinary move is none: what the player's own key does shows at once", () => {
    const graph = moving();
    graph.apply({ game_state_objects: [ball(150)], removed: [] }, 363, GLIDE_MS); // stopped
    expect(x(graph, 363)).toBe(150);
  });

  it("across the picture is a jump of the game and stays one", () => {
    const graph = moving();
    graph.apply({ game_state_objects: [ball(550)], removed: [] }, 363, GLIDE_MS);
    expect(x(graph, 363)).toBe(550);
  });

  it("is not softened where the study wants none, or where nothing was corrected", () => {
    for (const corrected of [undefined, 0]) {
      const graph = moving();
      graph.apply({ game_state_objects: [ball(115)], removed: [] }, 363, corrected);
      expect(x(graph, 363)).toBe(115);
    }
  });

  it("of an object that left and came back is forgotten", () => {
    const graph = moving();
    graph.apply({ game_state_objects: [ball(115)], removed: [] }, 363, GLIDE_MS);
    graph.apply({ game_state_objects: [], removed: [] }, 380);
    graph.apply({ game_state_objects: [ball(300)], removed: [] }, 390, GLIDE_MS);
    expect(x(graph, 390)).toBe(300);
  });

  it("glides after the game has set the object to another place, too", () => {
    for (const isNewEpisode of [true, false]) {
      const graph = moving();
      if (isNewEpisode) graph.beginEpisode();
      for (let frame = 11; frame <= 13; frame++) graph.apply({ game_state_objects: [ball(270)], removed: [] }, 33 * frame);
      expect(x(graph, 429)).toBe(270);
      graph.apply({ game_state_objects: [ball(230)], removed: [] }, 462, GLIDE_MS);
      expect(x(graph, 462)).toBe(270);
      expect(x(graph, 512)).toBe(250);
      expect(x(graph, 562)).toBe(230);
    }
  });

  it("in the frame after such a jump does not throw the object beyond its place", () => {
    const graph = moving();
    graph.apply({ game_state_objects: [ball(270)], removed: [] }, 363);
    graph.apply({ game_state_objects: [ball(270)], removed: [] }, 396, GLIDE_MS);
    expect(x(graph, 396)).toBe(270);
  });
});
