/** What a desk checks before anybody sits down, and what is wrong, in words. Pure. */
import type { SeatCheck } from "../protocol/messages";

export const ENOUGH_HZ = 50;
/** The clock is corrected; who runs the study should know of it nevertheless. */
const WORTH_TELLING_MS = 1000;

export type CheckState = "wait" | "good" | "bad";
export interface Check extends SeatCheck {
  state: CheckState;
  text: string;
}

/** How a trial that takes a moment went. */
export interface Trial {
  state: CheckState;
  text: string;
  value?: number | null;
}

export interface Situation {
  welcomed: boolean;
  /** Null: the study needs no Python. */
  runtime: { fraction: number; text: string; booted: boolean; failure: string | null } | null;
  clockOffsetMs: number | null;
  /** Null: not measured for long enough, or hidden. */
  frameRateHz: number | null;
  visible: boolean;
  focused: boolean;
  webrtc: Trial;
  storage: Trial;
}

export const LABELS: Readonly<Record<string, string>> = {
  page: "Page",
  runtime: "Python",
  clock: "Clock",
  frame_rate: "Pictures a second",
  webrtc: "Connections to other desks",
  focus: "Keyboard and window",
  storage: "Storage of the browser",
};

export function checksOf(now: Situation): Check[] {
  return [
    now.welcomed ? check("page", "good", "Loaded.") : check("page", "wait", "Connecting to the server."),
    runtime(now),
    clock(now.clockOffsetMs),
    frameRate(now),
    { name: "webrtc", ...now.webrtc },
    focus(now),
    { name: "storage", ...now.storage },
  ];
}

export function overall(checks: readonly Check[]): CheckState {
  if (checks.some(({ state }) => state === "bad")) return "bad";
  return checks.every(({ state }) => state === "good") ? "good" : "wait";
}

function check(name: string, state: CheckState, text: string, value: number | null = null): Check {
  return { name, state, text, value };
}

function runtime({ welcomed, runtime: python }: Situation): Check {
  if (!welcomed) return check("runtime", "wait", "");
  if (!python) return check("runtime", "good", "Not needed by this study.");
  if (python.failure !== null) return check("runtime", "bad", `Python could not be loaded: ${python.failure}`, 0);
  if (python.booted) return check("runtime", "good", "Loaded, with the study's packages.", 1);
  return check("runtime", "wait", python.text, python.fraction);
}

function clock(offsetMs: number | null): Check {
  if (offsetMs === null) return check("clock", "wait", "Comparing the clock with the server's.");
  if (Math.abs(offsetMs) <= WORTH_TELLING_MS) return check("clock", "good", "Agrees with the server's.", offsetMs);
  const text = `The clock of this computer is ${durationWords(offsetMs)} ${offsetMs > 0 ? "ahead" : "behind"}. Times in the data are corrected.`;
  return check("clock", "good", text, offsetMs);
}

function frameRate({ frameRateHz: hz, visible }: Situation): Check {
  if (!visible) return check("frame_rate", "wait", "Measured as soon as this page can be seen.");
  if (hz === null) return check("frame_rate", "wait", "Measuring.");
  const rounded = Math.round(hz);
  if (hz >= ENOUGH_HZ) return check("frame_rate", "good", `${rounded} Hz.`, hz);
  return check("frame_rate", "bad", `Only ${rounded} pictures a second; ${ENOUGH_HZ} are needed. Close other programs, or set the screen to 60 Hz.`, hz);
}

function focus({ visible, focused }: Situation): Check {
  if (!visible) return check("focus", "bad", "This page is hidden: bring its tab or window to the front.");
  if (!focused) return check("focus", "bad", "Another window has the keyboard: click on this page.");
  return check("focus", "good", "This page has the keyboard.");
}

/** Whole units, at most two: "2 h 3 min", "14 s". */
export function durationWords(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1000);
  const units: readonly (readonly [string, number])[] = [
    ["d", 86_400],
    ["h", 3600],
    ["min", 60],
    ["s", 1],
  ];
  const parts: string[] = [];
  let left = seconds;
  for (const [name, size] of units) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count} ${name}`);
  }
  return parts.slice(0, 2).join(" ") || "0 s";
}
