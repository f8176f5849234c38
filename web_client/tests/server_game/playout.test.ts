import { describe, expect, it } from "vitest";
import { Playout } from "../../src/server_game/playout";

const FRAME = 1000 / 30;

interface View {
  n: number;
  atMs: number;
}

/** Views at 30 Hz that take `delays` to come; what is seen is looked at 60 times a second. */
function played(count: number, delay: (n: number) => number, frames = 1): { at: number; place: number }[] {
  const playout = new Playout<View>(FRAME, frames);
  const coming = Array.from({ length: count }, (_, n) => ({ n, atMs: n * FRAME, comes: 1000 + n * FRAME + delay(n) }));
  for (let n = 1; n < count; n++) {
    const [before, view] = [coming[n - 1], coming[n]];
    if (before && view) view.comes = Math.max(view.comes, before.comes); // one connection: in order
  }
  const seen: { at: number; place: number }[] = [];
  for (let at = 1000; at < 1000 + count * FRAME; at += 1000 / 60) {
    while (coming[0] && coming[0].comes <= at) {
      const { n, atMs, comes } = coming.shift() ?? { n: 0, atMs: 0, comes: 0 };
      playout.add({ n, atMs }, comes);
    }
    const sample = playout.sample(at);
    if (sample) seen.push({ at, place: sample.from.atMs + sample.fraction * ((sample.to?.atMs ?? sample.from.atMs) - sample.from.atMs) });
  }
  return seen;
}

function steps(seen: { place: number }[]): number[] {
  return seen.slice(1).map(({ place }, index) => place - (seen[index]?.place ?? 0));
}

describe("views are shown", () => {
  it("as evenly as they were made, one frame after they come, over an even connection", () => {
    const seen = played(90, () => 50).slice(10);
    for (const step of steps(seen)) expect(step).toBeCloseTo(1000 / 60, 0);
    const last = seen.at(-1);
    expect(last && last.at - 1000 - last.place).toBeCloseTo(50 + FRAME, 0);
  });

  it("evenly over an uneven connection too, at most two frames after the fastest would", () => {
    const jitter = (n: number): number => 50 + [0, 12, 25, 3, 18, 7][n % 6]!;
    const seen = played(200, jitter).slice(90);
    for (const step of steps(seen)) {
      expect(step).toBeGreaterThan(10);
      expect(step).toBeLessThan(24);
    }
    const last = seen.at(-1);
    expect(last && last.at - 1000 - last.place).toBeLessThan(50 + 2 * FRAME + 1);
  });

  it("never before they come, never backwards, and the newest one stays while none comes", () => {
    const stall = (n: number): number => (n >= 40 && n < 60 ? 50 + (60 - n) * FRAME : 50);
    const seen = played(120, stall);
    for (const step of steps(seen)) expect(step).toBeGreaterThanOrEqual(0);
    for (const { at, place } of seen) expect(place).toBeLessThanOrEqual(at - 1050 + 0.001);
    const last = seen.at(-1);
    expect(last && last.at - 1000 - last.place).toBeLessThan(50 + 2 * FRAME + 1);
  });

  it("at once when they come, where nothing is to be on its way between them", () => {
    const last = played(90, () => 50, 0).at(-1);
    expect(last && last.at - 1000 - last.place).toBeLessThan(50 + FRAME);
  });

  it("soon without the delay of a slow beginning", () => {
    const seen = played(90, (n) => (n < 3 ? 300 : 40));
    const late = seen.filter(({ at, place }) => at > 2800 && at - 1000 - place > 45 + 2 * FRAME);
    expect(late).toEqual([]);
  });

  it("and what is left out is counted", () => {
    const playout = new Playout<View>(FRAME, 1);
    for (let n = 0; n < 10; n++) playout.add({ n, atMs: n * FRAME }, 1000);
    playout.sample(1000);
    playout.sample(3000);
    const { received, skipped } = playout.takeCounts();
    expect(received).toBe(10);
    expect(skipped).toBe(8);
    expect(playout.takeCounts().received).toBe(0);
  });

  it("from where the match's clock goes on after the game stood still", () => {
    const playout = new Playout<View>(FRAME, 1);
    let n = 0;
    for (let at = 0; at < 2000; at += FRAME) playout.add({ n: n++, atMs: at }, 1000 + at);
    for (let at = 2000; at < 2500; at += FRAME) {
      playout.add({ n: n++, atMs: at }, 6000 + at);
      playout.sample(6000 + at + 1);
    }
    const shown = playout.sample(8500 + FRAME);
    expect(shown?.from.atMs).toBeGreaterThan(2400);
    expect(playout.delayMs).toBeLessThan(2 * FRAME + 1);
  });
});
