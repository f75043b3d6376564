import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isInstanceFinal } from "@courier/core";
import { startPostgresServer, whyUnavailable, type DatabaseKind } from "@courier/testkit";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { Random } from "../simulation/random.ts";
import { brokenPromises, type AttemptOfInstance, type ExpectedAttempt } from "./survival-audit.ts";
import { Fleet } from "./survival-fleet.ts";
import { jobOf, witnessLine, type JobSpec, type StepSpec } from "./survival-job.ts";
import { Killer } from "./survival-killer.ts";
import { attemptProcesses } from "./step-processes.ts";
import { listAllRuns, readInstance, type InstanceRecord } from "./survival-record.ts";
import { patienceMs, until } from "./until.ts";
import { readWitness } from "./survival-witness.ts";

/** COURIER_SURVIVAL_SEED repeats the choices of one seed; their moments stay real. */
const seed = Number(process.env["COURIER_SURVIVAL_SEED"] ?? Math.floor(Math.random() * 1e9));
const nodeCount = 20;
const killCount = 50;
/** Rarely enough to leave the service to what is tested. */
const lookIntervalMs = 200;
const signal = new AbortController().signal;

/** A step that tells the witness, begins, takes its time, and ends with known text. */
function workingStep(options: {
  readonly seconds: number;
  readonly retryCount: number;
  readonly failsFirst?: boolean;
}): StepSpec {
  const failure = options.failsFirst === true ? ['[ "$COURIER_ATTEMPT" -gt 1 ]'] : [];
  const lines = [
    witnessLine,
    'echo "begin $COURIER_STEP_NUMBER $COURIER_ATTEMPT"',
    ...failure,
    `sleep ${options.seconds}`,
    "seq 1 500",
    'echo "end $COURIER_RUN_ID"',
  ];
  return { lines, retryCount: options.retryCount };
}

const failsFirst = { seconds: 0.25, retryCount: 3, failsFirst: true };

/** 200 runs: 4 + 3 + 3 groups of 20 nodes; the last job is repeated where all are over before the last kill. */
function jobSpecs(names: readonly string[]): readonly [JobSpec, JobSpec, JobSpec] {
  const groups = (count: number): (readonly string[])[] =>
    Array.from({ length: count }, () => names);
  return [
    {
      name: "rolling",
      groups: groups(4),
      batchSize: { type: "number", value: 8 },
      steps: [
        workingStep({ seconds: 0.1, retryCount: 2 }),
        workingStep(failsFirst),
        workingStep({ seconds: 0.05, retryCount: 2 }),
      ],
    },
    {
      name: "batching",
      groups: groups(3),
      executionType: "parallel",
      distributionMethod: "batching",
      batchSize: { type: "percent", value: 50 },
      steps: [
        workingStep({ seconds: 0.5, retryCount: 1 }),
        workingStep({ seconds: 0.2, retryCount: 1 }),
      ],
    },
    {
      name: "rolling without retries",
      groups: groups(3),
      batchSize: { type: "percent", value: 25 },
      steps: [workingStep({ seconds: 0.4, retryCount: 0 })],
    },
  ];
}

const counted = Array.from({ length: 500 }, (_, index) => `${index + 1}\n`).join("");

function expectedOf(
  { runId, stepNumber, attempt }: AttemptOfInstance,
  isFailingFirst: boolean,
): ExpectedAttempt {
  const begin = `begin ${stepNumber} ${attempt}\n`;
  if (isFailingFirst && stepNumber === 2 && attempt === 1) {
    return { stdout: begin, isSuccess: false };
  }
  return { stdout: `${begin}${counted}end ${runId}\n`, isSuccess: true };
}

async function setup(kind: DatabaseKind): Promise<Fleet> {
  if (kind === "sqlite") return startFleet({});
  const postgres = await startPostgresServer();
  onTestFinished(() => postgres.dispose());
  return startFleet({ databaseUrl: postgres.url });
}

async function startFleet(options: { readonly databaseUrl?: string }): Promise<Fleet> {
  const fleet = await Fleet.start({ nodeCount, ...options });
  onTestFinished(() => fleet.dispose());
  return fleet;
}

/** Outcomes as they were first seen: none may change afterwards. */
class OutcomeWatch {
  readonly #seen = new Map<string, string>();
  readonly changes: string[] = [];

  async look(fleet: Fleet, instanceIds: readonly string[]): Promise<void> {
    for (const instanceId of instanceIds) {
      for (const { runId, status } of await listAllRuns(fleet.client, instanceId)) {
        const before = this.#seen.get(runId);
        if (before !== undefined && before !== status) {
          this.changes.push(`${runId} was ${before} and became ${status}`);
        }
        if (!["pending", "dispatched", "running"].includes(status)) this.#seen.set(runId, status);
      }
    }
  }
}

