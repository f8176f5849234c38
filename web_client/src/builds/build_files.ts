/**
 * The files of builds, fetched by our page and handed to a build's frame as blobs: so the frame itself needs no network, a
 * scene can be loaded while earlier ones are shown, and the browser may keep large files on the disk.
 */
import type { BuildFile } from "../protocol/messages";

export type BuildBlobs = Readonly<Record<string, Blob>>;

export class BuildFileError extends Error {
  constructor(
    readonly file: string,
    readonly status: number | null,
    reason: string,
  ) {
    super(`${file} cannot be loaded: ${reason}`);
  }
}

interface Fetched {
  blob: Promise<Blob>;
  /** Bytes so far. */
  received: number;
}

export class BuildFiles {
  private readonly known = new Map<string, Fetched>();
  /** What is fetched ahead, one file after the other. */
  private ahead: Promise<void> = Promise.resolve();

  /** Fetch files after everything else that the page loads. What fails is fetched again when it is needed. */
  preload(files: readonly BuildFile[]): void {
    for (const file of files) {
      if (this.known.has(file.url)) continue;
      this.ahead = this.ahead.then(async () => {
        await pageLoaded();
        await this.fetched(file, "low").blob;
      }).catch(() => undefined); // the scene that needs it says so
    }
  }

  /** The files of a build by their roles; `progress` tells the part that is here, 0..1. */
  async get(files: readonly BuildFile[], progress: (fraction: number) => void): Promise<BuildBlobs> {
    const total = files.reduce((sum, file) => sum + file.size, 0);
    const fetched = files.map((file) => ({ file, fetched: this.fetched(file, "high") }));
    const tell = (): void => {
      const received = fetched.reduce((sum, item) => sum + Math.min(item.fetched.received, item.file.size), 0);
      progress(total > 0 ? received / total : 1);
    };
    const timer = setInterval(tell, 100);
    tell();
    try {
      const blobs = await Promise.all(fetched.map(async ({ file, fetched: { blob } }) => [file.role, await blob] as const));
      progress(1);
      return Object.fromEntries(blobs);
    } finally {
      clearInterval(timer);
    }
  }

  private fetched(file: BuildFile, priority: RequestPriority): Fetched {
    const known = this.known.get(file.url);
    if (known) return known;
    const made: Fetched = { received: 0, blob: Promise.resolve(new Blob()) };
    made.blob = fetchBlob(file, priority, (bytes) => (made.received += bytes));
    made.blob.catch(() => this.known.delete(file.url)); // the next try is a new one
    this.known.set(file.url, made);
    return made;
  }
}

async function fetchBlob(file: BuildFile, priority: RequestPriority, received: (bytes: number) => void): Promise<Blob> {
  const name = decodeURIComponent(file.url.split("/").at(-1) ?? file.url);
  let response: Response;
  try {
    response = await fetch(file.url, { priority });
  } catch (error) {
    throw new BuildFileError(name, null, error instanceof Error ? error.message : String(error));
  }
  if (!response.ok || !response.body) {
    const words = response.status === 406 ? await response.text() : `the server answered ${response.status}`;
    throw new BuildFileError(name, response.status, words);
  }
  const parts: BlobPart[] = [];
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      received(value.byteLength);
      parts.push(value);
    }
  } catch (error) {
    throw new BuildFileError(name, null, error instanceof Error ? error.message : String(error));
  }
  return new Blob(parts, { type: file.mime });
}

/** What is fetched ahead must not hold up what is shown now. */
async function pageLoaded(): Promise<void> {
  if (document.readyState !== "complete") {
    await new Promise<void>((resolve) => window.addEventListener("load", () => resolve(), { once: true }));
  }
}
