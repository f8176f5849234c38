import { describe, expect, it } from "vitest";
import { Animations } from "../src/render/animations";
import { servedPath } from "../src/render/paths";

describe("the path of a picture", () => {
  const folders = { roots: ["art", "static/more"], assetsDir: "./art/" };

  it("that begins with a served folder is that file, any other is below the assets folder", () => {
    expect(servedPath("static/more/car.png", folders)).toBe("static/more/car.png");
    expect(servedPath("./art/car.png", folders)).toBe("art/car.png");
    expect(servedPath("car.png", folders)).toBe("art/car.png");
    expect(servedPath("icons//car.png", folders)).toBe("art/icons/car.png");
    expect(servedPath("static/car.png", folders)).toBe("art/static/car.png");
    expect(servedPath(servedPath("car.png", folders), folders)).toBe("art/car.png");
  });

  it("stays as it is where no assets folder is served, and where it holds the picture itself", () => {
    expect(servedPath("car.png", { roots: ["static"], assetsDir: "." })).toBe("car.png");
    expect(servedPath("data:image/png;base64,AA", folders)).toBe("data:image/png;base64,AA");
  });
});

describe("animations", () => {
  const configs = [
    { name: "walk", image: "chef", frames: ["a", "b", "c"], frame_rate: 10 },
    { name: "fall", image: "chef", frames: [4, 7], frame_rate: 10, repeat: false },
    { name: "bad", image: "chef", frames: [], frame_rate: 10 },
  ];

  function shown(animations: Animations, name: string, times: number[]): (string | number)[] {
    const animation = animations.find("chef", name);
    if (!animation) throw new Error(`${name} is not known`);
    return times.map((time) => animations.frame(animation, time).frame);
  }

  it("go over and over, or once", () => {
    const animations = new Animations(configs, () => false);
    expect(shown(animations, "walk", [0, 99, 100, 250, 300, 1000])).toEqual(["a", "a", "b", "c", "a", "b"]);
    expect(shown(animations, "fall", [0, 100, 5000])).toEqual([4, 7, 7]);
    const fall = animations.find("chef", "fall");
    expect(fall && [animations.frame(fall, 0).ended, animations.frame(fall, 100).ended]).toEqual([false, true]);
  });

  it("belong to their image, and a frame of that name is one only where it is known", () => {
    const animations = new Animations(configs, () => false);
    expect(animations.find("pot", "walk")).toBeNull();
    expect(animations.find("chef", 0)).toBeNull();
    expect(animations.find("chef", "bad")).toBeNull();
  });

  it("stand still for who asks for less motion: over and over at the first frame, once at the last", () => {
    const animations = new Animations(configs, () => true);
    expect(shown(animations, "walk", [0, 150])).toEqual(["a", "a"]);
    expect(shown(animations, "fall", [0, 150])).toEqual([7, 7]);
  });
});
