import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readDelta, ViewState, type ViewDelta } from "../../src/server_game/view_state";
import type { WireObject } from "../../src/worker/rpc";

interface Vector {
  n: number;
  body: string;
  shown: { episode: number; frame: number; hud: string | null; score: number; objects: WireObject[] };
}

const vectors = JSON.parse(readFileSync(new URL("../../../tests/vectors/server_views.json", import.meta.url), "utf8")) as Vector[];
const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));

function object(uuid: string, more: Record<string, unknown> = {}): WireObject {
  return { uuid, object_type: "rect", permanent: false, depth: 0, tween: false, tween_duration: null, ...more };
}

const whole: ViewDelta = { episode: 0, frame: 0, at_ms: 0, base: -1, keys_n: -1, hud: "Go", score: 0 };

describe("views of the server", () => {
  it("come out as the server made them, from the golden views", () => {
    const state = new ViewState();
    for (const { n, body, shown } of vectors) {
      const delta = readDelta(bytes(body));
      const view = delta && state.take(n, delta);
      expect(view).not.toBeNull();
      expect({ episode: view?.episode, frame: view?.frame, hud: view?.hud, score: view?.score }).toEqual({
        episode: shown.episode,
        frame: shown.frame,
        hud: shown.hud,
        score: shown.score,
      });
      expect([...(view?.objects.values() ?? [])]).toEqual(shown.objects);
    }
  });

  it("are ignored where the view before is missing, and go on from the next whole one", () => {
    const state = new ViewState();
    expect(state.take(3, { ...whole, base: 2 })).toBeNull();
    expect(state.take(0, { ...whole, new: [object("a")] })).not.toBeNull();
    expect(state.take(2, { ...whole, base: 1, gone: ["a"] })).toBeNull();
    const next = state.take(1, { episode: 0, frame: 1, at_ms: 33, base: 0, changed: [{ uuid: "a", x: 0.5 }] });
    expect(next?.objects.get("a")?.["x"]).toBe(0.5);
    expect(next?.hud).toBe("Go");
    state.forget();
    expect(state.take(2, { ...whole, base: 1 })).toBeNull();
  });

  it("leave what was shown before as it was", () => {
    const state = new ViewState();
    const first = state.take(0, { ...whole, new: [object("a", { x: 0.1 }), object("b")] });
    const second = state.take(1, { ...whole, base: 0, changed: [{ uuid: "a", x: 0.9 }], gone: ["b"] });
    expect(first?.objects.get("a")?.["x"]).toBe(0.1);
    expect(first?.objects.has("b")).toBe(true);
    expect(second?.objects.get("a")?.["x"]).toBe(0.9);
    expect([...(second?.objects.keys() ?? [])]).toEqual(["a"]);
  });

  it("have the same objects, not copies, where nothing of them changed", () => {
    const state = new ViewState();
    const first = state.take(0, { ...whole, new: [object("a"), object("b")] });
    const second = state.take(1, { ...whole, base: 0, frame: 1 });
    const third = state.take(2, { ...whole, base: 1, changed: [{ uuid: "a", x: 1 }] });
    expect(second?.objects).toBe(first?.objects);
    expect(third?.objects.get("b")).toBe(first?.objects.get("b"));
  });

  it("follow any way of changes, whatever is told as a difference", () => {
    for (let seed = 1; seed <= 50; seed++) {
      const random = generator(seed);
      const state = new ViewState();
      let before = new Map<string, WireObject>();
      for (let n = 0; n < 30; n++) {
        const wanted = scene(random);
        const delta = n === 0 || random() < 0.05 ? { ...whole, new: [...wanted.values()] } : difference(before, wanted, n - 1);
        const view = state.take(n, delta);
        expect([...(view?.objects.values() ?? [])]).toEqual([...wanted.values()]);
        before = wanted;
      }
    }
  });

  it("with broken bodies are none", () => {
    for (const body of ["", "{", "[]", "null", '{"episode": 0}', '{"episode":0,"frame":"1","at_ms":0,"base":-1}']) expect(readDelta(bytes(body))).toBeNull();
    expect(readDelta(bytes(whole))).toEqual(whole);
  });
});

/** Random numbers that are the same in every run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function scene(random: () => number): Map<string, WireObject> {
  const names = ["a", "b", "c", "d", "e", "f"].filter(() => random() < 0.6).sort(() => random() - 0.5);
  return new Map(names.map((name) => [name, object(name, { x: Math.round(random() * 3), color: random() < 0.5 ? "#000000" : null })]));
}

function difference(before: Map<string, WireObject>, wanted: Map<string, WireObject>, base: number): ViewDelta {
  const added = [...wanted.values()].filter(({ uuid }) => !before.has(uuid));
  const gone = [...before.keys()].filter((uuid) => !wanted.has(uuid));
  const changed = [...wanted.values()].flatMap((now) => {
    const old = before.get(now.uuid);
    const fields = old ? Object.entries(now).filter(([name, value]) => old[name] !== value) : [];
    return fields.length > 0 ? [{ uuid: now.uuid, ...Object.fromEntries(fields) }] : [];
  });
  const follows = [...[...before.keys()].filter((uuid) => wanted.has(uuid)), ...added.map(({ uuid }) => uuid)];
  const order = [...wanted.keys()];
  return { ...whole, base, new: added, gone, changed, ...(follows.join() === order.join() ? {} : { order }) };
}
