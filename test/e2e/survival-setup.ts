import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { isRunOutcome } from "@courier/core";
import { onTestFinished } from "vitest";
import { Fleet, type FleetNode, type FleetOptions } from "./survival-fleet.ts";
import { jobOf, witnessLine, type JobSpec } from "./survival-job.ts";
import { listAllRuns, readRun, type RunRecord } from "./survival-record.ts";
import { until } from "./survival-until.ts";
import { readWitness } from "./survival-witness.ts";

/** A fleet that ends with the test. */
export async function startFleet(options: Partial<FleetOptions> = {}): Promise<Fleet> {
  const fleet = await Fleet.start({ nodeCount: 1, ...options });
  onTestFinished(() => fleet.dispose());
  return fleet;
}

/** Lines of a step that tells the witness, says so, and goes on only when its node's gate is opened. */
export const gatedLines: readonly string[] = [
  witnessLine,
  "echo waiting",
  "turns=0",
  'until [ -e "$HOME/open" ] || [ "$turns" -ge 1200 ]; do turns=$((turns + 1)); sleep 0.05; done',
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
  limitMs?: number,
): Promise<Pick<RunRecord, "status" | "reason" | "steps" | "stdout">> {
  const look = async (): Promise<Awaited<ReturnType<typeof readRun>> | undefined> => {
    const run = await readRun(fleet.client, runId);
    return isRunOutcome(run.status) ? run : undefined;
  };
  return until(`run ${runId} is final`, look, limitMs);
}

/** Resolves when the service shows a run with this status. */
export async function runWithStatus(fleet: Fleet, runId: string, status: string): Promise<void> {
  await until(`run ${runId} is ${status}`, async () => {
    const run = await readRun(fleet.client, runId);
    return run.status === status ? true : undefined;
  });
}
