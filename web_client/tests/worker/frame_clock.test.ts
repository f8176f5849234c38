import { describe, expect, test } from "vitest";
import { FrameClock, type Timers } from "../../src/worker/frame_clock";

/** Time that passes only when a test says so. */
class HandTimers implements Timers {
  time = 1000;
  private pending: { work: () => void; at: number; id: number }[] = [];
  private ids = 0;

  now(): number {
    return this.time;
  }

  set(work: () => void, ms: number): number {
    const id = ++this.ids;
    this.pending.push({ work, at: this.time + ms, id });
    return id;
  }

  clear(timer: number): void {
    this.pending = this.pending.filter(({ id }) => id !== timer);
  }

  /** Let time pass; timers fire late by `lateMs`. */
  pass(ms: number, lateMs = 0): void {
    const end = this.time + ms;
    for (;;) {
      const next = this.pending.sort((a, b) => a.at - b.at)[0];
      if (!next || next.at + lateMs > end) break;
      this.pending.shift();
      this.time = Math.max(this.time, next.at + lateMs);
      next.work();
    }
    this.time = Math.max(this.time, end);
  }
}

describe("the clock of the game", () => {
  test("late timers do not make it drift", () => {
    const timers = new HandTimers();
    let ticks = 0;
    const clock = new FrameClock(60, () => (ticks++, 0), timers);
    clock.start(0);
    timers.pass(60_000, 3);
    expect(ticks).toBeGreaterThanOrEqual(3599);
    expect(ticks).toBeLessThanOrEqual(3600);
    expect(clock.dropped).toBe(0);
  });

  test("a held clock makes no tick, and goes on as if no time had passed", () => {
    const timers = new HandTimers();
    const at: number[] = [];
    const clock = new FrameClock(10, () => (at.push(timers.time), 0), timers);
    clock.start(0);
    timers.pass(250);
    clock.hold();
    clock.hold();
    timers.pass(60_000);
    clock.release();
    timers.pass(250);
    expect(at.map((time) => time - 1000)).toEqual([100, 200, 60_300, 60_400, 60_500]);
    expect(clock.dropped).toBe(0);
  });

  test("a wait before the first frame stands still while the clock is held, also when it began held", () => {
    const timers = new HandTimers();
    let ticks = 0;
    const clock = new FrameClock(10, () => (ticks++, 0), timers);
    clock.hold();
    clock.start(2000);
    timers.pass(5000);
    clock.release();
    timers.pass(1000);
    clock.hold();
    timers.pass(5000);
    clock.release();
    timers.pass(999);
    expect(ticks).toBe(0);
    timers.pass(1);
    expect(ticks).toBe(1);
  });

  test("a clock that is stopped while it is held stays so", () => {
    const timers = new HandTimers();
    let ticks = 0;
    const clock = new FrameClock(10, () => (ticks++, 0), timers);
    clock.start(0);
    clock.hold();
    clock.stop();
    clock.release();
    timers.pass(1000);
    expect(ticks).toBe(0);
  });

  test("after a hold-up at most three ticks follow at once, and the rest of the time is dropped", () => {
    const timers = new HandTimers();
    const times: number[] = [];
    let slow = true;
    const clock = new FrameClock(10, () => {
      times.push(timers.time);
      if (slow) timers.time += 2000;
      slow = false;
      return 0;
    }, timers);
    clock.start(0);
    timers.pass(100);
    const afterHoldUp = times.filter((time) => time >= 3000).length;
    expect(afterHoldUp).toBeLessThanOrEqual(3);
    expect(clock.dropped).toBe(1);
    const before = times.length;
    timers.pass(1000);
    expect(times.length - before).toBeGreaterThanOrEqual(9);
    expect(times.length - before).toBeLessThanOrEqual(12);
  });

  test("a tick may ask the next one to wait", () => {
    const timers = new HandTimers();
    const times: number[] = [];
    const clock = new FrameClock(10, () => (times.push(timers.time), times.length === 1 ? 500 : 0), timers);
    clock.start(300);
    timers.pass(1000);
    expect(times).toEqual([1300, 1800, 1900, 2000]);
  });

  test("who is ahead of the partners goes slower by the given factor, and back at once", () => {
    const timers = new HandTimers();
    const times: number[] = [];
    const clock: FrameClock = new FrameClock(10, () => {
      times.push(timers.time);
      clock.speed = times.length <= 2 ? 1.01 : 1;
      return 0;
    }, timers);
    clock.start(0);
    timers.pass(500);
    expect(times).toEqual([1100, 1201, 1302, 1402]);
  });

  test("a clock that was stopped starts anew one frame later", () => {
    const timers = new HandTimers();
    const times: number[] = [];
    const clock: FrameClock = new FrameClock(10, () => {
      times.push(timers.time);
      if (times.length === 2) clock.stop();
      return 0;
    }, timers);
    clock.start(0);
    timers.pass(1000);
    clock.start(0);
    timers.pass(250);
    expect(times).toEqual([1100, 1200, 2100, 2200]);
  });

  test("a stopped clock ticks no more, also when it is stopped within a tick", () => {
    const timers = new HandTimers();
    let ticks = 0;
    const clock: FrameClock = new FrameClock(10, () => {
      ticks += 1;
      if (ticks === 2) clock.stop();
      return 0;
    }, timers);
    clock.start(0);
    timers.pass(5000);
    expect(ticks).toBe(2);
  });
});
