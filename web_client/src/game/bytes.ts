/** Byte strings as they arrive from sockets, workers and storage. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.byteLength !== b.byteLength) return false;
  for (let i = 0; i < a.byteLength; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Socket.IO gives binary attachments as ArrayBuffers. */
export function asBytes(value: Uint8Array | ArrayBuffer): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array(value);
}

/** The server's chunks, and after them those that only this browser has yet. */
export function mergeChunks(stored: readonly Uint8Array[], held: readonly Uint8Array[]): Uint8Array[] {
  return [...stored, ...held.filter((body) => !stored.some((other) => sameBytes(other, body)))];
}
