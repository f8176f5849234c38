/**
 * The identity of this tab: it survives a reload, and a duplicated tab gets one of its own.
 *
 * sessionStorage is copied when a tab is duplicated. So a page that goes away marks its id as free; a page that finds
 * an id without that mark is a copy beside a living tab (or follows a crash) and makes a new one.
 */
import type { TextStorage } from "./tokens";

const ID = "mug:tab";
const FREE = "mug:tab-free";

export function claimTabId(storage: TextStorage | null, makeId: () => string): string {
  if (!storage) return makeId();
  try {
    const known = storage.getItem(ID);
    const free = storage.getItem(FREE) === "1";
    storage.removeItem(FREE);
    if (known && free) return known;
    const made = makeId();
    storage.setItem(ID, made);
    return made;
  } catch {
    return makeId();
  }
}

export function releaseTabId(storage: TextStorage | null): void {
  try {
    storage?.setItem(FREE, "1");
  } catch {
    // Then a reload counts as a new tab, and the server waits until the old connection is gone.
  }
}

/** 128 random bits as hex. (crypto.randomUUID does not exist on insecure origins.) */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
