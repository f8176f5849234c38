import { describe, expect, it } from "vitest";
import { Allowance, isForMug, isSteering, MAX_CHARS, readMessage } from "../../src/builds/messages";

const read = (message: { mug: string } & Record<string, unknown>): unknown => {
  const found = readMessage(message);
  return typeof found === "string" ? found : found.message;
};

describe("messages of a build", () => {
  it("are objects that name what they are", () => {
    expect(isForMug({ mug: "ready" })).toBe(true);
    for (const other of [null, undefined, "ready", 3, [], { op: "ready" }, { mug: 3 }]) expect(isForMug(other)).toBe(false);
  });

  it("are taken with what may be left out", () => {
    expect(read({ mug: "ready" })).toEqual({ mug: "ready" });
    expect(read({ mug: "episode_start" })).toEqual({ mug: "episode_start", data: {} });
    expect(read({ mug: "episode_end" })).toEqual({ mug: "episode_end", score: null, data: {} });
    expect(read({ mug: "episode_end", score: 2.5, data: { a: 1 } })).toEqual({ mug: "episode_end", score: 2.5, data: { a: 1 } });
    expect(read({ mug: "data", name: "row", values: { x: 1 } })).toEqual({ mug: "data", name: "row", values: { x: 1 } });
    expect(read({ mug: "answer", name: "q" })).toEqual({ mug: "answer", name: "q", value: null });
    expect(read({ mug: "error" })).toEqual({ mug: "error", message: "the build reported an error", traceback: "" });
  });

  it("lose what JSON does not have: a score that is no finite number is none", () => {
    expect(read({ mug: "episode_end", score: NaN })).toEqual({ mug: "episode_end", score: null, data: {} });
    expect(read({ mug: "data", name: "row", values: { f: () => 1, u: undefined, d: new Date(0) } })).toEqual({
      mug: "data",
      name: "row",
      values: { d: "1970-01-01T00:00:00.000Z" },
    });
  });

  it.each([
    [{ mug: "nonsense" }, "no message that this page knows"],
    [{ mug: "data", name: "", values: {} }, "name must be"],
    [{ mug: "data", name: "x".repeat(65), values: {} }, "name must be"],
    [{ mug: "data", name: "row", values: [1] }, "values must be an object"],
    [{ mug: "episode_end", score: "3" }, "score must be a number"],
    [{ mug: "episode_start", data: 3 }, "data must be an object"],
    [{ mug: "allow_continue" }, "allowed must be true or false"],
    [{ mug: "data", name: "row", values: { text: "x".repeat(MAX_CHARS) } }, "at most 8192"],
    [{ mug: "data", name: "row", values: { big: 10n } }, "what JSON cannot"],
  ])("that are wrong are told why: %o", (message, words) => {
    expect(read(message)).toContain(words);
  });

  it("that hold themselves are no error of the page", () => {
    const values: Record<string, unknown> = {};
    values["self"] = values;
    expect(read({ mug: "data", name: "row", values })).toContain("what JSON cannot");
  });

  it("that steer the game are told apart from those that a flood is made of", () => {
    expect(["ready", "episode_start", "episode_end", "continue", "error"].every((mug) => isSteering({ mug }))).toBe(true);
    expect(["data", "answer", "globals", "callback", "nonsense"].some((mug) => isSteering({ mug }))).toBe(false);
  });
});

describe("an allowance", () => {
  it("gives so much at once, and so much a second for good", () => {
    const allowance = new Allowance(3, 2);
    expect([0, 0, 0, 0].map((at) => allowance.take(at))).toEqual([true, true, true, false]);
    expect([400, 500, 600].map((at) => allowance.take(at))).toEqual([false, true, false]);
    expect(allowance.take(60_000, 3)).toBe(true);
    expect(allowance.take(60_000)).toBe(false);
  });

  it("does not grow when the clock goes back", () => {
    const allowance = new Allowance(1, 1);
    expect(allowance.take(1000)).toBe(true);
    expect(allowance.take(0)).toBe(false);
  });
});
