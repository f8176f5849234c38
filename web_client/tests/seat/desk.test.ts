import { describe, expect, it } from "vitest";
import { deskOfPath, homeOf, rememberedDesk } from "../../src/seat/desk";
import { FrameRate } from "../../src/seat/frame_rate";
import type { TextStorage } from "../../src/transport/tokens";

function storage(): TextStorage {
  const entries = new Map<string, string>();
  return {
    getItem: (key) => entries.get(key) ?? null,
    setItem: (key, value) => void entries.set(key, value),
    removeItem: (key) => void entries.delete(key),
  };
}

describe("the desk of an address", () => {
  it("is the part after /seat/, and no other address has one", () => {
    expect(deskOfPath("/seat/PC-07")).toBe("PC-07");
    expect(deskOfPath("/seat/PC-07/")).toBe("PC-07");
    for (const path of ["/", "/seat", "/seat/", "/PC-07", "/seat/a/b"]) expect(deskOfPath(path)).toBeNull();
    expect(deskOfPath("/seat/%E0%A4%A")).toBe("%E0%A4%A");
    expect(homeOf("PC-07")).toBe("/seat/PC-07");
  });

  it("is remembered by the tab when the address becomes a participant's", () => {
    const tab = storage();
    expect(rememberedDesk("/p-1", tab)).toBeNull();
    expect(rememberedDesk("/seat/PC-07", tab)).toBe("PC-07");
    expect(rememberedDesk("/p-1", tab)).toBe("PC-07");
    expect(rememberedDesk("/seat/PC-08", tab)).toBe("PC-08");
    expect(rememberedDesk("/p-1", tab)).toBe("PC-08");
    expect(rememberedDesk("/seat/PC-07", null)).toBe("PC-07");
  });
});

describe("the frame rate of a screen", () => {
  it("is the usual one, whatever single pictures take", () => {
    const rate = new FrameRate();
    let at = 0;
    for (let n = 0; n < 200; n += 1) rate.drawn((at += n % 20 === 0 ? 200 : 1000 / 60));
    expect(rate.hz).toBeCloseTo(60, 0);
    rate.reset();
    expect(rate.hz).toBeNull();
  });

  it("is not known from a few pictures", () => {
    const rate = new FrameRate();
    for (let n = 0; n < 59; n += 1) rate.drawn(n * 16);
    expect(rate.hz).toBeNull();
    expect(rate.lastSecond(58 * 16)).toBe(59);
  });

  it("counts a screen at 30 Hz as one, within the time that is looked at", () => {
    const rate = new FrameRate();
    for (let n = 0; n < 150; n += 1) rate.drawn(n * 33.3);
    expect(rate.hz).toBeCloseTo(30, 0);
  });
});
