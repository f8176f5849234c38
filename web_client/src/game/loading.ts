/** How far the preparation of a game is, over all its stages. Pure. */
export type Stage = "runtime" | "packages" | "models" | "study" | "environment" | "replay" | "pictures";

/** Where each stage begins and ends in the whole: about the times they take. */
const SPANS: Readonly<Record<Stage, readonly [number, number]>> = {
  runtime: [0, 0.45],
  packages: [0.45, 0.7],
  models: [0.7, 0.76],
  study: [0.76, 0.8],
  environment: [0.8, 0.96],
  replay: [0.96, 1],
  // They load while Python does, and are told of where they take longer.
  pictures: [0.97, 1],
};

export function overallFraction(stage: string, fraction: number): number {
  const span = SPANS[stage as Stage] as readonly [number, number] | undefined;
  if (!span) return 0;
  return span[0] + (span[1] - span[0]) * Math.min(1, Math.max(0, fraction));
}
