import { readShown } from "@courier/core";
import type { StepOutputs } from "@courier/store";
import { carriedValuesBytesMax } from "./limits.ts";

/** What a run knows of the steps that it leaves out. */
export interface CarriedValues {
  readonly values: Readonly<Record<string, string>>;
  /** What it adds to a frame. */
  readonly bytes: number;
}

/**
 * The variables by run, from what its steps are recorded to have produced. Sensitive values and those that are too long to be shown
 * were never told to the service: a step that needs one fails and says so.
 */
export function carriedValues(
  produced: readonly StepOutputs[],
): ReadonlyMap<string, CarriedValues> {
  const byRun = new Map<string, CarriedValues>();
  for (const { runId, outputs } of produced) {
    const before = byRun.get(runId) ?? { values: {}, bytes: 0 };
    const bytes = before.bytes + Buffer.byteLength(outputs);
    if (bytes > carriedValuesBytesMax) continue;
    byRun.set(runId, { values: { ...before.values, ...readShown(outputs) }, bytes });
  }
  return byRun;
}
