import { describe, expect, test } from "vitest";
import { GIVEN_UP_AFTER_MS, SAID_AFTER_MS, StallWatch } from "../src/game/stall_watch";

/** A watch with time that passes only when a test says so; `answers`: the game's program says something when asked. */
function watched(): { said: string[]; watch: StallWatch; pass(ms: number, answers: boolean): void; sleep(ms: number): void } {
  const said: string[] = [];
  let now = 0;
  let look: (() => void) | null = null;
  let asked = false;
  const watch = new StallWatch(
    {
      ask: () => (asked = true),
      stalled: () => said.push("stalled"),
      goesOn: () => said.push("goes on"),
      gaveUp: () => said.push("gave up"),
    },
    { now: () => now, every: (work) => ((look = work), 1), clear: () => (look = null) },
  );
  const pass = (ms: number, answers: boolean): void => {
    for (const end = now + ms; now < end; ) {
      now += 500;
      look?.();
      if (answers && asked) watch.alive();
      asked = asked && !answers;
    }
  };
  return { said, watch, pass, sleep: (ms) => ((now += ms), look?.()) };
}

describe("watching for a game whose program does not come back", () => {
  test("one that answers is never spoken of", () => {
    const { said, watch, pass } = watched();
    watch.start();
    pass(10 * GIVEN_UP_AFTER_MS, true);
    expect(said).toEqual([]);
  });

  test("a stall is said once, and that it is over", () => {
    const { said, watch, pass } = watched();
    watch.start();
    pass(3 * SAID_AFTER_MS, false);
    expect(said).toEqual(["stalled"]);
    watch.alive();
    pass(1000, true);
    expect(said).toEqual(["stalled", "goes on"]);
  });

  test("one that does not end is given up once", () => {
    const { said, watch, pass } = watched();
    watch.start();
    pass(3 * GIVEN_UP_AFTER_MS, false);
    expect(said).toEqual(["stalled", "gave up"]);
  });

  test("a computer that slept for an hour has not stalled", () => {
    const { said, watch, pass, sleep } = watched();
    watch.start();
    pass(1000, false);
    sleep(3_600_000);
    pass(500, true);
    expect(said).toEqual([]);
  });

  test("what is not watched any more is not spoken of", () => {
    const { said, watch, pass } = watched();
    watch.start();
    pass(1000, false);
    watch.stop();
    pass(3 * GIVEN_UP_AFTER_MS, false);
    expect(said).toEqual([]);
  });
});
