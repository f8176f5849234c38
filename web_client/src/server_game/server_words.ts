/** What is said over the picture of a game that the server steps, and when. Pure; times in ms of any one clock. */
import type { Words } from "../game/match_words";
import type { ServerStatus } from "../protocol/messages";

/** The game tells of itself many times a second: silence of so long is spoken of. */
export const SILENT_MS = 2000;

export interface Standing {
  stage: string;
  message: string;
  /** ms until the first frame, while `stage` is countdown. */
  countdownMs: number;
  /** Whether frames were played before. */
  begun: boolean;
  /** Whether the page reaches the server. */
  reachable: boolean;
  /** How long nothing came of the game. */
  silentMs: number;
  /** How many other people play. */
  partners: number;
}

const NONE: Words = { kind: "none", text: "" };

export function serverWords({ stage, message, countdownMs, begun, reachable, silentMs, partners }: Standing): Words {
  if (stage === "over") return NONE;
  if (!reachable) return { kind: "paused", text: "The connection is being restored. You come back into the game as soon as it is back." };
  switch (stage) {
    case "preparing":
      return { kind: "waiting", text: message || "The game is being prepared…" };
    case "waiting":
      return { kind: "waiting", text: message || (partners > 1 ? "Waiting for the other players…" : partners === 1 ? "Waiting for your partner…" : "The game begins in a moment…") };
    case "countdown": {
      const heading = begun ? "The game goes on in" : "The game begins in";
      return { kind: "countdown", text: String(Math.max(1, Math.ceil(countdownMs / 1000))), heading };
    }
    case "paused":
      return { kind: "paused", text: message || "The game stands still for a moment. It goes on by itself." };
    case "restoring":
      return { kind: "paused", text: message || "The game is being restored. It goes on by itself in a moment." };
  }
  // Between two episodes the last picture may stand still for as long as the study says.
  if (stage === "playing" && silentMs >= SILENT_MS) return { kind: "waiting", text: "Waiting for the game. It goes on by itself…" };
  return message ? { kind: "notice", text: message } : NONE;
}

/** What a page says before there is a picture. */
export function preparingWords({ stage, message }: Pick<ServerStatus, "stage" | "message">, partners: number): string {
  if (message) return message;
  if (stage === "restoring") return "The game is being restored. It goes on by itself in a moment.";
  if (stage === "waiting" && partners > 0) return partners > 1 ? "Waiting for the other players…" : "Waiting for your partner…";
  return "The game is being prepared. It begins by itself.";
}
