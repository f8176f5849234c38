/** What a memory snapshot looks like. */

/** "\0snp", little-endian: how Pyodide begins a snapshot. */
const MAGIC = 0x70_6e_73_00;
const MEMORY_OFFSET_AT = 4;
const SMALLEST_MEMORY = 16_000_000;
const WASM_PAGE_BYTES = 65_536;

/** Whether these bytes are a snapshot: a header, then a whole WebAssembly memory. Pyodide never answers to other bytes. */
export function isSnapshot(bytes: ArrayBuffer): boolean {
  if (bytes.byteLength < SMALLEST_MEMORY) return false;
  const view = new DataView(bytes);
  if (view.getUint32(0, true) !== MAGIC) return false;
  const memory = bytes.byteLength - view.getUint32(MEMORY_OFFSET_AT, true);
  return memory >= SMALLEST_MEMORY && memory % WASM_PAGE_BYTES === 0;
}
