/** What is there of a game that was played before a reload. */
import type { Outbox } from "../outbox/outbox";
import type { TailRecord } from "../worker/rpc";
import { mergeChunks } from "./bytes";

export interface KeptGame {
  /** Bodies of the frames chunks, in order. */
  stored: Uint8Array[];
  /** The last second's actions. */
  tail: TailRecord | null;
}

/** `fetch` asks the server for its chunks; null where it has none. */
export async function keptGame(outbox: Outbox, visitId: string, matchId: string, fetch: (() => Promise<Uint8Array[]>) | null): Promise<KeptGame> {
  const found = await outbox.tail(visitId);
  const held = outbox.heldFrames(visitId).filter((chunk) => chunk.meta["match_id"] === matchId);
  const bodies = held.map((chunk) => chunk.body);
  return { stored: fetch ? mergeChunks(await fetch(), bodies) : bodies, tail: found?.matchId === matchId ? found : null };
}
