/** Pictures of pixels come compressed: they are unpacked beside the page's work, in order, and let go when others follow. */

/** Behind by more than this, what is older than the newest is left out. */
const MAX_BEHIND = 4;
const TYPES: Readonly<Record<string, string>> = { png: "image/png", jpeg: "image/jpeg", webp: "image/webp" };

/** A picture that came compressed; rejects where it cannot be read. */
export function unpackedPicture(kind: string, bytes: Uint8Array): Promise<ImageBitmap> {
  return createImageBitmap(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: TYPES[kind] ?? "" }));
}

interface Compressed {
  kind: string;
  bytes: Uint8Array;
}

export class PictureFeed {
  private work: Promise<void> = Promise.resolve();
  private behind = 0;
  private latest: ImageBitmap | null = null;
  private readonly open: ImageBitmap[] = [];
  /** Left out, and still the newest picture there is. */
  private leftOut: Compressed | null = null;
  private stopped = false;

  /** `failed` is told of a picture that cannot be read. */
  constructor(private readonly failed: (reason: string) => void) {}

  /** `ready` gets the picture that is to be seen with a view, in the order of the calls; null: there is none. */
  take(kind: string, bytes: Uint8Array, ready: (bitmap: ImageBitmap | null) => void): void {
    this.behind += 1;
    this.work = this.work.then(async () => {
      this.behind -= 1;
      if (this.stopped) return;
      if (kind !== "same" && bytes.byteLength > 0) this.leftOut = { kind, bytes };
      if (this.leftOut && this.behind < MAX_BEHIND) {
        const newest = this.leftOut;
        this.leftOut = null;
        await this.unpack(newest);
      }
      if (!this.stopped) ready(this.latest);
    });
  }

  /** This one is the picture now: those before it are not needed any more. */
  shown(bitmap: ImageBitmap): void {
    const place = this.open.indexOf(bitmap);
    if (place > 0) for (const old of this.open.splice(0, place)) old.close();
  }

  stop(): void {
    this.stopped = true;
    for (const bitmap of this.open.splice(0)) bitmap.close();
  }

  private async unpack({ kind, bytes }: Compressed): Promise<void> {
    try {
      const bitmap = await unpackedPicture(kind, bytes);
      if (this.stopped) {
        bitmap.close();
        return;
      }
      this.latest = bitmap;
      this.open.push(bitmap);
    } catch (error) {
      this.failed(`a picture (${kind}, ${bytes.byteLength} bytes) could not be read: ${String(error)}`);
    }
  }
}
