import { describe, expect, it } from "vitest";
import { World } from "./world.ts";

/** COURIER_SIM_SEED replays one seed, COURIER_SIM_SEEDS sets how many are tried. */
const single = process.env["COURIER_SIM_SEED"];
const seedCount = Number(process.env["COURIER_SIM_SEEDS"] ?? 2000);
const seedsPerTest = 50;

describe("the service under crashes, lost and reordered messages and clock jumps", () => {
  const starts = Array.from(
    { length: Math.ceil(seedCount / seedsPerTest) },
    (_, index) => index * seedsPerTest,
  );

  if (single !== undefined) {
    it(`keeps its promises with seed ${single}`, async () => {
      await expect(World.simulate(Number(single))).resolves.toBeUndefined();
    });
    return;
  }

  it.each(starts)(
    "keeps its promises with 50 seeds from %i",
    async (start) => {
      const broken: string[] = [];
      for (let seed = start; seed < Math.min(seedCount, start + seedsPerTest); seed += 1) {
        await World.simulate(seed).catch((error: unknown) => {
          broken.push(`COURIER_SIM_SEED=${seed}: ${String(error)}`);
        });
      }
      expect(broken).toEqual([]);
    },
    300_000,
  );
});
