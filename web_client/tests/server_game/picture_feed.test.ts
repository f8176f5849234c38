import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PictureFeed } from "../../src/server_game/picture_feed";

/** A picture that knows what it was made of; unpacking takes a while. */
interface Picture {
  byte: number;
  closed: boolean;
}

const made: Picture[] = [];
const bytes = (byte: number): Uint8Array => new Uint8Array([byte]);
let unpacked = 0;

beforeEach(() => {
  made.length = 0;
  unpacked = 0;
  vi.stubGlobal("createImageBitmap", async (blob: Blob) => {
    unpacked += 1;
    const byte = new Uint8Array(await blob.arrayBuffer())[0] ?? 0;
    if (byte === 255) throw new Error("no picture");
    const picture: Picture & { close(): void } = { byte, closed: false, close: () => void (picture.closed = true) };
    made.push(picture);
    return picture;
  });
});
afterEach(() => vi.unstubAllGlobals());

/** What was ready, in order, once everything is done. */
async function fed(take: (feed: PictureFeed, ready: (bitmap: ImageBitmap | null) => void) => void, failures: string[] = []): Promise<(number | null)[]> {
  const feed = new PictureFeed((reason) => failures.push(reason));
  const ready: (number | null)[] = [];
  take(feed, (bitmap) => ready.push(bitmap && (bitmap as unknown as Picture).byte));
  await new Promise<void>((done) => feed.take("same", new Uint8Array(), () => done()));
  return ready;
}

describe("compressed pictures", () => {
  it("are ready in the order in which they came, and hold until the next", async () => {
    const ready = await fed((feed, done) => {
      feed.take("png", bytes(1), done);
      feed.take("same", new Uint8Array(), done);
      feed.take("webp", bytes(2), done);
    });
    expect(ready).toEqual([1, 1, 2]);
  });

  it("are left out where many wait, but never the newest", async () => {
    const ready = await fed((feed, done) => {
      for (let byte = 1; byte <= 20; byte++) feed.take("jpeg", bytes(byte), done);
      for (let more = 0; more < 10; more++) feed.take("same", new Uint8Array(), done);
    });
    expect(ready).toHaveLength(30);
    expect(ready.at(-1)).toBe(20);
    expect(unpacked).toBeLessThan(10);
    for (const [index, byte] of ready.entries()) expect(byte ?? 0).toBeLessThanOrEqual(index + 1);
  });

  it("that cannot be read are told of, and the one before holds", async () => {
    const failures: string[] = [];
    const ready = await fed((feed, done) => {
      feed.take("png", bytes(1), done);
      feed.take("png", bytes(255), done);
    }, failures);
    expect(ready).toEqual([1, 1]);
    expect(failures).toHaveLength(1);
  });

  it("are let go when a later one is shown, and all of them at the end", async () => {
    const feed = new PictureFeed(() => undefined);
    const bitmaps: ImageBitmap[] = [];
    for (const byte of [1, 2, 3]) await new Promise<void>((done) => feed.take("png", bytes(byte), (bitmap) => (bitmap && bitmaps.push(bitmap), done())));
    feed.shown(bitmaps[1]!);
    expect(made.map(({ closed }) => closed)).toEqual([true, false, false]);
    feed.stop();
    expect(made.map(({ closed }) => closed)).toEqual([true, true, true]);
  });
});
