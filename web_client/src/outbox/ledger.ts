/**
 * The bookkeeping of numbered chunks: which are held, which were sent on this connection, which number comes next.
 * Pure: no storage, no sockets.
 */

export interface Chunk {
  visitId: string;
  stream: string;
  seq: number;
  body: Uint8Array;
  meta: Record<string, unknown>;
}

interface StreamState {
  /** Number of the next chunk to be made. */
  next: number;
  /** Below this the server has everything on disk. */
  acked: number;
  held: Map<number, Chunk>;
  /** Below this everything held was sent on the present connection. */
  sent: number;
}

export interface Renumbered {
  from: number;
  chunk: Chunk;
}

export class Ledger {
  private readonly streams = new Map<string, Map<string, StreamState>>();

  /** Take back a chunk that an earlier life of this page left in storage. */
  restore(chunk: Chunk): void {
    const state = this.state(chunk.visitId, chunk.stream);
    state.held.set(chunk.seq, chunk);
    state.next = Math.max(state.next, chunk.seq + 1);
  }

  /**
   * The server said which chunk of each stream it expects next. What it has is dropped; what is held is resent from
   * there. Where chunks were lost (storage failed before a reload) the rest is renumbered, else it could never go up.
   */
  open(visitId: string, expected: Readonly<Record<string, number>>): { dropped: Chunk[]; renumbered: Renumbered[] } {
    const dropped: Chunk[] = [];
    const renumbered: Renumbered[] = [];
    const names = new Set([...Object.keys(expected), ...(this.streams.get(visitId)?.keys() ?? [])]);
    for (const stream of names) {
      const state = this.state(visitId, stream);
      const wanted = expected[stream] ?? 0;
      dropped.push(...this.ack(visitId, stream, wanted));
      const left = [...state.held.values()].sort((a, b) => a.seq - b.seq);
      const first = left[0];
      if (first && first.seq > wanted) {
        state.held.clear();
        left.forEach((old, index) => {
          const chunk = { ...old, seq: wanted + index };
          state.held.set(chunk.seq, chunk);
          renumbered.push({ from: old.seq, chunk });
        });
        state.next = wanted + left.length;
      }
      if (left.length === 0) state.next = wanted;
      state.acked = wanted;
      state.sent = wanted;
    }
    return { dropped, renumbered };
  }

  /** Make the next chunk of a stream. */
  add(visitId: string, stream: string, body: Uint8Array, meta: Record<string, unknown>): Chunk {
    const state = this.state(visitId, stream);
    const chunk: Chunk = { visitId, stream, seq: state.next, body, meta };
    state.next += 1;
    state.held.set(chunk.seq, chunk);
    return chunk;
  }

  /** The server has all chunks below `nextSeq` on disk; returns those that need not be held any longer. */
  ack(visitId: string, stream: string, nextSeq: number): Chunk[] {
    const state = this.state(visitId, stream);
    state.acked = Math.max(state.acked, nextSeq);
    state.next = Math.max(state.next, state.acked);
    state.sent = Math.max(state.sent, state.acked);
    const done = [...state.held.values()].filter((chunk) => chunk.seq < nextSeq);
    for (const chunk of done) state.held.delete(chunk.seq);
    return done;
  }

  /** The connection is new, or the server was silent for long: what is held goes up again. */
  resendAll(): void {
    for (const visit of this.streams.values()) for (const state of visit.values()) state.sent = state.acked;
  }

  /** An acknowledgement said nothing new: from this number on the server wants the stream again. */
  resend(visitId: string, stream: string): void {
    const state = this.state(visitId, stream);
    state.sent = state.acked;
  }

  /** The number that the stream's next chunk gets. */
  nextSeq(visitId: string, stream: string): number {
    return this.streams.get(visitId)?.get(stream)?.next ?? 0;
  }

  /** Below this number the server has the stream. */
  acked(visitId: string, stream: string): number {
    return this.streams.get(visitId)?.get(stream)?.acked ?? 0;
  }

  /** The next chunks to send, in order within each stream, at most `window` unacknowledged ones on the way. */
  takeToSend(visitId: string, window: number): Chunk[] {
    const visit = this.streams.get(visitId);
    if (!visit) return [];
    let room = window;
    for (const state of visit.values()) room -= state.sent - state.acked;
    const out: Chunk[] = [];
    for (const state of visit.values()) {
      while (room > 0 && state.sent < state.next) {
        const chunk = state.held.get(state.sent);
        if (!chunk) break;
        out.push(chunk);
        state.sent += 1;
        room -= 1;
      }
    }
    return out;
  }

  /** How many chunks of each stream were made (for FinishVisit). */
  counts(visitId: string): Record<string, number> {
    const out: Record<string, number> = {};
    for (const [stream, state] of this.streams.get(visitId) ?? []) if (state.next > 0) out[stream] = state.next;
    return out;
  }

  held(visitId: string, stream: string): Chunk[] {
    const state = this.streams.get(visitId)?.get(stream);
    return state ? [...state.held.values()].sort((a, b) => a.seq - b.seq) : [];
  }

  unacked(visitId?: string): number {
    let count = 0;
    for (const [id, visit] of this.streams) {
      if (visitId !== undefined && id !== visitId) continue;
      for (const state of visit.values()) count += state.held.size;
    }
    return count;
  }

  visits(): string[] {
    return [...this.streams.keys()];
  }

  private state(visitId: string, stream: string): StreamState {
    let visit = this.streams.get(visitId);
    if (!visit) this.streams.set(visitId, (visit = new Map<string, StreamState>()));
    let state = visit.get(stream);
    if (!state) visit.set(stream, (state = { next: 0, acked: 0, held: new Map<number, Chunk>(), sent: 0 }));
    return state;
  }
}
