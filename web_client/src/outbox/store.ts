/**
 * Where chunks wait until the server has them: IndexedDB, by session and participant, so that two participants of one
 * browser never send each other's data. `MemoryStore` stands in when the browser's storage fails.
 */
import type { TailRecord } from "../worker/rpc";
import type { KeptChunks } from "../protocol/messages";
import type { Chunk, Renumbered } from "./ledger";

/** Rows that are not yet a chunk. */
export interface Draft {
  visitId: string;
  stream: string;
  /** The number of the chunk that these rows will be: a server that has it has the rows. */
  seq: number;
  rows: string[];
}

export interface OutboxStore {
  load(): Promise<{ chunks: Chunk[]; drafts: Draft[] }>;
  /** Keep a chunk; `cutsDraft`: the rows of this stream's draft are in it. One transaction. */
  putChunk(chunk: Chunk, cutsDraft: boolean): Promise<void>;
  renumber(changes: readonly Renumbered[]): Promise<void>;
  dropChunks(chunks: readonly Chunk[]): Promise<void>;
  putDraft(draft: Draft): Promise<void>;
  putTail(tail: TailRecord): Promise<void>;
  tail(visitId: string): Promise<TailRecord | null>;
  dropTail(visitId: string): Promise<void>;
}

const DB_NAME = "mug-outbox";
const DB_VERSION = 1;

interface StoredChunk extends Chunk {
  session: string;
  participant: string;
}

/** All that the transaction does has been asked for. It is told to commit now: a page that goes away cannot do it later. */
function done(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error("the browser's storage refused to write"));
    transaction.onerror = () => reject(transaction.error ?? new Error("the browser's storage refused to write"));
    transaction.commit();
  });
}

function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("the browser's storage refused to read"));
  });
}

export function openDatabase(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DB_NAME, DB_VERSION);
    request.onupgradeneeded = () => {
      const db = request.result;
      db.createObjectStore("chunks", { keyPath: ["session", "participant", "visitId", "stream", "seq"] });
      db.createObjectStore("drafts", { keyPath: ["session", "participant", "visitId", "stream"] });
      db.createObjectStore("tails", { keyPath: ["session", "participant", "visitId"] });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("the browser's storage did not open"));
    request.onblocked = () => reject(new Error("the browser's storage is blocked by another tab"));
  });
}

/** How many chunks this browser holds, by session and participant. */
export async function countKept(): Promise<KeptChunks[]> {
  const db = await openDatabase();
  try {
    const keys = await result(db.transaction(["chunks"], "readonly").objectStore("chunks").getAllKeys());
    const counts = new Map<string, KeptChunks>();
    for (const key of keys) {
      const [session, participant] = key as [string, string];
      const name = JSON.stringify([session, participant]);
      const found = counts.get(name) ?? { session_id: session, participant_id: participant, chunks: 0 };
      counts.set(name, { ...found, chunks: found.chunks + 1 });
    }
    return [...counts.values()];
  } finally {
    db.close();
  }
}

export class IndexedDbStore implements OutboxStore {
  constructor(
    private readonly db: IDBDatabase,
    private readonly session: string,
    private readonly participant: string,
  ) {}

  async load(): Promise<{ chunks: Chunk[]; drafts: Draft[] }> {
    const prefix = [this.session, this.participant];
    const range = IDBKeyRange.bound(prefix, [...prefix, []]);
    const transaction = this.db.transaction(["chunks", "drafts"], "readonly");
    const chunks = result<StoredChunk[]>(transaction.objectStore("chunks").getAll(range) as IDBRequest<StoredChunk[]>);
    const drafts = result<Draft[]>(transaction.objectStore("drafts").getAll(range) as IDBRequest<Draft[]>);
    return {
      chunks: (await chunks).map(({ visitId, stream, seq, body, meta }) => ({ visitId, stream, seq, body, meta })),
      drafts: (await drafts).map(({ visitId, stream, seq, rows }) => ({ visitId, stream, seq, rows })),
    };
  }

  putChunk(chunk: Chunk, cutsDraft: boolean): Promise<void> {
    const transaction = this.db.transaction(cutsDraft ? ["chunks", "drafts"] : ["chunks"], "readwrite");
    transaction.objectStore("chunks").put(this.keyed(chunk));
    if (cutsDraft) {
      transaction.objectStore("drafts").delete([this.session, this.participant, chunk.visitId, chunk.stream]);
    }
    return done(transaction);
  }

  renumber(changes: readonly Renumbered[]): Promise<void> {
    const transaction = this.db.transaction(["chunks"], "readwrite");
    const chunks = transaction.objectStore("chunks");
    for (const { from, chunk } of changes) chunks.delete(this.key({ ...chunk, seq: from }));
    for (const { chunk } of changes) chunks.put(this.keyed(chunk));
    return done(transaction);
  }

  dropChunks(dropped: readonly Chunk[]): Promise<void> {
    const transaction = this.db.transaction(["chunks"], "readwrite", { durability: "relaxed" });
    for (const chunk of dropped) transaction.objectStore("chunks").delete(this.key(chunk));
    return done(transaction);
  }

  putDraft(draft: Draft): Promise<void> {
    const transaction = this.db.transaction(["drafts"], "readwrite", { durability: "relaxed" });
    transaction.objectStore("drafts").put(this.keyed(draft));
    return done(transaction);
  }

  putTail(tail: TailRecord): Promise<void> {
    const transaction = this.db.transaction(["tails"], "readwrite", { durability: "relaxed" });
    transaction.objectStore("tails").put(this.keyed(tail));
    return done(transaction);
  }

  async tail(visitId: string): Promise<TailRecord | null> {
    const store = this.db.transaction(["tails"], "readonly").objectStore("tails");
    const key = [this.session, this.participant, visitId];
    const found = await result(store.get(key) as IDBRequest<(TailRecord & { session: string; participant: string }) | undefined>);
    if (!found) return null;
    const { session: _session, participant: _participant, ...tail } = found;
    return tail;
  }

  dropTail(visitId: string): Promise<void> {
    const transaction = this.db.transaction(["tails"], "readwrite", { durability: "relaxed" });
    transaction.objectStore("tails").delete([this.session, this.participant, visitId]);
    return done(transaction);
  }

  private keyed<T extends object>(value: T): T & { session: string; participant: string } {
    return { ...value, session: this.session, participant: this.participant };
  }

  private key(chunk: Chunk): IDBValidKey {
    return [this.session, this.participant, chunk.visitId, chunk.stream, chunk.seq];
  }
}

/** Keeps nothing beyond the page's life: what is held lives in the ledger anyway. */
export class MemoryStore implements OutboxStore {
  private readonly tails = new Map<string, TailRecord>();

  load(): Promise<{ chunks: Chunk[]; drafts: Draft[] }> {
    return Promise.resolve({ chunks: [], drafts: [] });
  }
  putChunk(): Promise<void> {
    return Promise.resolve();
  }
  renumber(): Promise<void> {
    return Promise.resolve();
  }
  dropChunks(): Promise<void> {
    return Promise.resolve();
  }
  putDraft(): Promise<void> {
    return Promise.resolve();
  }
  putTail(tail: TailRecord): Promise<void> {
    this.tails.set(tail.visitId, tail);
    return Promise.resolve();
  }
  tail(visitId: string): Promise<TailRecord | null> {
    return Promise.resolve(this.tails.get(visitId) ?? null);
  }
  dropTail(visitId: string): Promise<void> {
    this.tails.delete(visitId);
    return Promise.resolve();
  }
}
