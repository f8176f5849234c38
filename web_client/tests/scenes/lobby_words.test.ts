import { describe, expect, it } from "vitest";
import { countWords, stageWords, titleWords } from "../../src/scenes/lobby";

describe("what the waitroom says", () => {
  it("says what happens now in each stage", () => {
    expect(stageWords("waiting", 2, "game", false)).toContain("begins by itself");
    expect(stageWords("waiting", 2, "study", false)).toContain("study goes on by itself");
    expect(stageWords("probing", 2, "game", false)).toBe("Checking the connection to the other participant…");
    expect(stageWords("probing", 3, "game", false)).toBe("Checking the connection to the other participants…");
    expect(stageWords("held", 2, "game", false)).toBe("The experimenter starts the game in a moment.");
    expect(stageWords("returning", 2, "game", false)).toBe("Waiting for your partner from before…");
  });

  it("is headed by whom it waits for, while it does", () => {
    expect(titleWords("waiting", 2)).toBe("Waiting for another participant");
    expect(titleWords("probing", 3)).toBe("Waiting for the other participants");
    expect(titleWords("held", 3)).toBe("Everyone is here");
  });

  it("does not say that everyone is awaited where enough are here", () => {
    expect(stageWords("waiting", 2, "game", true)).toContain("can play together");
  });

  it("takes a stage that it does not know for waiting", () => {
    expect(stageWords("resting", 2, "game", false)).toBe(stageWords("waiting", 2, "game", false));
  });

  it("never counts more people than are needed as missing nobody", () => {
    expect(countWords(1, 2)).toBe("1 of 2 people are here.");
    expect(countWords(2, 2)).toBe("2 of 2 people are here.");
    expect(countWords(3, 2)).toBe("3 people are here; 2 are needed.");
  });
});
