/** What the watching page's address says; all of it is in the fragment, which no server and no other page gets to see. Pure. */
export interface WatchAddress {
  match: string;
  token: string;
  /** Whose copy of the rows; "": any that agrees. */
  recorder: string;
}

export function parseWatchAddress(hash: string): WatchAddress {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  return { match: given.get("match") ?? "", token: given.get("token") ?? "", recorder: given.get("recorder") ?? "" };
}

export function watchHash(address: WatchAddress): string {
  const parts = new URLSearchParams();
  for (const [name, value] of Object.entries(address)) if (value !== "") parts.set(name, String(value));
  return `#${parts.toString()}`;
}
