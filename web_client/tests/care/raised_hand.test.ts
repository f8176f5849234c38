import { describe, expect, it } from "vitest";
import { MAX_HAND_CHARS, RaisedHand } from "../../src/care/raised_hand";
import type { RaiseHand } from "../../src/protocol/messages";

function storage() {
  const values = new Map<string, string>();
  return {
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => void values.set(key, value),
    removeItem: (key: string) => void values.delete(key),
  };
}

function page(kept: ReturnType<typeof storage> | null = storage()) {
  const sent: RaiseHand[] = [];
  const changes: string[] = [];
  let ids = 0;
  const hand = new RaisedHand(kept, () => `hand-${++ids}`, {
    send: (message) => sent.push(message) > 0,
    changed: (state, news) => void changes.push(news ? `${state}: ${news}` : state),
  });
  return { hand, sent, changes };
}

describe("a raised hand", () => {
  it("is raised until the server knows it, then lowered", () => {
    const { hand, sent, changes } = page();
    hand.welcomed("s p");
    hand.raise("  The screen is dark ");
    expect(sent).toEqual([{ op: "participant.hand", hand_id: "hand-1", text: "The screen is dark", raised: true }]);
    hand.received({ op: "participant.hand_state", hand_id: "hand-1", state: "raised" });
    hand.lower();
    expect(sent.at(-1)).toMatchObject({ hand_id: "hand-1", raised: false });
    hand.received({ op: "participant.hand_state", hand_id: "hand-1", state: "lowered" });
    expect(changes).toEqual(["none", "raising", "raised: Your hand is raised. The experimenter sees it.", "lowering", "none: Your hand is lowered."]);
  });

  it("is said again after a reconnection only while it is not known", () => {
    const { hand, sent } = page();
    hand.welcomed("s p");
    hand.raise("");
    hand.welcomed("s p");
    expect(sent).toHaveLength(2);
    expect(sent[1]).toEqual(sent[0]);
    hand.received({ op: "participant.hand_state", hand_id: "hand-1", state: "raised" });
    hand.welcomed("s p");
    expect(sent).toHaveLength(2);
  });

  it("outlives a reload, and learns what became of it meanwhile", () => {
    const kept = storage();
    const before = page(kept);
    before.hand.welcomed("s p");
    before.hand.raise("help");
    before.hand.received({ op: "participant.hand_state", hand_id: "hand-1", state: "raised" });
    const after = page(kept);
    after.hand.welcomed("s p");
    expect(after.sent).toEqual([{ op: "participant.hand", hand_id: "hand-1", text: "help", raised: true }]);
    after.hand.received({ op: "participant.hand_state", hand_id: "hand-1", state: "answered" });
    expect(after.changes).toEqual(["raising", "none: The experimenter has answered."]);
    const later = page(kept);
    later.hand.welcomed("s p");
    expect(later.sent).toEqual([]);
  });

  it("is nobody else's: another participant of this browser has none", () => {
    const kept = storage();
    const before = page(kept);
    before.hand.welcomed("s p");
    before.hand.raise("help");
    const other = page(kept);
    other.hand.welcomed("s q");
    expect(other.hand.hand).toBe("none");
    expect(other.sent).toEqual([]);
  });

  it("takes no answer to another one, and no word of being raised once it is lowered here", () => {
    const { hand, changes } = page();
    hand.welcomed("s p");
    hand.raise("a");
    hand.received({ op: "participant.hand_state", hand_id: "hand-0", state: "answered" });
    hand.lower();
    hand.received({ op: "participant.hand_state", hand_id: "hand-1", state: "raised" });
    expect(changes).toEqual(["none", "raising", "lowering"]);
  });

  it("that the server does not take is not raised, and one that only the server knows can be lowered", () => {
    const { hand, sent, changes } = page();
    hand.welcomed("s p");
    hand.refused("nothing was said");
    hand.raise("again");
    hand.refused("please wait a moment");
    expect(changes).toEqual(["none", "raising", "none: Your hand could not be raised: please wait a moment."]);
    hand.received({ op: "participant.hand_state", hand_id: "old", state: "lowered" });
    hand.received({ op: "participant.hand_state", hand_id: "other", state: "raised" });
    hand.lower();
    expect(sent.at(-1)).toEqual({ op: "participant.hand", hand_id: "other", text: "", raised: false });
  });

  it("has a text of at most 500 characters", () => {
    const { hand, sent } = page(null);
    hand.welcomed("s p");
    hand.raise("x".repeat(2000));
    expect(sent[0]?.text).toHaveLength(MAX_HAND_CHARS);
  });
});
