/** Who steps a recorded match again for the page: its own worker with Python, or a process of the server. */
import type { FromWatchWorker, ToWatchWorker } from "./rpc";

export interface Stepper {
  /** The page is to give it the stored rows. */
  readonly needsRows: boolean;
  post(message: ToWatchWorker, transfer?: Transferable[]): void;
}

/** Python in a worker of the page. */
export function workerStepper(received: (message: FromWatchWorker) => void, failed: (text: string) => void): Stepper {
  const worker = new Worker(new URL("./watch_worker.ts", import.meta.url), { type: "module", name: "mug-watch" });
  worker.onmessage = (event: MessageEvent<FromWatchWorker>) => received(event.data);
  worker.onerror = (event) => {
    event.preventDefault();
    failed(event.message || "The part of the page that runs Python did not load.");
  };
  return { needsRows: true, post: (message, transfer = []) => worker.postMessage(message, transfer) };
}
