import type { CourierClient } from "@courier/client";
import type { InstanceDetail, Run, StepResult } from "@courier/schema";

const signal = new AbortController().signal;
const pageSize = 100;

/** All runs of an instance. */
export async function listAllRuns(client: CourierClient, instanceId: string): Promise<Run[]> {
  const runs: Run[] = [];
  for (let page = 1; ; page += 1) {
    const query = { page, size: pageSize };
    const { items, totalItems } = await client.listInstanceRuns(instanceId, query, { signal });
    runs.push(...items);
    if (items.length < pageSize || runs.length >= totalItems) return runs;
  }
}

/** All that the service has recorded about an instance. */
export interface InstanceRecord {
  readonly instance: InstanceDetail;
  readonly runs: readonly RunRecord[];
}

/** All that the service has recorded about a run. */
export interface RunRecord extends Omit<Run, "reportedStatus" | "reportedAt"> {
  readonly reason: string;
  readonly reportedStatus: string | null;
  readonly steps: readonly StepResult[];
  /** What each attempt wrote to stdout, by `step/attempt`; where bytes are missing it says so. */
  readonly stdout: ReadonlyMap<string, string>;
}

/** Reads everything about an instance. */
export async function readInstance(
  client: CourierClient,
  instanceId: string,
): Promise<InstanceRecord> {
  const { item } = await client.getInstance(instanceId, { signal });
  const runs: RunRecord[] = [];
  for (const run of await listAllRuns(client, instanceId)) {
    runs.push({ ...run, ...(await readRun(client, run.runId)) });
  }
  return { instance: item, runs };
}

/** Reads a run, its steps and its output. */
export async function readRun(
  client: CourierClient,
  runId: string,
): Promise<Pick<RunRecord, "status" | "reason" | "reportedStatus" | "steps" | "stdout">> {
  const { item } = await client.getRun(runId, { signal });
  const steps = await client.listSteps(runId, { size: pageSize }, { signal });
  const { status, reason, reportedStatus } = item;
  return {
    ...{ status, reason, reportedStatus },
    steps: steps.items,
    stdout: await readStdout(client, runId),
  };
}

async function readStdout(
  client: CourierClient,
  runId: string,
): Promise<ReadonlyMap<string, string>> {
  const stdout = new Map<string, string>();
  for await (const event of client.readOutput(runId, { isFollowing: false, signal })) {
    if (event.kind !== "output" || event.stream !== "stdout") continue;
    const key = `${event.stepNumber}/${event.attempt}`;
    const gap = event.gapBytes > 0 ? `[${event.gapBytes} bytes are missing]` : "";
    stdout.set(key, `${stdout.get(key) ?? ""}${gap}${event.bytes.toString("latin1")}`);
  }
  return stdout;
}
