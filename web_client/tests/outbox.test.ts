import { describe, expect, it } from "vitest";
import { Outbox } from "../src/outbox/outbox";
import { MemoryStore, type Draft } from "../src/outbox/store";
import type { PutChunk } from "../src/protocol/messages";
import type { Chunk } from "../src/outbox/ledger";

/** A store that holds what an earlier life of the page left. */
class LeftBehind extends MemoryStore {
  constructor(
    private readonly chunks: Chunk[],
    private readonly drafts: Draft[],
  ) {
    super();
  }
  override load(): Promise<{ chunks: Chunk[]; drafts: Draft[] }> {
    return Promise.resolve({ chunks: this.chunks, drafts: this.drafts });
  }
}

async function reopened(store: MemoryStore): Promise<{ outbox: Outbox; sent: PutChunk[]; texts(): string[] }> {
  const sent: PutChunk[] = [];
  const outbox = await Outbox.load(store, {
    send: (message) => sent.push(message) > 0,
    storageFailed: (reason) => {
      throw new Error(reason);
    },
    changed: () => undefined,
  });
  return { outbox, sent, texts: () => sent.map(({ stream, seq, body }) => `${stream}${seq} ${new TextDecoder().decode(body).trim()}`) };
}

describe("the outbox", () => {
  const draft: Draft = { visitId: "v", stream: "event", seq: 3, rows: ['{"name":"focus"}'] };

  it("sends the rows that an earlier life of the page left behind", async () => {
    const { outbox, texts } = await reopened(new LeftBehind([], [draft]));
    outbox.openVisit("v", { event: 3 });
    expect(texts()).toEqual(['event3 {"name":"focus"}']);
  });

  it("does not send them twice when the server has their chunk", async () => {
    const { outbox, texts } = await reopened(new LeftBehind([], [draft]));
    outbox.openVisit("v", { event: 4 });
    outbox.addRow("v", "form", { question_id: "q" });
    outbox.flush();
    expect(texts()).toEqual(['form0 {"question_id":"q"}']);
  });

  it("takes rows again for a visit that the server did not let go, behind those that it has", async () => {
    const { outbox, texts } = await reopened(new MemoryStore());
    outbox.openVisit("v", {});
    outbox.addRow("v", "form", { submission: 1 });
    const first = outbox.closeVisit("v");
    outbox.acknowledged("v", "form", 1);
    expect(await first).toEqual({ form: 1 });
    outbox.reopenVisit("v");
    outbox.addRow("v", "form", { submission: 2 });
    const second = outbox.closeVisit("v");
    outbox.acknowledged("v", "form", 2);
    expect(await second).toEqual({ form: 2 });
    expect(texts()).toEqual(['form0 {"submission":1}', 'form1 {"submission":2}']);
  });

  it("closes a visit only when the server has everything, and takes no more rows for it", async () => {
    const { outbox, sent } = await reopened(new MemoryStore());
    outbox.openVisit("v", {});
    outbox.addRow("v", "event", { name: "continue" });
    outbox.addChunk("v", "frames", new Uint8Array([1]), { first: 0 });
    let counts: Record<string, number> | null = null;
    const closed = outbox.closeVisit("v").then((value) => (counts = value));
    outbox.addRow("v", "event", { name: "too late" });
    expect(sent.map(({ stream, seq }) => `${stream}${seq}`)).toEqual(["frames0", "event0"]);
    outbox.acknowledged("v", "frames", 1);
    await Promise.resolve();
    expect(counts).toBeNull();
    outbox.acknowledged("v", "event", 1);
    await closed;
    expect(counts).toEqual({ frames: 1, event: 1 });
    expect(outbox.unacked()).toBe(0);
  });
});
