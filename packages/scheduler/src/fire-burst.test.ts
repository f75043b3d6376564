import { randomUUID } from "node:crypto";
import {
  changeUserAttributes,
  findJob,
  insertBudget,
  listBudgetWaits,
  listInstances,
  setJobFired,
  type Db,
} from "@courier/store";
import {
  SchedulerBench,
  temporaryDatabase,
  type BenchJob,
  type TemporaryDatabase,
} from "@courier/testkit";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { fireDueJobs, type Fired } from "./fire-due-jobs.ts";
import { startJob } from "./start-job.ts";

const asker = { tokenId: "ada", remoteAddress: "::1", requestId: "request" };

/** A node that is offline, those of a disruption budget with room for one, and more than are read together. */
const [offline, inBudget, nodeCount] = [1, [2, 3, 4], 120] as const;

const all = Array.from({ length: nodeCount }, (_, position) => position);
const everyone = { minReady: { type: "percent", value: 100 } } as const;

const role = { name: "role", operator: "=" as const, namespace: ["tags"] };
const nobody = {
  ...{ nodes: [], nodeListType: "filter" as const },
  filter: { constraints: { attributes: [{ ...role, value: ["none"] }] } },
};
const plain: BenchJob["groups"] = [{ nodes: [0] }];
const others: BenchJob["groups"][] = [
  [{ nodes: [0] }, { nodes: [5] }],
  [{ nodes: [5, offline] }],
  [{ nodes: inBudget, batchSize: { type: "number", value: 2 } }],
  [{ nodes: [offline, 5], offlinePolicy: "fail" }],
  [{ nodes: [offline], offlinePolicy: "skip" }, { nodes: [0] }],
  [{ ...nobody }, { nodes: [0] }],
  [{ nodes: [0, 5], ...everyone }],
  [{ nodes: [0, offline], ...everyone }],
  [{ nodes: all, batchSize: { type: "number", value: 10 } }],
  [{ nodes: [...inBudget, offline], offlinePolicy: "fail" }],
];

test("instances that fire together become what each would that a person starts", async () => {
  const [fired, started] = [await newBench(), await newBench()];
  // Beside each other, and each beside some that start at once and have no more to be decided about.
  for (const burst of [...others.map((other) => [plain, other, plain]), [...others, plain]]) {
    const firedIds = await fired.addJobs(burst);
    const { firedCount, effects } = await fired.fire();
    const startedIds = await started.addJobs(burst);
    const sent: string[] = [];
    for (const jobId of startedIds) sent.push(...(await started.start(jobId)));

    const shapes = await Promise.all(startedIds.map(async (id) => await started.shapeOf(id)));
    expect(await Promise.all(firedIds.map(async (id) => await fired.shapeOf(id)))).toEqual(shapes);
    expect(firedCount).toBe(burst.length);
    expect(effects.dispatched.map(({ token }) => token)).toEqual(sent.map(() => 1));
  }
});

test("an occurrence that has fired fires no more, and keeps nobody else from firing", async () => {
  const bench = await newBench();
  const schedule = { scheduleRule: "RRULE:FREQ=DAILY", overlapPolicy: "allow" } as const;
  const [again = "", other = ""] = await bench.addJobs(
    [[{ nodes: [0] }], [{ nodes: [0] }]],
    schedule,
  );
  await bench.fire();
  const next = await findJob(bench.db, again);
  await setJobFired(bench.db, {
    id: again,
    status: "active",
    nextExecutionAt: bench.dueAt,
    now: 0,
  });
  const [third = ""] = await bench.addJobs([[{ nodes: [0] }]], schedule);

  const { firedCount, effects } = await bench.fire();

  expect(firedCount).toBe(1);
  expect(effects.created.map(({ jobId }) => jobId)).toEqual([third]);
  expect(effects.dispatched).toHaveLength(1);
  for (const jobId of [again, other, third]) {
    const { items } = await listInstances(bench.db, { jobId, page: 1, size: 10 });
    expect(items).toHaveLength(1);
  }
  expect((await findJob(bench.db, again))?.nextExecutionAt).toBe(next?.nextExecutionAt);
});

interface BurstBench {
  readonly db: TemporaryDatabase["database"];
  /** When its jobs are due (Unix ms). */
  readonly dueAt: number;
  readonly addJobs: (
    groupsOf: readonly BenchJob["groups"][],
    schedule?: BenchJob["schedule"],
  ) => Promise<string[]>;
  readonly fire: () => Promise<Fired>;
  /** Starts a job as a person does; returns the ids of the runs that were dispatched. */
  readonly start: (jobId: string) => Promise<string[]>;
  /** What is stored about the instance of a job, but for ids and times that differ anyhow. */
  readonly shapeOf: (jobId: string) => Promise<unknown>;
}

/** Nodes and a budget, and no scheduler that would fire by itself. */
async function newBench(): Promise<BurstBench> {
  const { database: db, dispose } = await temporaryDatabase("sqlite");
  onTestFinished(dispose);
  const bench = new SchedulerBench({ db, log: pino({ level: "silent" }) });
  await bench.start(nodeCount);
  await bench.during(bench.agent(offline).disconnect());
  await bench.dispose();
  const now = Math.ceil(bench.clock.now() / 1000) * 1000;
  await addBudget(db, { nodeIds: inBudget.map((node) => bench.agent(node).nodeId), now });
  const context = { now, presenceSettledAt: 0, newId: randomUUID };
  return {
    db,
    dueAt: now,
    addJobs: async (groupsOf, schedule = { scheduleRule: "immediate" }) => {
      const ids: string[] = [];
      for (const groups of groupsOf) {
        ids.push(await bench.addJob({ groups, schedule, nextExecutionAt: now }));
      }
      return ids;
    },
    fire: async () => await fireDueJobs(db, context),
    start: async (jobId) => {
      const order = { jobId, ignoresExceptions: false };
      const { effects } = await startJob(db, order, { ...context, asker });
      return effects.dispatched.map(({ id }) => id);
    },
    shapeOf: async (jobId) => {
      const { items } = await listInstances(db, { jobId, page: 1, size: 2 });
      const instances = items.map(({ id, status, reason, startedAt, finishedAt }) => ({
        id,
        shape: { status, reason, startedAt, finishedAt },
      }));
      return await Promise.all(
        instances.map(async ({ id, shape }) => ({
          ...shape,
          waits: (await listBudgetWaits(db, { instanceId: id, holdersMax: 0 })).map(
            ({ groupNumber, waitingCount }) => ({ groupNumber, waitingCount }),
          ),
          groups: (await bench.groups(id)).map((group) => ({ ...group, instanceId: "" })),
          runs: (await bench.runs(id)).map((run) => ({
            ...{ ...run, id: "", instanceId: "" },
            nodeId: all.find((position) => bench.agent(position).nodeId === run.nodeId),
          })),
        })),
      );
    },
  };
}

async function addBudget(
  db: Db,
  { nodeIds, now }: { readonly nodeIds: readonly string[]; readonly now: number },
): Promise<void> {
  for (const nodeId of nodeIds) {
    const change = (): string => JSON.stringify({ tags: { role: "db" } });
    await changeUserAttributes(db, { nodeId, now, change });
  }
  await insertBudget(db, {
    ...{ id: randomUUID(), name: "db", description: "", createdBy: "test" },
    constraints: JSON.stringify({ attributes: [{ ...role, value: ["db"] }] }),
    maxAmount: JSON.stringify({ type: "number", value: 1 }),
    ...{ createdAt: now, updatedAt: now },
  });
}
