/**
 * Everything that a participant produces leaves through here: numbered, kept in the browser until the server has
 * committed it to disk, sent again after a reload, a reconnection or a restart of the server.
 */
import type { PutChunk } from "../protocol/messages";
import type { TailRecord } from "../worker/rpc";
import { Ledger, type Chunk } from "./ledger";
import { MemoryStore, type OutboxStore } from "./store";

/** Unacknowledged chunks on the way at one time. */
const WINDOW = 16;
/** Without an acknowledgement for this long, what is held goes up again. */
const RESEND_AFTER_MS = 8000;
const SEND_AGAIN_MS = 2000;
/** Rows of a stream become a chunk when there are this many, or after this time. */
const CUT = {
  event: { rows: 200, afterMs: 1000 },
  telemetry: { rows: 20, afterMs: 6000 },
  form: { rows: 100, afterMs: 200 },
} as const;

export type RowStream = keyof typeof CUT;

export interface OutboxPort {
  /** True when the message went out (the connection stands and the participant is welcome). */
  send(message: PutChunk): boolean;
  storageFailed(reason: string): void;
  /** The number of unacknowledged chunks changed. */
  changed(): void;
}

interface OpenDraft {
  seq: number;
  rows: string[];
  timer: ReturnType<typeof setTimeout> | null;
}

export class Outbox {
  private readonly ledger = new Ledger();
  private readonly drafts = new Map<string, OpenDraft>();
  private readonly open = new Set<string>();
  private readonly closed = new Set<string>();
  private settledWaiters: (() => void)[] = [];
  private resendTimer: ReturnType<typeof setTimeout> | null = null;
  private tailWrite: { busy: boolean; waiting: TailRecord | null } = { busy: false, waiting: null };
  private readonly sentAgainAt = new Map<string, number>();
  private failed = false;

  private constructor(
    private store: OutboxStore,
    private readonly port: OutboxPort,
  ) {}

  static async load(store: OutboxStore, port: OutboxPort): Promise<Outbox> {
    const outbox = new Outbox(store, port);
    try {
      const { chunks, drafts } = await store.load();
      for (const chunk of chunks) outbox.ledger.restore(chunk);
      for (const draft of drafts) {
        outbox.drafts.set(draftKey(draft.visitId, draft.stream), { seq: draft.seq, rows: draft.rows, timer: null });
      }
    } catch (error) {
      outbox.storeFailed(error);
    }
    return outbox;
  }

  /** The server shows this visit and says what it has of it. */
  openVisit(visitId: string, expected: Readonly<Record<string, number>>): void {
    const { dropped, renumbered } = this.ledger.open(visitId, expected);
    if (renumbered.length > 0) this.keep(this.store.renumber(renumbered));
    if (dropped.length > 0) this.keep(this.store.dropChunks(dropped));
    if (!this.open.has(visitId)) this.takeUpDrafts(visitId, expected);
    this.open.add(visitId);
    // Chunks of an earlier visit of this session: the server moved on only because it had them; offer them once more.
    for (const earlier of this.ledger.visits()) if (this.ledger.unacked(earlier) > 0) this.open.add(earlier);
    this.ledger.resendAll();
    this.pump();
    this.checkSettled();
  }

  /** Add one row to a stream of JSON lines. Rows of a visit that is over are not taken. */
  addRow(visitId: string, stream: RowStream, row: Record<string, unknown>): void {
    if (this.closed.has(visitId)) return;
    const key = draftKey(visitId, stream);
    let draft = this.drafts.get(key);
    if (!draft) this.drafts.set(key, (draft = { seq: this.ledger.nextSeq(visitId, stream), rows: [], timer: null }));
    draft.rows.push(JSON.stringify(row));
    if (draft.rows.length >= CUT[stream].rows) {
      this.cut(visitId, stream);
      return;
    }
    this.keep(this.store.putDraft({ visitId, stream, seq: draft.seq, rows: draft.rows }));
    draft.timer ??= setTimeout(() => this.cut(visitId, stream), CUT[stream].afterMs);
  }

  /** Add one finished chunk (what the worker made). */
  addChunk(visitId: string, stream: string, body: Uint8Array, meta: Record<string, unknown>): void {
    if (stream in CUT) this.cut(visitId, stream);
    this.take(this.ledger.add(visitId, stream, body, meta), false);
  }

  acknowledged(visitId: string, stream: string, nextSeq: number): void {
    const repeated = nextSeq <= this.ledger.acked(visitId, stream);
    const done = this.ledger.ack(visitId, stream, nextSeq);
    if (repeated) this.sendAgain(visitId, stream);
    if (done.length > 0) this.keep(this.store.dropChunks(done));
    this.armResend();
    this.pump();
    this.checkSettled();
    this.port.changed();
  }

  /** Rows become chunks now (the page may be about to go away). */
  flush(): void {
    for (const key of [...this.drafts.keys()]) {
      const [visitId, stream] = splitKey(key);
      if (this.open.has(visitId)) this.cut(visitId, stream);
    }
  }

