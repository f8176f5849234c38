import { describe, expect, it } from "vitest";
import { mergeChunks } from "../src/game/bytes";
import { overallFraction } from "../src/game/loading";

describe("coming back", () => {
  it("adds the chunks that only the browser has, each once", () => {
    const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);
    const merged = mergeChunks([bytes(1), bytes(2, 3)], [bytes(2, 3), bytes(4)]);
    expect(merged.map((body) => [...body])).toEqual([[1], [2, 3], [4]]);
  });
});

describe("the progress of loading", () => {
  it("goes through the stages without ever going back", () => {
    const steps = ["runtime", "packages", "study", "environment", "replay"].flatMap((stage) => [
      overallFraction(stage, 0),
      overallFraction(stage, 0.5),
      overallFraction(stage, 1),
    ]);
    expect([...steps].sort((a, b) => a - b)).toEqual(steps);
    expect(steps[steps.length - 1]).toBe(1);
    expect(overallFraction("packages", 7)).toBe(overallFraction("packages", 1));
  });
});
