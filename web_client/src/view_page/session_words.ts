/** What the second screen says of a session: the server's answer, put into words. Pure. */

export interface PersonShown {
  id: string;
  seat: string;
  state: string;
  scene: string;
  kind: string;
  number: number;
  of: number;
  progress: number;
  ping_ms: number | null;
  hand: boolean;
}

/** The answer of `/_mug/view/data`; times ISO-8601 UTC. */
export interface SessionShown {
  title: string;
  pilot: boolean;
  stage: string;
  since: string;
  stage_since: string;
  now: string;
  expected: number | null;
  counts: Record<string, number>;
  participants: PersonShown[];
  waitrooms: { rooms: number; waiting: number };
  matches: Record<string, number>;
  conditions: Record<string, string>;
  conditions_hidden: boolean;
}

const STAGES: Readonly<Record<string, string>> = {
  prepared: "Not open yet",
  doors_open: "Doors open",
  running: "Running",
  paused: "Paused",
  ended: "Ended",
};

/** A shape for each state, so that colour is not needed to tell them apart. */
const SHAPES: Readonly<Record<string, string>> = {
  playing: "▶",
  waiting: "◔",
  paused: "Ⅱ",
  finished: "✓",
  excluded: "✕",
  "turned away": "✕",
  away: "○",
  "in trouble": "!",
};

export function stageWords(stage: string): string {
  return STAGES[stage] ?? stage;
}

export function shapeOf(state: string): string {
  return SHAPES[state] ?? "●";
}

/** "running for 1 h 05 min"; by the server's clock alone. */
export function durationWords(since: string, now: string): string {
  const minutes = Math.floor((Date.parse(now) - Date.parse(since)) / 60_000);
  if (!Number.isFinite(minutes) || minutes < 0) return "";
  if (minutes < 1) return "for less than a minute";
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `for ${minutes} min` : `for ${hours} h ${String(minutes % 60).padStart(2, "0")} min`;
}

export function stageLine({ stage, since, stage_since: stageSince, now, pilot, conditions }: SessionShown): string {
  const lasts = stage === "ended" ? "" : durationWords(stageSince || since, now);
  const labels = Object.entries(conditions).map(([name, value]) => (value ? `${name}: ${value}` : name));
  return [[stageWords(stage), lasts].filter(Boolean).join(" "), pilot ? "pilot" : "", ...labels].filter(Boolean).join(" · ");
}

export function placeWords({ kind, scene, number, of }: PersonShown): string {
  if (number === 0) return "";
  const what = scene || (kind ? kind[0]?.toUpperCase() + kind.slice(1) : "");
  return `${what ? `${what}, ` : ""}${number} of ${of}`;
}

export interface CountShown {
  name: string;
  value: string;
}

export function countsShown({ counts, expected, matches, waitrooms }: SessionShown): CountShown[] {
  const present = counts["present"] ?? 0;
  const shown = [
    { name: "present", value: expected === null ? String(present) : `${present} / ${expected}` },
    { name: "waiting", value: String(counts["waiting"] ?? 0) },
    { name: "playing", value: String(counts["playing"] ?? 0) },
    { name: "finished", value: String(counts["finished"] ?? 0) },
    { name: "excluded", value: String(counts["excluded"] ?? 0) },
  ];
  if (counts["away"]) shown.push({ name: "away", value: String(counts["away"]) });
  const running = (matches["playing"] ?? 0) + (matches["connecting"] ?? 0) + (matches["paused"] ?? 0);
  const all = Object.values(matches).reduce((sum, count) => sum + count, 0);
  if (all > 0) shown.push({ name: "games running", value: String(running) }, { name: "games over", value: String(all - running) });
  if (waitrooms.rooms > 0) shown.push({ name: waitrooms.rooms === 1 ? "in a waitroom" : `in ${waitrooms.rooms} waitrooms`, value: String(waitrooms.waiting) });
  return shown;
}

/** So many tables stand side by side that everybody fits on the screen where that is possible. */
export function columnsFor(people: number): number {
  return people <= 12 ? 1 : people <= 30 ? 2 : people <= 60 ? 3 : 4;
}
