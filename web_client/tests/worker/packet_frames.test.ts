import { expect, test } from "vitest";
import { framed } from "../../src/worker/packet_frames";

const bytes = (...values: number[]): ArrayBuffer => new Uint8Array(values).buffer;

test("packets stand one behind the other, each with its head", () => {
  const block = framed([
    { player: 1, channel: 0, atMs: 1234.5, body: bytes(7, 8, 9) },
    { player: 3, channel: 1, atMs: 0.25, body: bytes() },
  ]);
  expect(Buffer.from(block).toString("hex")).toBe(
    `0100${"00000000004a9340"}${"03000000"}070809` + `0301${"000000000000d03f"}${"00000000"}`,
  );
});

test("no packets are no bytes", () => {
  expect(framed([]).byteLength).toBe(0);
});
