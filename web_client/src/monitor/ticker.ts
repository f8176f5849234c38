/** Calls once a second, in hidden tabs, too, whose own timers are slowed down. Returns what ends it. */
export function everySecond(run: () => void): () => void {
  let timer: ReturnType<typeof setInterval> | null = null;
  const slowly = (): void => {
    timer ??= setInterval(run, 1000);
  };
  let worker: Worker | null = null;
  try {
    worker = new Worker(new URL("./ticker.worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = run;
    worker.onerror = slowly;
  } catch {
    slowly();
  }
  return () => {
    worker?.terminate();
    if (timer !== null) clearInterval(timer);
  };
}
