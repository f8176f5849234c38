/** Where a build is in its episodes: what the page counts, whatever the build says. Pure. */

export type EpisodePhase = "between" | "playing" | "over";

export class Episodes {
  private readonly scores: (number | null)[];
  private playing = false;

  /** `scores`: of the episodes that are over already, in order. */
  constructor(
    readonly total: number,
    scores: readonly (number | null)[],
  ) {
    this.scores = scores.slice(0, total);
  }

  get phase(): EpisodePhase {
    if (this.playing) return "playing";
    return this.scores.length >= this.total ? "over" : "between";
  }

  /** How many are over. */
  get done(): number {
    return this.scores.length;
  }

  /** The number, from 0, of the one that is played or comes next. */
  get current(): number {
    return Math.min(this.scores.length, this.total - 1);
  }

  /** Of those whose score is known; null when none is. */
  get score(): number | null {
    const known = this.scores.filter((score) => score !== null);
    return known.length > 0 ? known.reduce((sum, score) => sum + score, 0) : null;
  }

  get allScores(): readonly (number | null)[] {
    return this.scores;
  }

  /** The build begins an episode; its number, or null where none is to be played any more. */
  begin(): number | null {
    if (this.phase === "over") return null;
    this.playing = true;
    return this.scores.length;
  }

  /** The build ends its episode; its number, or null where none was to be played any more. */
  end(score: number | null): number | null {
    if (this.phase === "over") return null;
    this.playing = false;
    this.scores.push(score);
    return this.scores.length - 1;
  }

  /** What the server says that an episode is worth. */
  scored(episode: number, score: number | null): void {
    if (episode < this.scores.length) this.scores[episode] = score;
  }
}

/** 3 is "3", 2.5 is "2.5", 0.1 + 0.2 is "0.3". */
export function scoreWords(score: number): string {
  return String(Math.round(score * 100) / 100);
}