  /** The visit takes nothing more. Resolves with the number of chunks per stream once the server has them all. */
  async closeVisit(visitId: string): Promise<Record<string, number>> {
    this.closed.add(visitId);
    for (const stream of Object.keys(CUT)) this.cut(visitId, stream);
    this.pump();
    while (this.ledger.unacked(visitId) > 0) {
      await new Promise<void>((resolve) => this.settledWaiters.push(resolve));
    }
    this.keep(this.store.dropTail(visitId));
    return this.ledger.counts(visitId);
  }

  /** The server did not let the visit go: it takes rows again, behind those that it has. */
  reopenVisit(visitId: string): void {
    this.closed.delete(visitId);
  }

  unacked(): number {
    return this.ledger.unacked();
  }

  heldFrames(visitId: string): Chunk[] {
    return this.ledger.held(visitId, "frames");
  }

  /** Keep the latest tail; while one write is under way only the newest of the others is written. */
  putTail(tail: TailRecord): void {
    if (this.tailWrite.busy) {
      this.tailWrite.waiting = tail;
      return;
    }
    this.tailWrite.busy = true;
    const next = (): void => {
      this.tailWrite.busy = false;
      const waiting = this.tailWrite.waiting;
      this.tailWrite.waiting = null;
      if (waiting) this.putTail(waiting);
    };
    this.store.putTail(tail).then(next, (error: unknown) => {
      this.storeFailed(error);
      next();
    });
  }

  async tail(visitId: string): Promise<TailRecord | null> {
    try {
      return await this.store.tail(visitId);
    } catch (error) {
      this.storeFailed(error);
      return null;
    }
  }

  dropTail(visitId: string): void {
    this.tailWrite.waiting = null;
    this.keep(this.store.dropTail(visitId));
  }

  /**
   * Rows that an earlier life of the page left behind become a chunk, unless the server has them: a chunk may have
   * arrived there while the browser's slower storage still held its rows when the page went away.
   */
  private takeUpDrafts(visitId: string, expected: Readonly<Record<string, number>>): void {
    for (const stream of Object.keys(CUT)) {
      const draft = this.drafts.get(draftKey(visitId, stream));
      if (draft && draft.seq < (expected[stream] ?? 0)) this.drafts.delete(draftKey(visitId, stream));
      else this.cut(visitId, stream);
    }
  }

  private cut(visitId: string, stream: string): void {
    const key = draftKey(visitId, stream);
    const draft = this.drafts.get(key);
    if (!draft) return;
    if (draft.timer !== null) clearTimeout(draft.timer);
    this.drafts.delete(key);
    if (draft.rows.length === 0) return;
    const body = new TextEncoder().encode(`${draft.rows.join("\n")}\n`);
    this.take(this.ledger.add(visitId, stream, body, {}), true);
  }

  private take(chunk: Chunk, cutsDraft: boolean): void {
    this.keep(this.store.putChunk(chunk, cutsDraft));
    this.pump();
    this.port.changed();
  }

  private pump(): void {
    for (const visitId of this.open) {
      for (const chunk of this.ledger.takeToSend(visitId, WINDOW)) {
        const { stream, seq, body, meta } = chunk;
        if (!this.port.send({ op: "chunk.put", visit_id: visitId, stream, seq, body, meta })) return;
      }
    }
    if (this.resendTimer === null) this.armResend();
  }

  /** The server names the chunk that it misses: it goes up again, not more often than every two seconds. */
  private sendAgain(visitId: string, stream: string): void {
    const key = draftKey(visitId, stream);
    const now = performance.now();
    if (now - (this.sentAgainAt.get(key) ?? -Infinity) < SEND_AGAIN_MS) return;
    this.sentAgainAt.set(key, now);
    this.ledger.resend(visitId, stream);
  }

  private armResend(): void {
    if (this.resendTimer !== null) clearTimeout(this.resendTimer);
    this.resendTimer = null;
    if (this.ledger.unacked() === 0) return;
    this.resendTimer = setTimeout(() => {
      this.resendTimer = null;
      this.ledger.resendAll();
      this.pump();
    }, RESEND_AFTER_MS);
  }

  private checkSettled(): void {
    const waiters = this.settledWaiters;
    this.settledWaiters = [];
    for (const waiter of waiters) waiter();
  }

  private keep(write: Promise<void>): void {
    write.catch((error: unknown) => this.storeFailed(error));
  }

  /** The data stays in memory until the server has it; only a reload would lose what is not yet there. */
  private storeFailed(error: unknown): void {
    if (this.failed) return;
    this.failed = true;
    this.store = new MemoryStore();
    this.port.storageFailed(error instanceof Error ? error.message : String(error));
  }
}

function draftKey(visitId: string, stream: string): string {
  return `${visitId}\n${stream}`;
}

function splitKey(key: string): [string, string] {
  const at = key.indexOf("\n");
  return [key.slice(0, at), key.slice(at + 1)];
}
