import { describe, expect, it } from "vitest";
import { MatchWords, type Words } from "../src/game/match_words";

const TIMEOUT_MS = 500;
const STANDING = {
  stage: "playing",
  countdownMs: 0,
  waitingMs: 0,
  episode: 0,
  frame: 0,
  silent: [] as { player: number; ms: number }[],
  returning: [] as number[],
  held: false,
};

function said(words: MatchWords, now: number, live: Partial<typeof STANDING>, server = true): Words["kind"] {
  return words.update({ ...STANDING, ...live }, server, now).kind;
}

describe("the words over a game of several people", () => {
  it("say nothing of stand-stills that are shorter than the study's time", () => {
    const words = new MatchWords(TIMEOUT_MS, 1);
    for (let now = 0; now < 10_000; now += 100) expect(said(words, now, { stage: "stalled", waitingMs: 499 })).toBe("none");
  });

  it("take the way of the last keys between two episodes for no stand-still", () => {
    const words = new MatchWords(TIMEOUT_MS, 1);
    expect(said(words, 0, { stage: "between", waitingMs: 1499 })).toBe("none");
    expect(said(words, 100, { stage: "between", waitingMs: 1500 })).toBe("waiting");
  });

  it("stay for a moment once they are there, so that they do not flicker", () => {
    const words = new MatchWords(TIMEOUT_MS, 1);
    expect(said(words, 1000, { stage: "stalled", waitingMs: 500 })).toBe("waiting");
    expect(said(words, 1100, {})).toBe("waiting");
    expect(said(words, 1799, {})).toBe("waiting");
    expect(said(words, 1800, {})).toBe("none");
  });

  it("count down in whole seconds and never to nought", () => {
    const words = new MatchWords(TIMEOUT_MS, 1);
    const shown = [3000, 2001, 2000, 999, 0].map((countdownMs) => words.update({ ...STANDING, stage: "countdown", countdownMs }, true, 0).text);
    expect(shown).toEqual(["3", "3", "2", "1", "1"]);
  });

  it("say whose connection is interrupted", () => {
    const words = new MatchWords(TIMEOUT_MS, 1);
    const paused = { ...STANDING, stage: "paused", waitingMs: 5000 };
    expect(words.update(paused, true, 0).text).toContain("your partner");
    expect(words.update(paused, false, 0).text).toContain("Your connection");
    expect(new MatchWords(TIMEOUT_MS, 2).update(paused, true, 0).text).toContain("another player");
  });

  it("tell for a while that somebody has left, and a stall goes before it", () => {
    const words = new MatchWords(TIMEOUT_MS, 1);
    words.notice("Your partner has left. The game goes on.", 0);
    expect(said(words, 0, { stage: "paused" })).toBe("paused");
    expect(said(words, 100, {})).toBe("notice");
    expect(said(words, 5999, {})).toBe("notice");
    expect(said(words, 6000, {})).toBe("none");
  });

  it("say that the game waits for a partner's window in the background", () => {
    const words = new MatchWords(TIMEOUT_MS, 1);
    words.partnerAway("north", true);
    expect(said(words, 0, {})).toBe("none");
    const stalled = { ...STANDING, stage: "stalled", waitingMs: TIMEOUT_MS };
    expect(words.update(stalled, true, 100).text).toBe("Your partner's window is in the background. The game waits, and goes on by itself.");
    words.partnerAway("north", false);
    expect(words.update(stalled, true, 200).text).toBe("Waiting for your partner…");
  });

  it("say that a partner is coming back, and then count down to where the game goes on", () => {
    const words = new MatchWords(TIMEOUT_MS, 1);
    expect(words.update({ ...STANDING, stage: "paused", returning: [1] }, true, 0).text).toBe("Your partner is coming back. The game goes on by itself.");
    const counting = words.update({ ...STANDING, stage: "countdown", countdownMs: 1500, frame: 90 }, true, 100);
    expect([counting.heading, counting.text]).toEqual(["The game goes on in", "2"]);
    expect(words.update({ ...STANDING, stage: "countdown", countdownMs: 1500 }, true, 200).heading).toBe("The game begins in");
  });

  it("say that there is no signal from a partner as soon as the worker misses it", () => {
    const words = new MatchWords(TIMEOUT_MS, 1);
    const shown = words.update({ ...STANDING, stage: "stalled", waitingMs: 300, silent: [{ player: 1, ms: 760 }] }, true, 0);
    expect(shown).toEqual({ kind: "waiting", text: "No signal from your partner. Waiting…" });
  });

  it("end with the game", () => {
    const words = new MatchWords(TIMEOUT_MS, 1);
    expect(said(words, 0, { stage: "over", waitingMs: 9000 })).toBe("none");
  });
});
