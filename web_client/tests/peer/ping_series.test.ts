import { describe, expect, it } from "vitest";
import { median, PingSeries } from "../../src/peer/ping_series";

/** Runs a series over a way with this round trip, asked every 10 ms; null: the ping or its answer is lost. */
function run(series: PingSeries, tripMs: (number: number) => number | null, untilMs: number): { sentMs: number[]; doneMs: number | null } {
  const answers: [number, number][] = [];
  const sentMs: number[] = [];
  for (let now = 0; now <= untilMs; now += 10) {
    for (const [at, number] of answers.filter(([at]) => at === now)) series.answered(number, at);
    if (series.complete) return { sentMs, doneMs: now };
    const number = series.due(now);
    if (number === null) continue;
    sentMs.push(now);
    const trip = tripMs(number);
    if (trip !== null) answers.push([now + trip, number]);
  }
  return { sentMs, doneMs: null };
}

describe("the middle of some values", () => {
  it("is the middle one, between two their mean, of none nothing", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([7])).toBe(7);
    expect(median([])).toBeNull();
  });

  it("sorts by number, not by digits", () => {
    expect(median([100, 9, 20])).toBe(20);
  });
});

describe("a series of pings", () => {
  it("does not count the first one, which wakes up the way", () => {
    const series = new PingSeries(3);
    run(series, (number) => (number === 0 ? 500 : 30), 5000);
    expect(series.complete).toBe(true);
    expect(series.medianMs).toBe(30);
    expect(series.count).toBe(3);
  });

  it("sends the next ones 50 ms apart, without waiting for answers", () => {
    const { sentMs } = run(new PingSeries(4), () => 200, 5000);
    expect(sentMs).toEqual([0, 200, 250, 300, 350]);
  });

  it("is not moved by one slow answer", () => {
    const series = new PingSeries(5);
    run(series, (number) => (number === 2 ? 900 : 20), 5000);
    expect(series.medianMs).toBe(20);
  });

  it("replaces what is lost", () => {
    const series = new PingSeries(3);
    const { doneMs } = run(series, (number) => (number % 2 === 0 ? 40 : null), 20_000);
    expect(doneMs).not.toBeNull();
    expect(series.medianMs).toBe(40);
  });

  it("counts answers that take longer than a replacement", () => {
    const series = new PingSeries(3);
    run(series, () => 1500, 20_000);
    expect(series.medianMs).toBe(1500);
  });

  it("says nothing of a way on which nothing comes back", () => {
    const series = new PingSeries(5);
    const { sentMs } = run(series, () => null, 5000);
    expect(sentMs.length).toBeGreaterThan(3);
    expect(series.medianMs).toBeNull();
    expect(series.count).toBe(0);
  });

  it("takes each answer once, and none that it did not ask for", () => {
    const series = new PingSeries(2);
    expect(series.due(0)).toBe(0);
    series.answered(0, 10);
    expect(series.due(60)).toBe(1);
    series.answered(1, 80);
    series.answered(1, 90);
    series.answered(77, 90);
    expect(series.count).toBe(1);
  });

  it("needs no timer where each answer asks for the next ping", () => {
    const series = new PingSeries(3);
    let now = 0;
    while (!series.complete) {
      const number = series.due(now, false);
      expect(number).not.toBeNull();
      now += 5;
      series.answered(number ?? -1, now);
    }
    expect(now).toBe(20);
    expect(series.due(now, false)).toBeNull();
  });
});
