import { describe, expect, it } from "vitest";
import { KeyTracker, type KeyEventLike } from "../src/input/key_tracker";

function key(name: string, more: Partial<KeyEventLike> = {}): KeyEventLike {
  return { key: name, code: more.code ?? name, repeat: false, ctrlKey: false, altKey: false, metaKey: false, ...more };
}

describe("the key tracker", () => {
  it("holds chords in the order of pressing and counts each press once", () => {
    const keys = new KeyTracker(["ArrowLeft", "ArrowUp"]);
    keys.keyDown(key("ArrowUp"));
    keys.keyDown(key("ArrowLeft"));
    keys.keyDown(key("ArrowLeft", { repeat: true }));
    expect(keys.held()).toEqual(["ArrowUp", "ArrowLeft"]);
    expect(keys.takePresses()).toEqual(["ArrowUp", "ArrowLeft"]);
    expect(keys.takePresses()).toEqual([]);
    keys.keyUp(key("ArrowUp"));
    expect(keys.held()).toEqual(["ArrowLeft"]);
  });

  it("takes only mapped keys", () => {
    const keys = new KeyTracker(["ArrowLeft"]);
    expect(keys.keyDown(key("ArrowLeft"))).toBe(true);
    expect(keys.keyDown(key("F5"))).toBe(false);
    expect(keys.keyDown(key("Tab"))).toBe(false);
  });

  it("releases a letter whose name changed with Shift between pressing and releasing", () => {
    const keys = new KeyTracker(["w"]);
    keys.keyDown(key("w", { code: "KeyW" }));
    keys.keyUp(key("W", { code: "KeyW" }));
    expect(keys.held()).toEqual([]);
  });

  it("takes a letter with CapsLock, unless both cases are mapped", () => {
    const either = new KeyTracker(["w"]);
    either.keyDown(key("W", { code: "KeyW" }));
    expect(either.held()).toEqual(["w"]);
    const upper = new KeyTracker(["W"]);
    upper.keyDown(key("w", { code: "KeyW" }));
    expect(upper.held()).toEqual(["W"]);
    const both = new KeyTracker(["w", "W"]);
    both.keyDown(key("W", { code: "KeyW" }));
    expect(both.held()).toEqual(["W"]);
  });

  it("knows the layout by the key's name, not its place", () => {
    const keys = new KeyTracker(["w"]);
    keys.keyDown(key("w", { code: "KeyZ" }));
    expect(keys.held()).toEqual(["w"]);
  });

  it("holds nothing after the focus is lost, and a repeat shows that a key is still down", () => {
    const keys = new KeyTracker(["ArrowLeft"]);
    keys.keyDown(key("ArrowLeft"));
    keys.takePresses();
    keys.releaseAll();
    expect(keys.held()).toEqual([]);
    keys.keyDown(key("ArrowLeft", { repeat: true }));
    expect(keys.held()).toEqual(["ArrowLeft"]);
    expect(keys.takePresses()).toEqual([]);
  });

  it("ignores the repeats of a key that was already down when the game began", () => {
    const keys = new KeyTracker(["Enter"]);
    expect(keys.keyDown(key("Enter", { repeat: true }))).toBe(true);
    expect(keys.held()).toEqual([]);
  });

  it("leaves browser shortcuts alone", () => {
    const keys = new KeyTracker(["r", "ArrowLeft"]);
    expect(keys.keyDown(key("r", { ctrlKey: true }))).toBe(false);
    expect(keys.keyDown(key("ArrowLeft", { altKey: true }))).toBe(false);
    expect(keys.held()).toEqual([]);
  });

  it("knows the space bar by both of its names", () => {
    for (const name of [" ", "Space"]) {
      const keys = new KeyTracker([name]);
      keys.keyDown(key(" ", { code: "Space" }));
      expect(keys.held()).toEqual([name]);
    }
  });

  it("lets everything go when Meta is released, because macOS tells no more", () => {
    const keys = new KeyTracker(["a"]);
    keys.keyDown(key("a", { code: "KeyA" }));
    keys.keyUp(key("Meta"));
    expect(keys.held()).toEqual([]);
  });
});