/** What `state run logs` prints against what the steps wrote, for some runs that nobody disturbed. */
async function logsThatDiffer(
  fleet: Fleet,
  instances: readonly InstanceRecord[],
): Promise<readonly string[]> {
  const undisturbed = instances
    .flatMap(({ runs }) => runs)
    .filter(({ status, steps }) => {
      return status === "success" && steps.every(({ numAttempts }) => numAttempts === 1);
    });
  const differing: string[] = [];
  for (const { runId, steps } of undisturbed.slice(0, 5)) {
    const logs = await fleet.cli(["state", "run", "logs", "--runId", runId]);
    const texts = steps.map(({ stepNumber }) =>
      expectedOf({ instanceId: "", runId, stepNumber, attempt: 1 }, false),
    );
    if (logs !== texts.map(({ stdout }) => stdout).join("")) differing.push(`${runId}: ${logs}`);
  }
  return undisturbed.length >= 5 ? differing : ["too few runs were left alone"];
}

/** Steps that still run, and directories of steps that are over and recorded. */
function leftovers(fleet: Fleet): readonly string[] {
  const processes = attemptProcesses(fleet.directory).map(
    ({ pid, attempt }) => `${pid} ${attempt}`,
  );
  return [...processes, ...fleet.nodes.flatMap(({ home }) => readdirSync(join(home, "data/runs")))];
}

/** Submits the late job, and again whenever all is over before `work` is: there is something to disturb all the time. */
async function submitWhile(
  work: Promise<unknown>,
  fleet: Fleet,
  { late, instanceIds }: { readonly late: JobSpec; readonly instanceIds: string[] },
): Promise<void> {
  let isDone = false;
  const done = work.finally(() => {
    isDone = true;
  });
  // Whoever waits for the work is told.
  done.catch(() => undefined);
  let isOver = true;
  do {
    const name = `${late.name} ${instanceIds.length}`;
    if (isOver) instanceIds.push(await fleet.submit(jobOf({ ...late, name })));
    await delay(lookIntervalMs);
    isOver = await until("the service answers", () => areAllFinal(fleet, instanceIds));
  } while (!isDone);
}

async function areAllFinal(fleet: Fleet, instanceIds: readonly string[]): Promise<boolean> {
  for (const instanceId of instanceIds) {
    const { item } = await fleet.client.getInstance(instanceId, { signal });
    if (!isInstanceFinal(item.status)) return false;
  }
  return true;
}

describe.each(["sqlite", "postgres"] as const)("a rollout of 200 runs on %s", (kind) => {
  const reason = whyUnavailable(kind);
  const note = reason === undefined ? "" : ` (skipped: ${reason})`;

  it.skipIf(reason !== undefined)(
    `keeps every promise while ${killCount} processes are killed, seed ${seed}${note}`,
    async () => {
      const fleet = await setup(kind);
      const killer = new Killer(fleet, new Random(seed));
      const watch = new OutcomeWatch();
      const [first, second, late] = jobSpecs(fleet.nodes.map(({ name }) => name));
      const instanceIds = [await fleet.submit(jobOf(first)), await fleet.submit(jobOf(second))];

      const killing = killer.kill(killCount);
      const submitting = submitWhile(killing, fleet, { late, instanceIds });
      await Promise.all([killing, submitting]);
      await until("the service answers", () => watch.look(fleet, instanceIds).then(() => true));
      await killer.allBack();
      await until("every instance is final", async () =>
        (await areAllFinal(fleet, instanceIds)) ? true : undefined,
      );

      await watch.look(fleet, instanceIds);
      const instances = [];
      for (const id of instanceIds) instances.push(await readInstance(fleet.client, id));
      const executions = fleet.nodes.flatMap(readWitness);
      const [firstId] = instanceIds;
      const expected = (id: AttemptOfInstance): ExpectedAttempt =>
        expectedOf(id, id.instanceId === firstId);
      const evidence = { instances, executions, kills: killer.kills, expected };
      expect(brokenPromises(evidence)).toEqual([]);
      expect(watch.changes).toEqual([]);
      const repeated = instances.length - 3;
      expect(instances.flatMap(({ runs }) => runs)).toHaveLength(200 + repeated * 3 * nodeCount);
      expect(await logsThatDiffer(fleet, instances)).toEqual([]);
      await vi.waitFor(() => expect(leftovers(fleet)).toEqual([]), { timeout: patienceMs });
    },
  );
});
