/**
 * Where in a match the watcher is: plays, stands, steps, jumps, or follows a live match at a little distance. Pure; time is
 * given (ms), and what has arrived.
 */

export const SPEEDS = [0.25, 0.5, 1, 2, 4, 8] as const;

/** A live match is followed at about this distance (s): rows come once a second, and none is to be waited for. */
const BEHIND_S = 1;
const CLOSE_S = 0.5;
const FAR_S = 1.8;
/** Further behind than this, what lies between is left out. */
const LOST_S = 4;

/** A page that was hidden does not make up for the time. */
const LONGEST_STEP_MS = 250;

export interface Place {
  episode: number;
  frame: number;
}

export class Playback {
  private readonly frames = new Map<number, number>();
  private episode = 0;
  /** In frames, with a fraction. */
  private position = 0;
  playing = false;
  following: boolean;
  /** Whoever begins to follow is brought to where the match is. */
  private joined = false;
  speed = 1;

  constructor(
    private readonly fps: number,
    public live: boolean,
  ) {
    this.following = live;
  }

  get place(): Place {
    return { episode: this.episode, frame: Math.floor(this.position + 1e-9) };
  }

  get episodes(): number[] {
    return [...this.frames.keys()].sort((a, b) => a - b);
  }

  get isEmpty(): boolean {
    return this.frames.size === 0;
  }

  framesOf(episode: number): number {
    return this.frames.get(episode) ?? 0;
  }

  /** Rows have come. The first ones bring a follower to where the match is. */
  arrived(episode: number, frames: number): void {
    const first = this.isEmpty;
    this.frames.set(episode, Math.max(frames, this.framesOf(episode)));
    if (first) {
      this.episode = episode;
      this.position = 0;
    }
  }

  /** The match is over: there is nothing to follow any more. */
  ended(): void {
    this.live = false;
    if (this.following) this.playing = true;
    this.following = false;
  }

  toggle(): void {
    if (this.following || this.playing) {
      this.pause();
      return;
    }
    if (!this.live && this.atEnd()) this.jump(this.episodes[0] ?? 0, 0);
    this.playing = true;
  }

  pause(): void {
    this.playing = this.following = false;
    this.position = this.place.frame;
  }

  follow(on: boolean): void {
    this.following = on && this.live;
    this.playing = this.joined = false;
    if (!this.following) this.pause();
  }

  step(frames: number): void {
    this.pause();
    this.position = this.clamped(this.position + frames);
  }

  seek(frame: number): void {
    this.following = false;
    this.position = this.clamped(frame);
  }

  /** To a round that has rows. */
  jump(episode: number, frame = 0): void {
    if (!this.frames.has(episode)) return;
    this.following = false;
    this.episode = episode;
    this.position = this.clamped(frame);
  }

  faster(by: 1 | -1): void {
    const at = SPEEDS.indexOf(this.speed as (typeof SPEEDS)[number]);
    this.speed = SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, at + by))] ?? 1;
  }

  /** Let time pass. */
  advance(elapsedMs: number): void {
    if (this.isEmpty || (!this.playing && !this.following)) return;
    const seconds = Math.min(elapsedMs, LONGEST_STEP_MS) / 1000;
    if (this.following) {
      const behind = this.behind() / this.fps;
      if (behind > LOST_S || !this.joined) {
        this.joined = true;
        this.catchUp();
        return;
      }
      const speed = behind > FAR_S ? 1.25 : behind < CLOSE_S ? 0.75 : 1;
      this.move(seconds * this.fps * speed);
    } else {
      this.move(seconds * this.fps * this.speed);
      if (!this.live && this.atEnd()) this.playing = false;
    }
  }

  /** How many frames have arrived that are still to be shown. */
  behind(): number {
    let frames = this.framesOf(this.episode) - this.position;
    for (const [episode, count] of this.frames) if (episode > this.episode) frames += count;
    return frames;
  }

  private atEnd(): boolean {
    const last = this.episodes.at(-1) ?? 0;
    return this.episode === last && this.position >= this.framesOf(last);
  }

  private catchUp(): void {
    const last = this.episodes.at(-1) ?? 0;
    this.episode = last;
    this.position = Math.max(0, Math.floor(this.framesOf(last) - BEHIND_S * this.fps));
  }

  /** The end of a round is shown before the next one begins. */
  private move(frames: number): void {
    const end = this.framesOf(this.episode);
    if (this.position < end) {
      this.position = Math.min(end, this.position + frames);
      return;
    }
    const next = this.episodes.find((episode) => episode > this.episode);
    if (next === undefined) return;
    this.episode = next;
    this.position = 0;
  }

  private clamped(frame: number): number {
    return Math.min(this.framesOf(this.episode), Math.max(0, Math.floor(frame)));
  }
}
