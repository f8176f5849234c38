import { describe, expect, it } from "vitest";
import { clockWords, WaitClock } from "../../src/scenes/wait_clock";

describe("the time of a wait", () => {
  it("counts by itself from what the server said", () => {
    const clock = new WaitClock(1000);
    clock.heard(30_000, 120_000, 1000);
    expect(clock.at(1000)).toEqual({ waitedS: 30, leftS: 90, fraction: 0.25 });
    expect(clock.at(16_000)).toEqual({ waitedS: 45, leftS: 75, fraction: 0.375 });
  });

  it("has no end where the study sets none", () => {
    const clock = new WaitClock(0);
    clock.heard(0, null, 0);
    expect(clock.at(5000)).toEqual({ waitedS: 5, leftS: null, fraction: null });
  });

  it("does not jump for a message that was a little longer on its way", () => {
    const clock = new WaitClock(0);
    clock.heard(0, 60_000, 0);
    for (const [at, waited] of [[5000, 4100], [9000, 10_200]] as const) {
      clock.heard(waited, 60_000, at);
      expect(clock.at(at).waitedS).toBe(at / 1000);
    }
  });

  it("takes the server's word after a reload", () => {
    const clock = new WaitClock(400);
    expect(clock.at(400).waitedS).toBe(0);
    clock.heard(47_300, 120_000, 700);
    expect(clock.at(700)).toMatchObject({ waitedS: 47, leftS: 73 });
  });

  it("stays at nothing left when the end is overdue", () => {
    const clock = new WaitClock(0);
    clock.heard(0, 10_000, 0);
    expect(clock.at(14_000)).toEqual({ waitedS: 14, leftS: 0, fraction: 1 });
  });

  it("says when its numbers change next", () => {
    const clock = new WaitClock(250);
    expect(clock.untilNext(250)).toBe(1000);
    expect(clock.untilNext(900)).toBe(350);
    for (let now = 300; now < 5000; now += 77) {
      const next = now + clock.untilNext(now);
      expect(clock.at(next).waitedS).toBe(clock.at(now).waitedS + 1);
      expect(clock.at(next - 1).waitedS).toBe(clock.at(now).waitedS);
    }
  });

  it("changes both numbers at once, whatever the timeout is", () => {
    const clock = new WaitClock(0);
    clock.heard(0, 10_400, 0);
    for (let now = 0; now < 10_000; now += 130) {
      const { waitedS, leftS } = clock.at(now);
      expect(waitedS + (leftS ?? 0)).toBe(11);
    }
  });
});

describe("minutes and seconds", () => {
  it("are written as on a clock", () => {
    expect([0, 9, 75, 600, 3675].map(clockWords)).toEqual(["0:00", "0:09", "1:15", "10:00", "1:01:15"]);
  });
});
