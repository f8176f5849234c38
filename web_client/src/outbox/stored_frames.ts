/** Asks the server for the frames that it has of a match, until it answers. */
import { asBytes } from "../game/bytes";
import type { ClientMessage, StoredFrames } from "../protocol/messages";

interface Waiting {
  ask: Extract<ClientMessage, { op: "frames.fetch" }>;
  resolve(chunks: Uint8Array[]): void;
  reject(error: Error): void;
}

export class StoredFramesRequests {
  private readonly waiting = new Map<string, Waiting>();

  constructor(private readonly send: (message: ClientMessage) => boolean) {}

  fetch(visitId: string, matchId: string): Promise<Uint8Array[]> {
    const ask = { op: "frames.fetch", visit_id: visitId, match_id: matchId } as const;
    return new Promise((resolve, reject) => {
      this.waiting.set(key(visitId, matchId), { ask, resolve, reject });
      this.send(ask);
    });
  }

  /** The connection is new: what was not answered is asked again. */
  askAgain(): void {
    for (const { ask } of this.waiting.values()) this.send(ask);
  }

  answered({ visit_id: visitId, match_id: matchId, chunks }: StoredFrames): void {
    this.waiting.get(key(visitId, matchId))?.resolve(chunks.map(asBytes));
    this.waiting.delete(key(visitId, matchId));
  }

  refused(reason: string): void {
    for (const { reject } of this.waiting.values()) reject(new Error(reason));
    this.waiting.clear();
  }

  /** Nobody waits for the answers any more. */
  forget(): void {
    this.waiting.clear();
  }
}

function key(visitId: string, matchId: string): string {
  return `${visitId}\n${matchId}`;
}
