import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { isRunOutcome } from "@courier/core";
import { onTestFinished } from "vitest";
import { withEnoughTime } from "./enough-time.ts";
import { Fleet, type FleetNode, type FleetOptions } from "./survival-fleet.ts";
import { jobOf, witnessLine, type JobSpec } from "./survival-job.ts";
import { listAllRuns, readRun, type RunRecord } from "./survival-record.ts";
import { until } from "./until.ts";
import { readWitness } from "./survival-witness.ts";

/** A fleet that ends with the test. */
export async function startFleet(options: Partial<FleetOptions> = {}): Promise<Fleet> {
  const fleet = await Fleet.start({ nodeCount: 1, ...options });
  onTestFinished(() => fleet.dispose());
  return fleet;
}

/** Lines of a step that tells the witness, says so, and goes on only when its node's gate is opened: it outlives any test. */
export const gatedLines: readonly string[] = [
  witnessLine,
  "echo waiting",
  "turns=0",
  'until [ -e "$HOME/open" ] || [ "$turns" -ge 12000 ]; do turns=$((turns + 1)); sleep 0.05; done',
  "echo passed",
];

/** What `gatedLines` write. */
export const gatedOutput = "waiting\npassed\n";

/** Lets the gated steps of a node go on. */
export function openGate(node: FleetNode): void {
  writeFileSync(join(node.home, "open"), "");
}

/** Submits a job for all nodes of the fleet, one group, and returns the runs in the order of the nodes. */
export async function submitToAll(
  fleet: Fleet,
  spec: Pick<JobSpec, "steps"> & Partial<JobSpec>,
): Promise<{ readonly instanceId: string; readonly runIds: readonly string[] }> {
  const groups = [fleet.nodes.map(({ name }) => name)];
  const instanceId = await fleet.submit(jobOf({ name: crypto.randomUUID(), groups, ...spec }));
  const runs = await listAllRuns(fleet.client, instanceId);
  const runIds = fleet.nodes.map(
    ({ nodeId }) => runs.find((run) => run.nodeId === nodeId)?.runId ?? "",
  );
  return { instanceId, runIds };
}

/**
 * Submits a job of one step for the fleet's only node, with a limit for its group that suffices on this machine: the run
 * has no outcome yet when its step has begun, and what is to happen meanwhile has happened.
 */
export async function submitToBegin(
  fleet: Fleet,
  lines: readonly string[],
  meanwhile: () => Promise<void> = async () => undefined,
): Promise<{ readonly instanceId: string; readonly runId: string }> {
  const node = fleet.node(0);
  return withEnoughTime(async (timeoutSeconds) => {
    if (node.agent.pid === undefined) node.agent.start();
    const job = await submitToAll(fleet, { steps: [{ lines }], timeoutSeconds });
    const { instanceId, runIds } = job;
    const [runId = ""] = runIds;
    const hasBegun = (): boolean =>
      readWitness(node).some((execution) => execution.runId === runId);
    await until("the step has begun, or its time is over", async () =>
      hasBegun() || (await isFinal(fleet, runId)) ? true : undefined,
    );
    await meanwhile();
    return (await isFinal(fleet, runId)) ? undefined : { instanceId, runId };
  });
}

async function isFinal(fleet: Fleet, runId: string): Promise<boolean> {
  return isRunOutcome((await readRun(fleet.client, runId)).status);
}

/** Resolves when a node has executed that many attempts' beginnings. */
export async function executionsOn(node: FleetNode, count: number): Promise<void> {
  await until(`${count} attempts on ${node.name}`, () =>
    readWitness(node).length >= count ? true : undefined,
  );
}

/** Resolves with all that is recorded of a run once it is final. */
export async function finalRun(
  fleet: Fleet,
  runId: string,
): Promise<Pick<RunRecord, "status" | "reason" | "steps" | "stdout">> {
  const look = async (): Promise<Awaited<ReturnType<typeof readRun>> | undefined> => {
    const run = await readRun(fleet.client, runId);
    return isRunOutcome(run.status) ? run : undefined;
  };
  return until(`run ${runId} is final`, look);
}

/** Resolves when the service shows a run with this status. */
export async function runWithStatus(fleet: Fleet, runId: string, status: string): Promise<void> {
  await until(`run ${runId} is ${status}`, async () => {
    const run = await readRun(fleet.client, runId);
    return run.status === status ? true : undefined;
  });
}
