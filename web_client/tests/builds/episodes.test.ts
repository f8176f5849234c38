import { describe, expect, it } from "vitest";
import { Episodes, scoreWords } from "../../src/builds/episodes";

describe("the episodes of a build", () => {
  it("are counted from their starts and ends", () => {
    const episodes = new Episodes(2, []);
    expect([episodes.phase, episodes.current, episodes.score]).toEqual(["between", 0, null]);
    expect(episodes.begin()).toBe(0);
    expect(episodes.phase).toBe("playing");
    expect(episodes.end(3)).toBe(0);
    expect([episodes.phase, episodes.current, episodes.score]).toEqual(["between", 1, 3]);
    expect(episodes.begin()).toBe(1);
    expect(episodes.end(null)).toBe(1);
    expect([episodes.phase, episodes.done, episodes.current, episodes.score]).toEqual(["over", 2, 1, 3]);
  });

  it("are no more than the study says, whatever the build does", () => {
    const episodes = new Episodes(1, []);
    episodes.begin();
    episodes.end(1);
    expect([episodes.begin(), episodes.end(5), episodes.done]).toEqual([null, null, 1]);
    expect(new Episodes(1, [1, 2, 3]).done).toBe(1);
  });

  it("that are begun anew are the same episode", () => {
    const episodes = new Episodes(2, [4]);
    expect([episodes.begin(), episodes.begin(), episodes.current]).toEqual([1, 1, 1]);
  });

  it("are worth what the server says", () => {
    const episodes = new Episodes(3, [null, 2]);
    episodes.scored(0, 10);
    episodes.scored(2, 99);
    expect([episodes.score, episodes.allScores]).toEqual([12, [10, 2]]);
  });
});

it("a score is shown without a tail", () => {
  expect([3, 2.5, 0.1 + 0.2, -1].map(scoreWords)).toEqual(["3", "2.5", "0.3", "-1"]);
});
