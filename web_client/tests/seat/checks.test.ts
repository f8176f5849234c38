import { describe, expect, it } from "vitest";
import { checksOf, durationWords, overall, type Situation } from "../../src/seat/checks";

const GOOD: Situation = {
  welcomed: true,
  runtime: { fraction: 1, text: "", booted: true, failure: null },
  clockOffsetMs: 12,
  frameRateHz: 60,
  visible: true,
  focused: true,
  webrtc: { state: "good", text: "Made." },
  storage: { state: "good", text: "Keeps." },
};

function check(change: Partial<Situation>, name: string) {
  const found = checksOf({ ...GOOD, ...change }).find((one) => one.name === name);
  if (!found) throw new Error(`no check ${name}`);
  return found;
}

describe("the checks of a desk", () => {
  it("are the ones that the server knows, in its order", () => {
    expect(checksOf(GOOD).map(({ name }) => name)).toEqual(["page", "runtime", "clock", "frame_rate", "webrtc", "focus", "storage"]);
    expect(overall(checksOf(GOOD))).toBe("good");
  });

  it("wait while something is not known, and that is nobody's fault", () => {
    const cold: Situation = { ...GOOD, welcomed: false, runtime: null, clockOffsetMs: null, frameRateHz: null };
    expect(overall(checksOf(cold))).toBe("wait");
    expect(check({ runtime: { fraction: 0.4, text: "Loading", booted: false, failure: null } }, "runtime")).toMatchObject({ state: "wait", value: 0.4, text: "Loading" });
    expect(check({ clockOffsetMs: null }, "clock").state).toBe("wait");
    expect(check({ visible: false, frameRateHz: 20 }, "frame_rate").state).toBe("wait");
  });

  it("need no Python where the study has none", () => {
    expect(check({ runtime: null }, "runtime").state).toBe("good");
  });

  it("say in words what is wrong", () => {
    expect(check({ runtime: { fraction: 1, text: "", booted: false, failure: "no network" } }, "runtime")).toMatchObject({ state: "bad", text: "Python could not be loaded: no network" });
    expect(check({ frameRateHz: 49.9 }, "frame_rate").state).toBe("bad");
    expect(check({ frameRateHz: 50 }, "frame_rate").state).toBe("good");
    expect(check({ focused: false }, "focus").text).toContain("click on this page");
    expect(check({ visible: false }, "focus").text).toContain("hidden");
    expect(overall(checksOf({ ...GOOD, webrtc: { state: "bad", text: "" } }))).toBe("bad");
  });

  it("tell of a clock that is wrong, which is corrected and keeps nobody out", () => {
    const ahead = check({ clockOffsetMs: 7_380_000 }, "clock");
    expect(ahead.state).toBe("good");
    expect(ahead.text).toBe("The clock of this computer is 2 h 3 min ahead. Times in the data are corrected.");
    expect(check({ clockOffsetMs: -14_000 }, "clock").text).toContain("14 s behind");
    expect(check({ clockOffsetMs: 900 }, "clock").text).toBe("Agrees with the server's.");
  });
});

describe("a duration in words", () => {
  it("has two units at most", () => {
    expect([0, 59_600, 3_600_000, 90_061_000].map(durationWords)).toEqual(["0 s", "1 min", "1 h", "1 d 1 h"]);
  });
});
