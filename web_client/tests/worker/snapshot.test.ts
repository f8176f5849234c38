import { expect, test } from "vitest";
import { isSnapshot } from "../../src/worker/snapshot";

const HEADER = 144;
const MEMORY = 320 * 65_536;

function snapshot(length = HEADER + MEMORY, magic = "\0snp"): ArrayBuffer {
  const bytes = new ArrayBuffer(length);
  new Uint8Array(bytes).set([...magic].map((letter) => letter.charCodeAt(0)));
  new DataView(bytes).setUint32(4, HEADER, true);
  return bytes;
}

test("that a memory behind Pyodide's header is a snapshot", () => {
  expect(isSnapshot(snapshot())).toBe(true);
});

test("that a page of words, a bare memory and a memory cut short are none", () => {
  expect(isSnapshot(new TextEncoder().encode("<!doctype html>").buffer)).toBe(false);
  expect(isSnapshot(new ArrayBuffer(MEMORY))).toBe(false);
  expect(isSnapshot(snapshot(HEADER + MEMORY, "\x1f\x8b\0\0"))).toBe(false);
  expect(isSnapshot(snapshot(HEADER + MEMORY - 1000))).toBe(false);
});
