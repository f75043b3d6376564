import type { CanonicalStepLimits } from "@courier/schema";

/**
 * How many processors' time a step may use at most: `cpu`, a share (1 = all of it), of `cores` (0 = those of the machine).
 * Undefined when that is no limit here. `cpu: 0` is no limit either.
 */
export function cpuQuotaOf(
  { cores, cpu }: Pick<CanonicalStepLimits, "cores" | "cpu">,
  machineCores: number,
): number | undefined {
  const share = cpu === 0 ? 1 : cpu;
  const quota = share * (cores === 0 ? machineCores : cores);
  return quota < machineCores ? quota : undefined;
}
