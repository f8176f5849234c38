import { describe, expect, it } from "vitest";
import { between, moves } from "../../src/server_game/interpolation";
import type { ShownView } from "../../src/server_game/view_state";
import type { WireObject } from "../../src/worker/rpc";

function object(uuid: string, more: Record<string, unknown>): WireObject {
  return { uuid, object_type: "circle", permanent: false, depth: 0, tween: false, tween_duration: null, ...more };
}

function view(objects: WireObject[], more: Partial<ShownView> = {}): ShownView {
  return { n: 0, episode: 0, frame: 0, atMs: 0, keysN: -1, hud: null, score: 0, objects: new Map(objects.map((item) => [item.uuid, item])), gone: [], image: null, ...more };
}

describe("between two views", () => {
  it("what moves is on its way, and everything else is as it was", () => {
    const from = view([object("ball", { x: 0.1, y: 0.5, color: "#111111" }), object("net", { x: 0.5, y: 0.5 })]);
    const to = view([object("ball", { x: 0.2, y: 0.5, color: "#222222" }), object("net", { x: 0.5, y: 0.5 })]);
    const [ball, net] = between(from, to, 0.25);
    expect(ball?.["x"]).toBeCloseTo(0.125);
    expect(ball?.["color"]).toBe("#111111");
    expect(net?.["x"]).toBe(0.5);
    expect(between(from, to, 1)[0]?.["color"]).toBe("#222222");
    expect(between(from, to, 0)[0]?.["x"]).toBe(0.1);
  });

  it("points move one by one, and not where their number changes", () => {
    const from = view([object("line", { points: [[0, 0], [1, 0]] })]);
    const to = view([object("line", { points: [[0, 0.2], [1, 0.1]] })]);
    expect(between(from, to, 0.5)[0]?.["points"]).toEqual([[0, 0.1], [1, 0.05]]);
    const longer = view([object("line", { points: [[0, 0.2], [1, 0.1], [1, 1]] })]);
    expect(between(from, longer, 0.5)[0]?.["points"]).toEqual([[0, 0], [1, 0]]);
  });

  it("an angle takes the shorter way, over its whole turn too", () => {
    const angle = (start: number, end: number): unknown => between(view([object("ship", { angle: start })]), view([object("ship", { angle: end })]), 0.5)[0]?.["angle"];
    expect(angle(350, 10)).toBeCloseTo(360);
    expect(angle(10, 350)).toBeCloseTo(0);
    expect(angle(10, 50)).toBeCloseTo(30);
  });

  it("jumps, other kinds of objects, and what glides by itself stay until the next view is due", () => {
    const x = (from: Record<string, unknown>, to: Record<string, unknown>): unknown => between(view([object("a", from)]), view([object("a", to)]), 0.5)[0]?.["x"];
    expect(x({ x: 0.1, y: 0 }, { x: 0.9, y: 0 })).toBe(0.1);
    expect(x({ x: 0.1 }, { x: 0.2, object_type: "rect" })).toBe(0.1);
    expect(x({ x: 0.1 }, { x: 0.2, tween: true, tween_duration: 100 })).toBe(0.1);
  });

  it("nothing moves from one episode into the next", () => {
    const from = view([object("a", { x: 0.1, y: 0 })]);
    const to = view([object("a", { x: 0.2, y: 0 })], { episode: 1 });
    expect(between(from, to, 0.9)[0]?.["x"]).toBe(0.1);
    expect(moves(from, to)).toBe(false);
  });

  it("what comes and goes does so when the next view is due", () => {
    const from = view([object("old", { x: 0.1, y: 0 })]);
    const to = view([object("new", { x: 0.2, y: 0 })]);
    expect(between(from, to, 0.9).map(({ uuid }) => uuid)).toEqual(["old"]);
    expect(between(from, to, 1).map(({ uuid }) => uuid)).toEqual(["new"]);
  });

  it("objects without a name of their own move only while their number stays", () => {
    const from = view([object("rect~0", { x: 0.1, y: 0 }), object("rect~1", { x: 0.2, y: 0 })]);
    const fewer = view([object("rect~0", { x: 0.2, y: 0 })]);
    expect(between(from, fewer, 0.5).map((item) => item["x"])).toEqual([0.1, 0.2]);
    const same = view([object("rect~0", { x: 0.2, y: 0 }), object("rect~1", { x: 0.2, y: 0 })]);
    expect(between(from, same, 0.5)[0]?.["x"]).toBeCloseTo(0.15);
  });

  it("persistent objects lie behind the others, and the renderer need not keep them", () => {
    const from = view([object("a", {}), object("sky", { permanent: true })]);
    expect(between(from, from, 1).map(({ uuid, permanent }) => [uuid, permanent])).toEqual([["sky", false], ["a", false]]);
  });
});
