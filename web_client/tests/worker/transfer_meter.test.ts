import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Transfer } from "../../src/worker/transfer_meter";

describe("counting what arrives", () => {
  const realFetch = globalThis.fetch;

  beforeEach(() => {
    vi.stubGlobal("self", globalThis);
  });

  afterEach(() => {
    vi.unstubAllGlobals();
    globalThis.fetch = realFetch;
  });

  async function metered(make: () => Response): Promise<{ seen: Transfer[]; response: Response }> {
    globalThis.fetch = () => Promise.resolve(make());
    const { TransferMeter } = await import("../../src/worker/transfer_meter");
    const seen: Transfer[] = [];
    const meter = new TransferMeter((transfer) => seen.push(transfer));
    meter.install();
    const response = await fetch("/x");
    meter.uninstall();
    return { seen, response };
  }

  test("bytes are counted as they come, and the body is unchanged", async () => {
    const body = new Uint8Array(5000).fill(7);
    const { seen, response } = await metered(() => new Response(body, { headers: { "content-length": "5000" } }));
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(body);
    expect(seen.at(-1)).toEqual({ received: 5000, expected: 5000 });
  });

  test("a compressed body ends with as much expected as received", async () => {
    const { seen, response } = await metered(() => new Response(new Uint8Array(900), { headers: { "content-length": "100" } }));
    await response.arrayBuffer();
    expect(seen.at(-1)).toEqual({ received: 900, expected: 900 });
  });

  test("WebAssembly is passed on untouched, so that the browser can keep its compiled code", async () => {
    const original = new Response(new Uint8Array(10), { headers: { "content-type": "application/wasm", "content-length": "10" } });
    const { seen, response } = await metered(() => original);
    expect(response).toBe(original);
    expect(seen.at(-1)).toEqual({ received: 10, expected: 10 });
  });

  test("a refused file is passed on as it is", async () => {
    const { seen, response } = await metered(() => new Response("no", { status: 404 }));
    expect(response.status).toBe(404);
    expect(seen).toEqual([]);
  });
});
