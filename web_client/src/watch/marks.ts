/** The marks beside the bar of frames: a lane for each agent, by colour and by height. */
import type { StatusRun } from "./rpc";

export interface StatusLook {
  word: string;
  /** A custom property of watch.css. */
  colour: string;
  /** Share of the lane's height. */
  height: number;
}

/** What an action's status means, in words; own keys have no mark. */
export const STATUS_LOOKS: Readonly<Record<string, StatusLook>> = {
  default: { word: "no key", colour: "--mark-default", height: 0.3 },
  policy: { word: "policy", colour: "--mark-policy", height: 0.5 },
  hidden: { word: "page hidden", colour: "--mark-hidden", height: 0.75 },
  dropped: { word: "player gone", colour: "--mark-dropped", height: 1 },
};

const OTHER: StatusLook = { word: "other", colour: "--mark-hidden", height: 0.75 };
const LANE_PX = 10;
const GAP_PX = 2;

export function lookOf(status: string): StatusLook {
  return STATUS_LOOKS[status] ?? { ...OTHER, word: status };
}

/** A mark that the server set during the session, where its words name a frame. */
export interface FlagPlace {
  flag: string;
  episode: number;
  frame: number;
}

export function flagPlaces(flags: readonly { flag: string; detail: string }[]): FlagPlace[] {
  return flags.flatMap(({ flag, detail }) => {
    const place = /episode (\d+), frame (\d+)/.exec(detail);
    return place ? [{ flag, episode: Number(place[1]), frame: Number(place[2]) }] : [];
  });
}

export function drawMarks(
  canvas: HTMLCanvasElement,
  agents: readonly string[],
  runs: readonly StatusRun[],
  frames: number,
  flags: readonly FlagPlace[] = [],
): void {
  const ratio = window.devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const lanes = agents.length * (LANE_PX + GAP_PX);
  const height = lanes + (flags.length > 0 ? LANE_PX : 0);
  canvas.style.height = `${height}px`;
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.max(1, Math.round(height * ratio));
  const brush = canvas.getContext("2d");
  if (!brush || frames <= 0) return;
  const style = getComputedStyle(canvas);
  brush.scale(ratio, ratio);
  agents.forEach((agent, lane) => {
    const bottom = (lane + 1) * (LANE_PX + GAP_PX) - GAP_PX;
    brush.fillStyle = style.getPropertyValue("--line");
    brush.fillRect(0, bottom, width, 1);
    for (const [who, status, first, last] of runs) {
      if (who !== agent) continue;
      const look = lookOf(status);
      brush.fillStyle = style.getPropertyValue(look.colour);
      const left = (first / frames) * width;
      brush.fillRect(left, bottom - LANE_PX * look.height, Math.max(1, ((last + 1) / frames) * width - left), LANE_PX * look.height);
    }
  });
  brush.fillStyle = style.getPropertyValue("--wrong");
  for (const { frame } of flags) {
    const x = (Math.min(frame, frames) / frames) * width;
    brush.beginPath();
    brush.moveTo(x, lanes);
    brush.lineTo(x + LANE_PX / 2, height);
    brush.lineTo(x - LANE_PX / 2, height);
    brush.fill();
  }
}
