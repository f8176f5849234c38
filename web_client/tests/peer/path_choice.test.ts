import { describe, expect, it } from "vitest";
import { PathChoice } from "../../src/peer/path_choice";

/** A choice whose match plays: better paths have to wait for the next episode. */
function playing(triesDirect = true): PathChoice {
  const choice = new PathChoice(triesDirect, 0);
  choice.boundary(false);
  return choice;
}

describe("the way to a partner", () => {
  it("is the direct one as soon as that is open", () => {
    const choice = playing();
    expect(choice.update(100)).toBe("");
    choice.directOpened(300);
    expect(choice.update(300)).toBe("p2p");
  });

  it("goes through the server when nothing direct came for five seconds", () => {
    const choice = playing();
    expect(choice.update(4999)).toBe("");
    expect(choice.update(5000)).toBe("relay");
  });

  it("goes through the server at once where no direct one is looked for, or the partner's packets come that way", () => {
    expect(playing(false).update(0)).toBe("relay");
    const choice = playing();
    choice.heard("relay", 200);
    expect(choice.update(200)).toBe("relay");
  });

  it("stays the server's for an episode, and is the direct one from the next", () => {
    const choice = playing();
    choice.update(5000);
    choice.directOpened(7000);
    expect(choice.update(7000)).toBe("relay");
    choice.boundary(true);
    expect(choice.update(9000)).toBe("p2p");
  });

  it("gives way to the server's when it breaks or falls silent", () => {
    const broken = playing();
    broken.directOpened(300);
    broken.update(300);
    broken.directClosed();
    expect(broken.update(400)).toBe("relay");

    const silent = playing();
    silent.directOpened(0);
    silent.heard("p2p", 1000);
    expect(silent.update(3000)).toBe("p2p");
    expect(silent.update(3001)).toBe("relay");
  });

  it("gives way sooner where the partner has already turned to the server", () => {
    const choice = playing();
    choice.directOpened(0);
    choice.heard("p2p", 1000);
    choice.heard("relay", 2000);
    expect(choice.update(2500)).toBe("p2p");
    expect(choice.update(2501)).toBe("relay");
  });

  it("that fell silent is not taken again before something came over it", () => {
    const choice = playing();
    choice.directOpened(0);
    choice.update(0);
    choice.update(2001);
    choice.boundary(true);
    expect(choice.update(3000)).toBe("relay");
    choice.heard("p2p", 3100);
    expect(choice.update(3100)).toBe("p2p");
  });

  it("is the direct one, silent or not, while the server is out of reach, and none where there is none", () => {
    const choice = playing();
    choice.directOpened(0);
    choice.update(0);
    choice.serverChanged(false);
    expect(choice.update(60_000)).toBe("p2p");
    choice.directClosed();
    expect(choice.update(60_001)).toBe("");
    choice.serverChanged(true);
    expect(choice.update(60_002)).toBe("relay");
  });
});
