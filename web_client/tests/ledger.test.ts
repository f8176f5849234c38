import { describe, expect, it } from "vitest";
import { Ledger } from "../src/outbox/ledger";

const body = (n: number): Uint8Array => new Uint8Array([n]);
const sent = (ledger: Ledger, window = 16): string[] => ledger.takeToSend("v", window).map(({ stream, seq }) => `${stream}${seq}`);

describe("the ledger of chunks", () => {
  it("numbers each stream from 0 and sends in order, each once", () => {
    const ledger = new Ledger();
    ledger.add("v", "event", body(0), {});
    ledger.add("v", "frames", body(1), {});
    ledger.add("v", "event", body(2), {});
    expect(sent(ledger)).toEqual(["event0", "event1", "frames0"]);
    expect(sent(ledger)).toEqual([]);
    expect(ledger.counts("v")).toEqual({ event: 2, frames: 1 });
  });

  it("keeps no more than the window on the way", () => {
    const ledger = new Ledger();
    for (let n = 0; n < 5; n++) ledger.add("v", "frames", body(n), {});
    expect(sent(ledger, 2)).toEqual(["frames0", "frames1"]);
    expect(sent(ledger, 2)).toEqual([]);
    expect(ledger.ack("v", "frames", 1).map((chunk) => chunk.seq)).toEqual([0]);
    expect(sent(ledger, 2)).toEqual(["frames2"]);
    expect(ledger.unacked("v")).toBe(4);
  });

  it("sends again from what the server expects after a reconnection", () => {
    const ledger = new Ledger();
    for (let n = 0; n < 4; n++) ledger.add("v", "frames", body(n), {});
    sent(ledger);
    const { dropped } = ledger.open("v", { frames: 2 });
    expect(dropped.map((chunk) => chunk.seq)).toEqual([0, 1]);
    expect(sent(ledger)).toEqual(["frames2", "frames3"]);
  });

  it("goes on with the numbers after a reload, from the server's or its own, whichever is further", () => {
    const fresh = new Ledger();
    fresh.open("v", { event: 7 });
    expect(fresh.add("v", "event", body(0), {}).seq).toBe(7);

    const restored = new Ledger();
    restored.restore({ visitId: "v", stream: "event", seq: 7, body: body(7), meta: {} });
    restored.restore({ visitId: "v", stream: "event", seq: 8, body: body(8), meta: {} });
    restored.open("v", { event: 7 });
    expect(restored.add("v", "event", body(9), {}).seq).toBe(9);
    expect(sent(restored)).toEqual(["event7", "event8", "event9"]);
  });

  it("renumbers what is left when earlier chunks were lost with the storage", () => {
    const ledger = new Ledger();
    ledger.restore({ visitId: "v", stream: "frames", seq: 5, body: body(5), meta: {} });
    ledger.restore({ visitId: "v", stream: "frames", seq: 6, body: body(6), meta: {} });
    const { renumbered } = ledger.open("v", { frames: 3 });
    expect(renumbered.map(({ from, chunk }) => [from, chunk.seq])).toEqual([[5, 3], [6, 4]]);
    expect(ledger.add("v", "frames", body(7), {}).seq).toBe(5);
  });

  it("counts what earlier lives of the page have sent", () => {
    const ledger = new Ledger();
    ledger.open("v", { event: 3, telemetry: 2 });
    ledger.add("v", "event", body(0), {});
    expect(ledger.counts("v")).toEqual({ event: 4, telemetry: 2 });
  });

  it("sends a stream again when an acknowledgement says nothing new", () => {
    const ledger = new Ledger();
    ledger.add("v", "frames", body(0), {});
    sent(ledger);
    ledger.resend("v", "frames");
    expect(sent(ledger)).toEqual(["frames0"]);
  });
});
