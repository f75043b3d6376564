import type { CanonicalJob } from "@courier/schema";
import type { ErrorDetail } from "../courier-error.ts";
import { counted } from "../text/counted.ts";
import { listSome } from "../text/list-some.ts";

/** What a plan was made of. */
export interface PlanMemory {
  readonly job: CanonicalJob;
  /** Node ids of each group, in the order in which they get their runs. */
  readonly targets: readonly (readonly string[])[];
}

/** Fields of the template that are named at most. */
const fieldsMax = 20;

/** How the present differs from what was planned, each difference at its place in the template. `nameOf` gives a node's name. */
export function findDrift(
  planned: PlanMemory,
  present: PlanMemory,
  nameOf: (nodeId: string) => string,
): readonly ErrorDetail[] {
  const fields = differingFields(planned.job, present.job);
  return [
    ...fields
      .slice(0, fieldsMax)
      .map((pointer) => ({ pointer, message: "differs from what was planned" })),
    ...present.targets.flatMap((nodeIds, index) => {
      const change = describeChange(planned.targets[index] ?? [], nodeIds, nameOf);
      return change === "" ? [] : [{ pointer: `/target/groups/${index}`, message: change }];
    }),
  ];
}

function describeChange(
  planned: readonly string[],
  present: readonly string[],
  nameOf: (nodeId: string) => string,
): string {
  const [before, now] = [new Set(planned), new Set(present)];
  const added = present.filter((id) => !before.has(id)).map(nameOf);
  const removed = planned.filter((id) => !now.has(id)).map(nameOf);
  const parts = [
    ...(added.length > 0 ? [`${counted(added.length, "node")} added: ${listSome(added)}`] : []),
    ...(removed.length > 0
      ? [`${counted(removed.length, "node")} removed: ${listSome(removed)}`]
      : []),
  ];
  const isReordered = parts.length === 0 && planned.some((id, index) => id !== present[index]);
  if (isReordered) return "the same nodes in another order: their batches are other ones";
  return parts.join("; ");
}

/** Pointers of what is different, the identifiers of nodes left out: the targets say more about them. */
function differingFields(planned: CanonicalJob, present: CanonicalJob): readonly string[] {
  return [...differences(planned, present, "")].filter(
    (pointer) => !/^\/target\/groups\/\d+\/nodeIdentifiers(\/|$)/.test(pointer),
  );
}

function* differences(a: unknown, b: unknown, pointer: string): Generator<string> {
  if (!isContainer(a) || !isContainer(b) || Array.isArray(a) !== Array.isArray(b)) {
    if (a !== b) yield pointer;
    return;
  }
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const escaped = key.replaceAll("~", "~0").replaceAll("/", "~1");
    yield* differences(a[key], b[key], `${pointer}/${escaped}`);
  }
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
