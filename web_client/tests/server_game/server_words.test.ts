import { describe, expect, it } from "vitest";
import { preparingWords, serverWords, type Standing } from "../../src/server_game/server_words";

const playing: Standing = { stage: "playing", message: "", countdownMs: 0, begun: true, reachable: true, silentMs: 0, partners: 0 };

describe("words over a game of the server", () => {
  it("are none while it is played", () => {
    expect(serverWords(playing).kind).toBe("none");
    expect(serverWords({ ...playing, stage: "over", reachable: false }).kind).toBe("none");
    expect(serverWords({ ...playing, stage: "between", silentMs: 9000 }).kind).toBe("none");
  });

  it("say that the connection is being restored, before anything else", () => {
    expect(serverWords({ ...playing, reachable: false, stage: "countdown" }).text).toContain("The connection is being restored");
    expect(serverWords({ ...playing, silentMs: 2500 }).text).toContain("Waiting for the game");
  });

  it("count down", () => {
    expect(serverWords({ ...playing, stage: "countdown", countdownMs: 2100, begun: false })).toEqual({ kind: "countdown", text: "3", heading: "The game begins in" });
    expect(serverWords({ ...playing, stage: "countdown", countdownMs: -5 })).toEqual({ kind: "countdown", text: "1", heading: "The game goes on in" });
  });

  it("are the server's own where it has some", () => {
    expect(serverWords({ ...playing, stage: "paused", message: "Your partner is away." })).toEqual({ kind: "paused", text: "Your partner is away." });
    expect(serverWords({ ...playing, message: "Your partner has left." })).toEqual({ kind: "notice", text: "Your partner has left." });
    expect(serverWords({ ...playing, stage: "restoring" }).text).toContain("The game is being restored");
  });

  it("name the others only where there are some", () => {
    expect(serverWords({ ...playing, stage: "waiting", partners: 0 }).text).not.toContain("partner");
    expect(serverWords({ ...playing, stage: "waiting", partners: 1 }).text).toBe("Waiting for your partner…");
    expect(preparingWords({ stage: "waiting", message: "" }, 2)).toBe("Waiting for the other players…");
    expect(preparingWords({ stage: "preparing", message: "" }, 0)).toContain("being prepared");
  });
});
