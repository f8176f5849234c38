import { describe, expect, it } from "vitest";
import { parseWatchAddress, watchHash } from "../../src/watch/address";
import { bytesOf } from "../../src/watch/api";
import { flagPlaces } from "../../src/watch/marks";
import { Playback } from "../../src/watch/playback";

const FPS = 30;

function recorded(...frames: number[]): Playback {
  const playback = new Playback(FPS, false);
  frames.forEach((count, episode) => playback.arrived(episode, count));
  return playback;
}

function pass(playback: Playback, seconds: number, each?: (second: number) => void): void {
  for (let tick = 0; tick < seconds * 50; tick++) {
    if (tick % 50 === 0) each?.(tick / 50);
    playback.advance(20);
  }
}

describe("a replay", () => {
  it("stands at the first frame until it is played, and at the last one afterwards", () => {
    const playback = recorded(90, 30);
    pass(playback, 1);
    expect(playback.place).toEqual({ episode: 0, frame: 0 });
    playback.toggle();
    pass(playback, 2);
    expect(playback.place.frame).toBeGreaterThan(55);
    pass(playback, 4);
    expect(playback.place).toEqual({ episode: 1, frame: 30 });
    expect(playback.playing).toBe(false);
    playback.toggle();
    expect(playback.place).toEqual({ episode: 0, frame: 0 });
  });

  it("shows the last picture of a round before the next one begins", () => {
    const playback = recorded(10, 10);
    playback.toggle();
    const seen: string[] = [];
    for (let tick = 0; tick < 40; tick++) {
      playback.advance(20);
      seen.push(`${playback.place.episode}:${playback.place.frame}`);
    }
    expect(seen).toContain("0:10");
    expect(seen).toContain("1:0");
    expect(seen.indexOf("0:10")).toBeLessThan(seen.indexOf("1:0"));
  });

  it("plays at the chosen speed, between a quarter and eight times", () => {
    const playback = recorded(10_000);
    playback.toggle();
    for (let i = 0; i < 9; i++) playback.faster(1);
    expect(playback.speed).toBe(8);
    pass(playback, 2);
    expect(playback.place.frame).toBeGreaterThanOrEqual(479);
    for (let i = 0; i < 9; i++) playback.faster(-1);
    expect(playback.speed).toBe(0.25);
  });

  it("steps by frames, never out of the round, and stands then", () => {
    const playback = recorded(20);
    playback.toggle();
    pass(playback, 0.2);
    playback.seek(5);
    playback.step(1);
    expect(playback.place.frame).toBe(6);
    expect(playback.playing).toBe(false);
    playback.step(-10);
    expect(playback.place.frame).toBe(0);
    playback.step(100);
    expect(playback.place.frame).toBe(20);
  });

  it("goes only to rounds that have rows, and only to frames that are there", () => {
    const playback = recorded(20, 30);
    playback.jump(5);
    expect(playback.place.episode).toBe(0);
    playback.jump(1, 900);
    expect(playback.place).toEqual({ episode: 1, frame: 30 });
  });

  it("does not make up for the time in which nobody looked", () => {
    const playback = recorded(10_000);
    playback.toggle();
    playback.advance(600_000);
    expect(playback.place.frame).toBeLessThan(10);
  });
});

describe("a live match", () => {
  it("is followed about a second behind what has arrived, without standing still", () => {
    const playback = new Playback(FPS, true);
    const behind: number[] = [];
    let last = -1;
    let still = 0;
    pass(playback, 30, (second) => {
      playback.arrived(0, (second + 1) * FPS);
      if (second > 5) {
        behind.push(playback.behind() / FPS);
        if (playback.place.frame === last) still++;
        last = playback.place.frame;
      }
    });
    expect(still).toBe(0);
    for (const seconds of behind) expect(seconds).toBeLessThan(2.2);
  });

  it("leaves out what lies between when it is far behind", () => {
    const playback = new Playback(FPS, true);
    playback.arrived(0, 3000);
    playback.arrived(1, 600);
    playback.advance(20);
    expect(playback.place).toEqual({ episode: 1, frame: 570 });
  });

  it("is joined where it is, not at its beginning", () => {
    const playback = new Playback(FPS, true);
    playback.arrived(0, 100);
    playback.advance(20);
    expect(playback.place.frame).toBe(70);
  });

  it("is not followed any more by whoever looks elsewhere, until it is followed again", () => {
    const playback = new Playback(FPS, true);
    playback.arrived(0, 300);
    playback.step(-1);
    expect(playback.following).toBe(false);
    playback.follow(true);
    pass(playback, 0.1);
    expect(playback.place.frame).toBeGreaterThan(260);
  });

  it("is played to its end when it is over", () => {
    const playback = new Playback(FPS, true);
    playback.arrived(0, 60);
    pass(playback, 0.2);
    playback.ended();
    expect(playback.following).toBe(false);
    pass(playback, 4);
    expect(playback.place.frame).toBe(60);
    expect(playback.playing).toBe(false);
  });
});

describe("what the session marked", () => {
  it("stands at its frame, where its words name one", () => {
    const flags = [
      { flag: "desync", detail: "anna: episode 1, frame 59: hashes differ" },
      { flag: "returned", detail: "bert" },
    ];
    expect(flagPlaces(flags)).toEqual([{ flag: "desync", episode: 1, frame: 59 }]);
  });
});

describe("the address", () => {
  it("carries everything in the fragment, and comes back as it was", () => {
    const address = { match: "m/1 ü", token: "a-b_c", recorder: "anna" };
    expect(parseWatchAddress(watchHash(address))).toEqual(address);
    expect(parseWatchAddress("")).toEqual({ match: "", token: "", recorder: "" });
  });

  it("and bytes come as base64", () => {
    expect([...bytesOf("AP+A")]).toEqual([0, 255, 128]);
  });
});
