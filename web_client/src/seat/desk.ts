/** At which desk this tab stands: it came from the desk's address once, and keeps that over reloads and scenes. */
import type { TextStorage } from "../transport/tokens";

const KEY = "mug:desk";

/** The desk of an address like ``/seat/PC-07``; null for all others. */
export function deskOfPath(pathname: string): string | null {
  const [first, desk, ...more] = pathname.split("/").filter((part) => part !== "");
  if (first !== "seat" || desk === undefined || more.length > 0) return null;
  try {
    return decodeURIComponent(desk);
  } catch {
    return desk; // a broken escape: the server refuses it in words
  }
}

export function homeOf(desk: string): string {
  return `/seat/${encodeURIComponent(desk)}`;
}

/** The desk of the address, which is kept from now on, or the one that was kept. */
export function rememberedDesk(pathname: string, storage: TextStorage | null): string | null {
  const desk = deskOfPath(pathname);
  try {
    if (desk !== null) storage?.setItem(KEY, desk);
    return desk ?? storage?.getItem(KEY) ?? null;
  } catch {
    return desk;
  }
}
