/** What pages say to each other through the server to find a direct path. Pure: reading what came, and telling strays. */
import type { DescriptionType } from "./negotiation";

export type Signal =
  | { kind: "description"; description: { type: DescriptionType; sdp: string } }
  /** Null: the partner has no more candidates. */
  | { kind: "candidate"; candidate: RTCIceCandidateInit | null }
  | { kind: "restart" };

const TYPES: ReadonlySet<unknown> = new Set(["offer", "answer", "pranswer", "rollback"]);

/** The signal in what a partner's page sent, or null: it may be anything. */
export function readSignal(data: Readonly<Record<string, unknown>>): Signal | null {
  if (data["restart"] === true) return { kind: "restart" };
  if ("description" in data) {
    const description = data["description"];
    if (!isRecord(description) || !TYPES.has(description["type"])) return null;
    const sdp = description["sdp"];
    return { kind: "description", description: { type: description["type"] as DescriptionType, sdp: typeof sdp === "string" ? sdp : "" } };
  }
  if ("candidate" in data) {
    const { candidate } = data;
    if (candidate === null) return { kind: "candidate", candidate: null };
    return isRecord(candidate) && typeof candidate["candidate"] === "string" ? { kind: "candidate", candidate } : null;
  }
  return null;
}

/** Whether a candidate belongs to an earlier round of negotiation: its name fragment is not in the description. */
export function isStale(candidate: RTCIceCandidateInit, remoteSdp: string): boolean {
  const fragment = candidate.usernameFragment;
  if (!fragment) return false;
  const named = [...remoteSdp.matchAll(/^a=ice-ufrag:(\S+)\s*$/gm)].map((found) => found[1]);
  return named.length > 0 && !named.includes(fragment);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
