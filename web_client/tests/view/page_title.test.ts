import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PageTitle, type TitledDocument } from "../../src/view/page_title";

class Tab implements TitledDocument {
  title = "Study";
  visibilityState: DocumentVisibilityState = "visible";
  private readonly listeners: (() => void)[] = [];

  addEventListener(_type: string, listener: unknown): void {
    this.listeners.push(listener as () => void);
  }

  turn(state: DocumentVisibilityState): void {
    this.visibilityState = state;
    for (const listener of this.listeners) listener();
  }
}

describe("the title in the tab", () => {
  let tab: Tab;
  let title: PageTitle;
  beforeEach(() => {
    vi.useFakeTimers();
    tab = new Tab();
    title = new PageTitle(tab);
  });
  afterEach(() => void vi.useRealTimers());

  it("is the study's, with a note before it while there is one", () => {
    title.setStudy("Friends or foes");
    title.setNote("Waiting (1 of 2)");
    expect(tab.title).toBe("Waiting (1 of 2) · Friends or foes");
    title.setNote("");
    expect(tab.title).toBe("Friends or foes");
  });

  it("calls who looks at another tab, until the page is looked at", () => {
    tab.turn("hidden");
    title.call("Your game begins");
    const seen = [tab.title];
    for (let second = 0; second < 3; second++) {
      vi.advanceTimersByTime(1000);
      seen.push(tab.title);
    }
    expect(seen).toEqual(["Your game begins", "Study", "Your game begins", "Study"]);
    tab.turn("visible");
    expect(tab.title).toBe("Study");
    vi.advanceTimersByTime(5000);
    expect(tab.title).toBe("Study");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("does not call who looks at the page", () => {
    title.call("Your game begins");
    expect(tab.title).toBe("Study");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("calls with the latest words", () => {
    tab.turn("hidden");
    title.call("Your game begins");
    title.call("The wait is over");
    expect(tab.title).toBe("The wait is over");
    expect(vi.getTimerCount()).toBe(1);
  });
});
