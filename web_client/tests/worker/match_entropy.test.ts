import { afterEach, describe, expect, test } from "vitest";
import { MatchEntropy } from "../../src/worker/match_entropy";

const entropy = new MatchEntropy();
afterEach(() => entropy.end());

function draw(low: number, high: number, clockMs: number): unknown[] {
  entropy.begin(low, high, clockMs);
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  const words = crypto.getRandomValues(new Uint32Array(2));
  const drawn = [[...bytes], [...words], Date.now(), performance.now(), performance.now()];
  entropy.end();
  return drawn;
}

describe("clocks and chance of the match", () => {
  test("the same seed gives the same values, another one others", () => {
    expect(draw(1, 2, 5000)).toEqual(draw(1, 2, 5000));
    expect(draw(1, 2, 5000)[0]).not.toEqual(draw(1, 3, 5000)[0]);
    expect(draw(1, 2, 5000)[0]).not.toEqual(draw(2, 2, 5000)[0]);
  });

  test("bytes are spread over all values", () => {
    entropy.begin(7, 9, 0);
    const seen = new Set(crypto.getRandomValues(new Uint8Array(4096)));
    expect(seen.size).toBe(256);
  });

  test("a loop that waits for time to pass comes to an end", () => {
    entropy.begin(1, 1, 0);
    const end = performance.now() + 100;
    let asked = 0;
    while (performance.now() < end) asked += 1;
    expect(asked).toBeLessThan(3000);
  });

  test("afterwards the browser's own are back, also after two beginnings", () => {
    const [dateNow, now] = [Date.now, performance.now];
    entropy.begin(1, 1, 0);
    entropy.begin(2, 2, 0);
    expect(Date.now()).toBeLessThan(1000);
    entropy.end();
    entropy.end();
    expect(Date.now).toBe(dateNow);
    expect(performance.now()).not.toBeUndefined();
    expect(typeof now).toBe("function");
    expect(Date.now()).toBeGreaterThan(1_600_000_000_000);
    expect([...crypto.getRandomValues(new Uint8Array(16))]).not.toEqual([...crypto.getRandomValues(new Uint8Array(16))]);
  });
});
