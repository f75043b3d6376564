import { readShown } from "@courier/core";
import type { StepOutputs } from "@courier/store";
import { carriedValuesBytesMax } from "./limits.ts";

/** What a run knows of the steps that it leaves out. */
export interface CarriedValues {
  readonly values: Readonly<Record<string, string>>;
  /** Names of those that were produced and that the service does not know. */
  readonly lost: readonly string[];
  /** What it adds to a frame. */
  readonly bytes: number;
}

/**
 * The variables by run, from what its steps are recorded to have produced. Sensitive values and those that are too long to be shown
 * were never told to the service, only their names: a step that needs one fails and says so.
 */
export function carriedValues(
  produced: readonly StepOutputs[],
): ReadonlyMap<string, CarriedValues> {
  const byRun = new Map<string, CarriedValues>();
  for (const { runId, outputs } of produced) {
    const before = byRun.get(runId) ?? { values: {}, lost: [], bytes: 0 };
    byRun.set(runId, added(before, outputs));
  }
  return byRun;
}

/** A later step's value of the same name takes the place of an earlier one, known or not. */
function added(before: CarriedValues, outputs: string): CarriedValues {
  const read = readShown(outputs);
  const bytes = before.bytes + Buffer.byteLength(outputs);
  const hasRoom = bytes <= carriedValuesBytesMax;
  const values = hasRoom ? read.values : {};
  const lost = hasRoom ? read.lost : [...read.lost, ...Object.keys(read.values)];
  const isReplaced = (name: string): boolean => Object.hasOwn(values, name) || lost.includes(name);
  const kept = Object.entries(before.values).filter(([name]) => !isReplaced(name));
  return {
    values: { ...Object.fromEntries(kept), ...values },
    lost: [...before.lost.filter((name) => !isReplaced(name)), ...lost],
    bytes: hasRoom ? bytes : before.bytes,
  };
}
