import { describe, expect, it } from "vitest";
import { World } from "./world.ts";

/** COURIER_SIM_SEED replays one seed, COURIER_SIM_SEEDS sets how many are tried. */
const single = process.env["COURIER_SIM_SEED"];
const seedCount = Number(process.env["COURIER_SIM_SEEDS"] ?? 2000);
const seedsPerTest = 50;

/** Declares the tests of one of two halves of the seeds, so that two workers share them. */
export function describeSeeds(half: 0 | 1): void {
  describe("the service under crashes, lost and reordered messages and clock jumps", () => {
    if (single === undefined) describeRanges(half);
    else describeOne(Number(single));
  });
}

function describeOne(seed: number): void {
  it(`keeps its promises with seed ${seed}`, async () => {
    await expect(World.simulate(seed)).resolves.toBeUndefined();
  });
}

function describeRanges(half: 0 | 1): void {
  const starts = Array.from({ length: Math.ceil(seedCount / seedsPerTest) }, (_, n) => n)
    .filter((number) => number % 2 === half)
    .map((number) => number * seedsPerTest);
  it.each(starts)("keeps its promises with 50 seeds from %i", async (start) => {
    expect(await brokenSeeds(start, Math.min(seedCount, start + seedsPerTest))).toEqual([]);
  });
}

async function brokenSeeds(from: number, to: number): Promise<string[]> {
  const broken: string[] = [];
  for (let seed = from; seed < to; seed += 1) {
    await World.simulate(seed).catch((error: unknown) => {
      broken.push(`COURIER_SIM_SEED=${seed}: ${String(error)}`);
    });
  }
  return broken;
}
