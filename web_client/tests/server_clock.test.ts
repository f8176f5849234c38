import { describe, expect, it } from "vitest";
import { ServerClock } from "../src/monitor/server_clock";

/** A server whose time is `serverMs`, a page that is `skewMs` ahead of it, and a network with a delay each way. */
function world(skewMs: number) {
  const at = { steady: 1000, server: Date.parse("2026-01-01T12:00:00.000Z") };
  const pass = (ms: number): void => {
    at.steady += ms;
    at.server += ms;
  };
  const iso = (): string => new Date(at.server).toISOString();
  const clock = new ServerClock(
    () => at.steady,
    () => at.server + skewMs,
  );
  const echo = (there: number, back: number): void => {
    const sentAt = at.steady;
    pass(there);
    const serverTime = iso();
    pass(back);
    clock.echoed(sentAt, serverTime);
  };
  return { at, pass, iso, clock, echo, wrongBy: () => clock.now() - at.server };
}

describe("the server's time on a page", () => {
  it("is the page's own until the server was heard, then the welcome's, then the echoes'", () => {
    const { clock, pass, iso, echo, wrongBy } = world(7_200_000);
    expect(wrongBy()).toBe(7_200_000);
    const said = iso();
    pass(40);
    clock.welcomed(said);
    expect(wrongBy()).toBe(-40);
    expect(clock.offsetMs()).toBeNull();
    echo(10, 10);
    expect(wrongBy()).toBe(0);
    expect(clock.offsetMs()).toBe(7_200_000);
  });

  it("follows the shortest round trip, and is never wrong by more than half of it", () => {
    const { echo, pass, wrongBy } = world(0);
    echo(2, 4);
    for (const [there, back] of [[5, 300], [80, 20], [400, 1]] as const) {
      pass(1000);
      echo(there, back);
      expect(Math.abs(wrongBy())).toBeLessThanOrEqual(3);
    }
    echo(1, 1);
    expect(wrongBy()).toBe(0);
  });

  it("does not change when the computer's clock is set", () => {
    const at = { steady: 0, wall: 5_000_000 };
    const clock = new ServerClock(
      () => at.steady,
      () => at.wall,
    );
    clock.echoed(0, "2026-01-01T12:00:00.000Z");
    const before = clock.now();
    at.steady += 10;
    at.wall -= 3_600_000;
    expect(clock.now() - before).toBe(10);
  });

  it("stands still instead of running backwards when an estimate gets better", () => {
    const { clock, echo, pass, wrongBy } = world(0);
    echo(0, 100); // the estimate is 50 ms behind what an even way would give
    pass(10);
    const seen = [clock.now()];
    echo(30, 0);
    for (let second = 0; second < 5; second += 1) {
      seen.push(clock.now());
      pass(10);
    }
    expect([...seen].sort((a, b) => a - b)).toEqual(seen);
    expect(Math.abs(wrongBy())).toBeLessThanOrEqual(15);
  });

  it("forgets what was measured before a sleep, which its steady clock did not count", () => {
    const { at, clock, echo, wrongBy } = world(0);
    echo(1, 1);
    at.server += 3_600_000;
    echo(30, 30);
    expect(Math.abs(wrongBy())).toBeLessThanOrEqual(30);
    expect(clock.count).toBe(1);
  });

  it("is true to half a round trip on any network, and never runs backwards", () => {
    let state = 7;
    const random = (): number => (state = (state * 48271) % 2147483647) / 2147483647;
    for (let round = 0; round < 50; round += 1) {
      const { clock, iso, pass, echo, wrongBy } = world((random() - 0.5) * 1e9);
      clock.welcomed(iso());
      let best = Infinity;
      let last = -Infinity;
      for (let second = 0; second < 50; second += 1) {
        const [there, back] = [1 + Math.floor(random() ** 4 * 400), 1 + Math.floor(random() ** 4 * 400)];
        echo(there, back);
        best = Math.min(best, there + back);
        const now = clock.now();
        expect(now).toBeGreaterThanOrEqual(last);
        last = now;
        pass(1000);
        expect(Math.abs(wrongBy())).toBeLessThanOrEqual(best / 2);
        last = clock.now();
      }
    }
  });

  it("takes nothing from an answer that makes no sense", () => {
    const { clock } = world(0);
    clock.echoed(0, "never");
    clock.echoed(9_999_999, "2026-01-01T12:00:00.000Z");
    clock.welcomed("");
    expect(clock.offsetMs()).toBeNull();
  });
});
