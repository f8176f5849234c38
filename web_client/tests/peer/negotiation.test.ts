import { describe, expect, it } from "vitest";
import { Negotiation } from "../../src/peer/negotiation";
import { isStale, readSignal } from "../../src/peer/signals";

describe("two offers that meet", () => {
  it("are settled by the polite side, which takes the other's", () => {
    const [polite, impolite] = [new Negotiation(true), new Negotiation(false)];
    expect(polite.incoming("offer", "have-local-offer")).toBe("take");
    expect(impolite.incoming("offer", "have-local-offer")).toBe("ignore");
    expect(impolite.expectsStrayCandidates).toBe(true);
    expect(polite.expectsStrayCandidates).toBe(false);
  });

  it("meet already while our own is being made", () => {
    const impolite = new Negotiation(false);
    impolite.offering(true);
    expect(impolite.incoming("offer", "stable")).toBe("ignore");
    impolite.offering(false);
    expect(impolite.incoming("offer", "stable")).toBe("take");
    expect(impolite.expectsStrayCandidates).toBe(false);
  });

  it("do not meet when the next offer comes while an answer is being set", () => {
    const impolite = new Negotiation(false);
    expect(impolite.incoming("answer", "have-local-offer")).toBe("take");
    expect(impolite.incoming("offer", "have-local-offer")).toBe("take");
    impolite.settled();
    expect(impolite.incoming("offer", "have-local-offer")).toBe("ignore");
  });
});

describe("an answer", () => {
  it("is taken for the offer that is out, and only once", () => {
    const negotiation = new Negotiation(false);
    expect(negotiation.incoming("answer", "have-local-offer")).toBe("take");
    negotiation.settled();
    expect(negotiation.incoming("answer", "stable")).toBe("ignore");
    expect(negotiation.incoming("rollback", "have-local-offer")).toBe("ignore");
  });
});

describe("signals", () => {
  it("are read from what a page may send, and nothing else is", () => {
    expect(readSignal({ description: { type: "offer", sdp: "v=0" } })).toEqual({ kind: "description", description: { type: "offer", sdp: "v=0" } });
    expect(readSignal({ candidate: null })).toEqual({ kind: "candidate", candidate: null });
    expect(readSignal({ candidate: { candidate: "candidate:1", sdpMid: "0" } })).toMatchObject({ kind: "candidate", candidate: { sdpMid: "0" } });
    expect(readSignal({ restart: true })).toEqual({ kind: "restart" });
    for (const nonsense of [{}, { restart: 1 }, { description: null }, { description: { type: "hello" } }, { candidate: 3 }, { candidate: [] }]) {
      expect(readSignal(nonsense), JSON.stringify(nonsense)).toBeNull();
    }
  });

  it("of an earlier round are told by their name fragment", () => {
    const sdp = "v=0\r\na=ice-ufrag:new1\r\na=ice-pwd:x\r\n";
    expect(isStale({ candidate: "c", usernameFragment: "old1" }, sdp)).toBe(true);
    expect(isStale({ candidate: "c", usernameFragment: "new1" }, sdp)).toBe(false);
    expect(isStale({ candidate: "c" }, sdp)).toBe(false);
    expect(isStale({ candidate: "c", usernameFragment: "old1" }, "")).toBe(false);
  });
});
