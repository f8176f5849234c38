/** Pictures that change by themselves: which frame of an animation shows at a time. Pure; time is given (ms). */
export interface Animation {
  name: string;
  image: string;
  frames: readonly (string | number)[];
  frameRateHz: number;
  repeat: boolean;
}

/** A study's animations, by the image that they are of and their name. */
export class Animations {
  private readonly known = new Map<string, Animation>();

  /** `still`: the person asked their computer for less motion. Every animation then shows one frame. */
  constructor(
    configs: readonly Record<string, unknown>[],
    private readonly still: () => boolean,
  ) {
    for (const config of configs) {
      const { name, image, frames, frame_rate: rate, repeat } = config;
      if (typeof name !== "string" || typeof image !== "string" || !Array.isArray(frames) || frames.length === 0) continue;
      if (typeof rate !== "number" || !(rate > 0)) continue;
      const shown = frames.filter((frame): frame is string | number => typeof frame === "string" || typeof frame === "number");
      this.known.set(key(image, name), { name, image, frames: shown, frameRateHz: rate, repeat: repeat !== false });
    }
  }

  find(image: string, frame: string | number | null): Animation | null {
    return typeof frame === "string" ? (this.known.get(key(image, frame)) ?? null) : null;
  }

  /** The frame of an animation that began `elapsed` ago; `ended`: it changes no more. */
  frame(animation: Animation, elapsed: number): { frame: string | number; ended: boolean } {
    const { frames, frameRateHz, repeat } = animation;
    const last = frames.length - 1;
    let index = Math.max(0, Math.floor((elapsed * frameRateHz) / 1000 + 1e-6));
    if (this.still()) index = repeat ? 0 : last;
    else index = repeat ? index % frames.length : Math.min(index, last);
    return { frame: frames[index] ?? 0, ended: this.still() || last === 0 || (!repeat && index === last) };
  }
}

function key(image: string, name: string): string {
  return JSON.stringify([image, name]);
}
