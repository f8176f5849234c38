/** Probes through the server only: what they send and when, without a peer connection. Those are tried in browsers. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Probe } from "../../src/peer/probe";
import type { ProbeDone, ProbePartners, RelayPacket, SendSignal } from "../../src/protocol/messages";

const ASKED: ProbePartners = {
  op: "probe.partners",
  visit_id: "v",
  probe_id: "p-1",
  slots: ["0", "1", "2"],
  own: "1",
  pings: 5,
  timeout_ms: 8000,
  ice_servers: [],
  force_relay: true,
};

interface Sent {
  at: number;
  message: ProbeDone | SendSignal | RelayPacket;
}

describe("a probe through the server", () => {
  let sent: Sent[];
  let probe: Probe;
  /** What each other page does with a ping: ms until its answer, or null. */
  let answersIn: Record<string, number | null>;

  beforeEach(() => {
    vi.useFakeTimers({ now: 0 });
    sent = [];
    answersIn = { "0": 40, "2": 40 };
  });
  afterEach(() => {
    probe.close();
    vi.useRealTimers();
  });

  function begin(): void {
    probe = new Probe(
      ASKED,
      {
        send: (message) => {
          sent.push({ at: Date.now(), message });
          if (message.op !== "peer.relay" || message.body[0] !== 1) return true;
          const ms = answersIn[message.to] ?? null;
          const pong = new Uint8Array([2, message.body[1] ?? 0]);
          if (ms !== null) setTimeout(() => probe.relayed(message.to, pong), ms);
          return true;
        },
        event: () => undefined,
        visible: () => true,
      },
      () => Date.now(),
    );
  }

  const answers = (): Record<string, ProbeDone & { at: number }> =>
    Object.fromEntries(sent.flatMap(({ at, message }) => (message.op === "probe.done" ? [[message.to, { ...message, at }]] : [])));

  it("measures each other page and says so, once", () => {
    answersIn["2"] = 110;
    begin();
    vi.advanceTimersByTime(20_000);
    expect(sent.filter(({ message }) => message.op === "probe.done")).toHaveLength(2);
    expect(answers()["0"]).toMatchObject({ probe_id: "p-1", rtt_ms: 40, path: "relay", pings: 5 });
    expect(answers()["2"]).toMatchObject({ rtt_ms: 110, path: "relay", pings: 5 });
    expect(answers()["2"]?.at).toBeLessThan(1000);
  });

  it("pings only the others of its group", () => {
    begin();
    vi.advanceTimersByTime(2000);
    const to = sent.flatMap(({ message }) => (message.op === "peer.relay" ? [message.to] : []));
    expect([...new Set(to)].sort()).toEqual(["0", "2"]);
  });

  it("says in time that nothing came back", () => {
    answersIn["2"] = null;
    begin();
    vi.advanceTimersByTime(20_000);
    expect(answers()["2"]).toMatchObject({ rtt_ms: null, path: "", pings: 0 });
    expect(answers()["2"]?.at).toBeGreaterThan(7000);
    expect(answers()["2"]?.at).toBeLessThan(8000);
    expect(answers()["0"]?.rtt_ms).toBe(40);
  });

  it("says what it has when the time is over", () => {
    answersIn["0"] = 3700;
    begin();
    vi.advanceTimersByTime(20_000);
    expect(answers()["0"]).toMatchObject({ rtt_ms: 3700, path: "relay" });
    expect(answers()["0"]?.pings).toBeLessThan(5);
    expect(answers()["0"]?.at).toBeLessThan(8000);
  });

  it("answers pings at once, also when its own figures are complete", () => {
    begin();
    vi.advanceTimersByTime(5000);
    sent.length = 0;
    probe.relayed("2", new Uint8Array([1, 77]));
    expect(sent.map(({ message }) => message)).toEqual([
      { op: "peer.relay", match_id: "p-1", to: "2", channel: "game", body: new Uint8Array([2, 77]) },
    ]);
  });

  it("takes nothing that is no ping, and nothing from strangers", () => {
    begin();
    vi.advanceTimersByTime(5000);
    sent.length = 0;
    for (const body of [[], [1], [1, 2, 3], [9, 9]]) probe.relayed("2", new Uint8Array(body));
    probe.relayed("7", new Uint8Array([1, 1]));
    probe.signalled("7", { candidate: null });
    expect(sent).toEqual([]);
  });

  it("falls silent when it is closed, and by itself when the server forgets it", () => {
    answersIn["2"] = null;
    begin();
    vi.advanceTimersByTime(500);
    probe.close();
    sent.length = 0;
    vi.advanceTimersByTime(20_000);
    expect(sent).toEqual([]);
    begin();
    vi.advanceTimersByTime(30_000);
    expect(vi.getTimerCount()).toBe(0);
  });
});
