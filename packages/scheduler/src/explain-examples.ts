import type { RunWait, RunWaitExample } from "@courier/protocol";
import {
  listOccupations,
  listOpenSteps,
  type Db,
  type NodeOccupation,
  type OpenStep,
} from "@courier/store";

/** Adds to the examples what keeps their nodes busy, and which step they are at. */
export async function withDetails(db: Db, waits: readonly RunWait[]): Promise<readonly RunWait[]> {
  const occupations = await listOccupations(db, nodesOf(waits));
  const steps = await listOpenSteps(db, runsOf(waits));
  return waits.map((wait) => ({
    ...wait,
    examples: wait.examples.map((example) => withDetail(wait, example, { occupations, steps })),
  }));
}

function nodesOf(waits: readonly RunWait[]): string[] {
  const busy = waits.filter(({ kind }) => kind === "busy");
  return busy.flatMap(({ examples }) => examples.map(({ nodeId }) => nodeId));
}

function runsOf(waits: readonly RunWait[]): string[] {
  const begun = waits.filter(({ kind }) => kind !== "busy" && kind !== "delivery");
  return begun.flatMap(({ examples }) => examples.map(({ runId }) => runId));
}

function withDetail(
  { kind }: RunWait,
  example: RunWaitExample,
  known: { readonly occupations: readonly NodeOccupation[]; readonly steps: readonly OpenStep[] },
): RunWaitExample {
  if (kind === "busy") {
    const occupation = known.occupations.find(({ nodeId }) => nodeId === example.nodeId);
    if (occupation === undefined) return example;
    const { runId, instanceId, jobName } = occupation;
    return { ...example, occupation: { runId, instanceId, jobName } };
  }
  const step = known.steps.find(({ runId }) => runId === example.runId);
  if (step === undefined) return example;
  const { stepNumber, attemptCount, reason } = step;
  return { ...example, step: { stepNumber, attemptCount, reason } };
}
