import { describe, expect, it } from "vitest";
import { Durations } from "../src/monitor/durations";
import { PingStats } from "../src/monitor/ping";

describe("ping", () => {
  it("measures the round trip from the page's own clock", () => {
    const ping = new PingStats();
    ping.sent(1000);
    ping.answered(0, 1012);
    expect([ping.rttMs, ping.rttN]).toEqual([12, 0]);
    expect(ping.jitterMs).toBeNull();
    ping.sent(2000);
    ping.answered(1, 2020);
    expect(ping.jitterMs).toBe(8);
  });

  it("counts probes as lost when they had a second to come back", () => {
    const ping = new PingStats();
    ping.sent(0);
    ping.sent(1000);
    expect(ping.lost(1500)).toBe(1);
    ping.answered(0, 1600);
    expect(ping.lost(1600)).toBe(0);
  });

  it("ignores a second answer and an unknown number", () => {
    const ping = new PingStats();
    ping.sent(0);
    ping.answered(0, 10);
    ping.answered(0, 500);
    ping.answered(99, 500);
    expect(ping.rttMs).toBe(10);
  });

  it("does not count the probes of a lost connection", () => {
    const ping = new PingStats();
    ping.sent(0);
    ping.reset();
    expect(ping.lost(60_000)).toBe(0);
    expect(ping.rttMs).toBeNull();
  });
});

describe("durations", () => {
  it("give their quantiles and begin anew", () => {
    const durations = new Durations();
    for (let n = 1; n <= 100; n++) durations.add(n);
    expect(durations.take()).toEqual({ p50: 51, p95: 96, count: 100 });
    expect(durations.take()).toEqual({ p50: null, p95: null, count: 0 });
  });
});
