import { describe, expect, it } from "vitest";
import { columnsFor, countsShown, durationWords, placeWords, stageLine, type PersonShown, type SessionShown } from "../../src/view_page/session_words";

const SESSION: SessionShown = {
  title: "Study",
  pilot: false,
  stage: "running",
  since: "2026-01-01T09:00:00.000Z",
  stage_since: "2026-01-01T10:00:00.000Z",
  now: "2026-01-01T11:05:30.000Z",
  expected: null,
  counts: { present: 4, waiting: 1, playing: 2, finished: 0, excluded: 1, away: 0 },
  participants: [],
  waitrooms: { rooms: 0, waiting: 0 },
  matches: {},
  conditions: {},
  conditions_hidden: false,
};
const PERSON: PersonShown = { id: "P-01", seat: "", state: "playing", scene: "maze", kind: "game", number: 2, of: 5, progress: 0.2, ping_ms: 12, hand: false };

describe("the second screen", () => {
  it("says how long the session has been open, by the server's clock", () => {
    expect(durationWords(SESSION.stage_since, SESSION.now)).toBe("for 1 h 05 min");
    expect(durationWords(SESSION.stage_since, "2026-01-01T10:00:59Z")).toBe("for less than a minute");
    expect(durationWords(SESSION.stage_since, "2026-01-01T10:12:00Z")).toBe("for 12 min");
    expect(durationWords(SESSION.stage_since, "2026-01-01T08:00:00Z")).toBe("");
    expect(durationWords("", SESSION.now)).toBe("");
  });

  it("says the stage, and condition labels only where the server gives them", () => {
    expect(stageLine(SESSION)).toBe("Running for 1 h 05 min");
    expect(stageLine({ ...SESSION, stage: "ended", pilot: true })).toBe("Ended · pilot");
    expect(stageLine({ ...SESSION, stage: "doors_open", conditions: { delay: "long", open: "" } })).toBe("Doors open for 1 h 05 min · delay: long · open");
  });

  it("names a scene, or only its kind where its name is hidden", () => {
    expect(placeWords(PERSON)).toBe("maze, 2 of 5");
    expect(placeWords({ ...PERSON, scene: "" })).toBe("Game, 2 of 5");
    expect(placeWords({ ...PERSON, scene: "", kind: "", number: 0 })).toBe("");
  });

  it("counts people and games", () => {
    const names = (session: SessionShown): string[] => countsShown(session).map(({ name, value }) => `${value} ${name}`);
    expect(names(SESSION)).toEqual(["4 present", "1 waiting", "2 playing", "0 finished", "1 excluded"]);
    const busy = { ...SESSION, expected: 8, matches: { playing: 2, paused: 1, completed: 4, "ended early": 1 }, waitrooms: { rooms: 1, waiting: 3 }, counts: { ...SESSION.counts, away: 2 } };
    expect(names(busy)).toEqual(["4 / 8 present", "1 waiting", "2 playing", "0 finished", "1 excluded", "2 away", "3 games running", "5 games over", "3 in a waitroom"]);
  });

  it("puts more people into more columns", () => {
    expect([1, 12, 13, 31, 100].map(columnsFor)).toEqual([1, 1, 2, 3, 4]);
  });
});
