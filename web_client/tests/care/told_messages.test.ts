import { describe, expect, it } from "vitest";
import { ToldMessages } from "../../src/care/told_messages";
import type { Told } from "../../src/protocol/messages";

class MemoryStorage {
  readonly values = new Map<string, string>();
  getItem(key: string): string | null {
    return this.values.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.values.set(key, value);
  }
  removeItem(key: string): void {
    this.values.delete(key);
  }
}

function told(id: string): Told {
  return { op: "participant.told", action_id: id, text: `text of ${id}`, hand_id: "" };
}

function page(storage: MemoryStorage | null = new MemoryStorage()) {
  const answers: string[] = [];
  const shown: (string | null)[] = [];
  const messages = new ToldMessages(storage, {
    send: ({ action_id, state }) => answers.push(`${action_id} ${state}`) > 0,
    show: (message, waiting) => void shown.push(message && `${message.action_id}+${waiting}`),
  });
  return { messages, answers, shown };
}

describe("messages of the experimenter", () => {
  it("are shown one after the other, and answered when they are shown and when they are put away", () => {
    const { messages, answers, shown } = page();
    for (const id of ["a", "b", "c"]) messages.received(told(id));
    expect(shown).toEqual(["a+0", "a+1", "a+2"]);
    expect(answers).toEqual(["a shown"]);
    messages.putAway();
    messages.putAway();
    messages.putAway();
    expect(shown.slice(3)).toEqual(["b+1", "c+0", null]);
    expect(answers).toEqual(["a shown", "a read", "b shown", "b read", "c shown", "c read"]);
  });

  it("come again after a reconnection: shown once, answered again", () => {
    const { messages, answers, shown } = page();
    messages.received(told("a"));
    messages.received(told("b"));
    messages.received(told("a"));
    messages.received(told("b"));
    expect(shown).toEqual(["a+0", "a+1"]);
    expect(answers).toEqual(["a shown", "a shown"]);
  });

  it("that were put away before a reload are not shown again", () => {
    const storage = new MemoryStorage();
    const before = page(storage);
    before.messages.received(told("a"));
    before.messages.putAway();
    const after = page(storage);
    after.messages.received(told("a"));
    after.messages.received(told("b"));
    expect(after.answers).toEqual(["a read", "b shown"]);
    expect(after.shown).toEqual(["b+0"]);
  });

  it("need no storage, and putting away nothing does nothing", () => {
    const { messages, answers } = page(null);
    messages.putAway();
    messages.received(told("a"));
    messages.putAway();
    expect(answers).toEqual(["a shown", "a read"]);
  });
});
