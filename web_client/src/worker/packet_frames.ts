/**
 * Packets of partners on their way into Python: one block of bytes per call, because every value that crosses costs
 * time. Per packet, little-endian: player (u8), channel (u8), arrival in ms (f64), length (u32), then the body. Pure.
 */
import type { PeerChannel } from "./rpc";

export interface Arrival {
  player: number;
  channel: PeerChannel;
  /** The worker's clock when the packet was taken, ms. */
  atMs: number;
  body: ArrayBuffer;
}

const HEADER_BYTES = 14;

export function framed(arrivals: readonly Arrival[]): Uint8Array<ArrayBuffer> {
  const length = arrivals.reduce((sum, { body }) => sum + HEADER_BYTES + body.byteLength, 0);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { player, channel, atMs, body } of arrivals) {
    view.setUint8(at, player);
    view.setUint8(at + 1, channel);
    view.setFloat64(at + 2, atMs, true);
    view.setUint32(at + 10, body.byteLength, true);
    bytes.set(new Uint8Array(body), at + HEADER_BYTES);
    at += HEADER_BYTES + body.byteLength;
  }
  return bytes;
}
