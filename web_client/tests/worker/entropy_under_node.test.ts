/** Records are stepped again under Node by a script of its own: its clocks and chance must be the worker's, number by number. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { MatchEntropy } from "../../src/worker/match_entropy";

interface Entropy {
  begin(seedLow: number, seedHigh: number, clockMs: number): void;
  end(): void;
}

const SCRIPT = new URL("../../../mug/runtime/node_scripts/run_in_python.mjs", import.meta.url);

function ofTheScript(): Entropy {
  const source = /class MatchEntropy \{[\s\S]*?\n\}\n/.exec(readFileSync(SCRIPT, "utf-8"))?.[0] ?? "";
  return new Function(`${source}; return new MatchEntropy();`)() as Entropy;
}

function asked(entropy: Entropy, seed: [number, number]): unknown[] {
  entropy.begin(seed[0], seed[1], 1_577_836_800_000);
  try {
    const bytes = crypto.getRandomValues(new Uint8Array(257));
    const words = crypto.getRandomValues(new Uint32Array(5));
    return [Date.now(), performance.now(), ...bytes, ...words, Date.now(), performance.now()];
  } finally {
    entropy.end();
  }
}

test.each([[0, 0], [1, 2], [0xffffffff, 0x80000001]] as [number, number][])("a step with the seed %d, %d", (low, high) => {
  const here = asked(new MatchEntropy(), [low, high]);
  expect(asked(ofTheScript(), [low, high])).toEqual(here);
  expect(asked(new MatchEntropy(), [low + 1, high])).not.toEqual(here);
});
