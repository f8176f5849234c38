/** Counts the bytes that the worker's fetches bring in, so that loading shows what really arrived. */

export interface Transfer {
  received: number;
  expected: number;
}

export class TransferMeter {
  private readonly original = self.fetch.bind(self);
  private state: Transfer = { received: 0, expected: 0 };
  private lastByteAt = performance.now();

  constructor(private readonly changed: (transfer: Transfer) => void) {}

  /** Let every fetch of this worker be counted. */
  install(): void {
    self.fetch = (input: RequestInfo | URL, init?: RequestInit) => this.fetch(input, init);
  }

  uninstall(): void {
    self.fetch = this.original;
  }

  /** Begin to count anew. */
  begin(): void {
    this.state = { received: 0, expected: 0 };
    this.lastByteAt = performance.now();
  }

  /** Milliseconds since the last byte came in. */
  silentMs(): number {
    return performance.now() - this.lastByteAt;
  }

  async fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const response = await this.original(input, init);
    this.lastByteAt = performance.now();
    const length = Number(response.headers.get("content-length") ?? 0) || 0;
    const mime = response.headers.get("content-type") ?? "";
    if (!response.ok || !response.body) return response;
    this.state.expected += length;
    if (mime.startsWith("application/wasm")) {
      // The browser keeps compiled code only for a response that it streams itself.
      this.add(length);
      return response;
    }
    let counted = 0;
    const count = new TransformStream<Uint8Array, Uint8Array>({
      transform: (part, controller) => {
        counted += part.byteLength;
        this.add(part.byteLength);
        controller.enqueue(part);
      },
      flush: () => {
        this.state.expected += counted - length; // compressed on the way, or without a length
        this.changed({ ...this.state });
      },
    });
    const { status, statusText, headers } = response;
    return new Response(response.body.pipeThrough(count), { status, statusText, headers });
  }

  private add(bytes: number): void {
    this.state.received += bytes;
    this.lastByteAt = performance.now();
    this.changed({ ...this.state });
  }
}
