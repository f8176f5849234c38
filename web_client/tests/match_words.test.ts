import { describe, expect, it } from "vitest";
import { MatchWords, type Words } from "../src/game/match_words";

const TIMEOUT_MS = 500;

function said(words: MatchWords, now: number, live: { stage?: string; countdownMs?: number; waitingMs?: number }, server = true): Words["kind"] {
  return words.update({ stage: "playing", countdownMs: 0, waitingMs: 0, ...live }, server, now).kind;
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
    const shown = [3000, 2001, 2000, 999, 0].map((countdownMs) => words.update({ stage: "countdown", countdownMs, waitingMs: 0 }, true, 0).text);
    expect(shown).toEqual(["3", "3", "2", "1", "1"]);
  });

  it("say whose connection is interrupted", () => {
    const words = new MatchWords(TIMEOUT_MS, 1);
    const paused = { stage: "paused", countdownMs: 0, waitingMs: 5000 };
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
    const stalled = { stage: "stalled", countdownMs: 0, waitingMs: TIMEOUT_MS };
    expect(words.update(stalled, true, 100).text).toBe("Your partner's window is in the background. The game waits, and goes on by itself.");
    words.partnerAway("north", false);
    expect(words.update(stalled, true, 200).text).toBe("Waiting for your partner…");
  });

  it("end with the game", () => {
    const words = new MatchWords(TIMEOUT_MS, 1);
    expect(said(words, 0, { stage: "over", waitingMs: 9000 })).toBe("none");
  });
});
