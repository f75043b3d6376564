import type { RerunAnswer, RerunOrder } from "@courier/protocol";
import { listAudit, listSteps } from "@courier/store";
import { SchedulerBench, temporaryDatabase, type TemporaryDatabase } from "@courier/testkit";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const ada = { tokenId: "ada", remoteAddress: "::1", requestId: "request" };

let temporary: TemporaryDatabase;
let bench: SchedulerBench;

beforeEach(async () => {
  temporary = await temporaryDatabase("sqlite");
  bench = new SchedulerBench({ db: temporary.database, log: pino({ level: "silent" }) });
});

afterEach(async () => {
  await bench.dispose();
  await temporary.dispose();
});

async function ask(order: RerunOrder): Promise<RerunAnswer> {
  return bench.during(bench.scheduler.rerun(order, ada));
}

async function rerunFailures(instanceId: string): Promise<string> {
  const answer = await ask({ selection: { instanceId, outcomes: ["failure", "timeout"] } });
  if (answer.kind !== "created") throw new Error(answer.kind);
  return answer.rerun.instanceId;
}

/** Two parallel groups of two nodes; the first node of the first group and both of the second fail. */
async function endedInstance(): Promise<string> {
  await bench.start(4);
  const id = await bench.fire({
    executionType: "parallel",
    groups: [
      { nodes: [0, 1], offlinePolicy: "fail" },
      {
        nodes: [2, 3],
        successCriteria: [{ status: "success", numRuns: { type: "number", value: 2 } }],
      },
    ],
  });
  await bench.finish(id, 0, "failure");
  await bench.finish(id, 1, "success");
  await bench.finish(id, 2, "failure");
  await bench.finish(id, 3, "failure");
  return id;
}

describe("a rerun", () => {
  test("starts the named outcomes on their nodes, grouped as in the origin, and leaves the origin alone", async () => {
    const originId = await endedInstance();
    const before = await bench.instance(originId);

    const id = await rerunFailures(originId);

    expect(await bench.instance(originId)).toEqual(before);
    expect((await bench.runs(id)).map((run) => [run.groupNumber, run.nodeId])).toEqual([
      [0, bench.agent(0).nodeId],
      [1, bench.agent(2).nodeId],
      [1, bench.agent(3).nodeId],
    ]);
    expect(await bench.instance(id)).toMatchObject({
      jobId: before.jobId,
      actionSpec: before.actionSpec,
      originInstanceId: originId,
      status: "running",
      lastUpdatedBy: "ada",
    });
    expect(bench.agent(1).assigned).toHaveLength(1);
    expect(bench.agent(2).assigned).toHaveLength(2);
  });

  test("ends by the criteria of the origin and can be run again itself", async () => {
    const id = await rerunFailures(await endedInstance());
    await bench.finish(id, 0);
    await bench.finish(id, 2);
    await bench.finish(id, 3, "failure");
    expect((await bench.instance(id)).status).toBe("failure");

    const second = await rerunFailures(id);
    await bench.finish(second, 3);

    // The group's criterion asks for two successes; of one node it can ask for one.
    expect(await bench.instance(second)).toMatchObject({ status: "success", originInstanceId: id });
  });

  test("happens as often as it is asked for, also within one millisecond", async () => {
    const originId = await endedInstance();

    const selection = { instanceId: originId, outcomes: ["failure"] } as const;
    const answers = await bench.during(
      Promise.all([1, 2, 3].map(() => bench.scheduler.rerun({ selection }, ada))),
    );

    expect(answers.map(({ kind }) => kind)).toEqual(["created", "created", "created"]);
  });

  test("happens once for one idempotency key", async () => {
    const instanceId = await endedInstance();
    const order: RerunOrder = {
      selection: { instanceId, outcomes: ["failure"] },
      idempotency: { key: "key", bodyHash: "hash" },
    };

    const first = await ask(order);
    const second = await ask(order);
    const other = await ask({ ...order, idempotency: { key: "key", bodyHash: "other" } });

    expect(first.kind).toBe("created");
    expect(second).toEqual({ ...first, kind: "replayed" });
    expect(other).toEqual({ kind: "key-reused" });
  });

  test("is refused while the origin goes on, and when nothing matches", async () => {
    await bench.start(1);
    const instanceId = await bench.fire({ groups: [{ nodes: [0] }] });

    expect(await ask({ selection: { instanceId, outcomes: ["failure"] } })).toEqual({
      kind: "not-ended",
    });
    await bench.finish(instanceId, 0);
    expect(await ask({ selection: { instanceId, outcomes: ["failure"] } })).toEqual({
      kind: "nothing",
      archivedCount: 0,
    });
    expect(await ask({ selection: { instanceId: "none", outcomes: ["failure"] } })).toEqual({
      kind: "not-found",
    });
  });

  test("of a single run has this node alone, and is audited", async () => {
    const originId = await endedInstance();
    const run = await bench.runOf(originId, 3);

    const answer = await ask({ selection: { runId: run.id } });

    expect(answer).toMatchObject({ kind: "created", rerun: { runCount: 1 } });
    expect(bench.agent(3).assigned).toHaveLength(2);
    const audit = await listAudit(bench.flaky.db, { page: 1, size: 1 });
    expect(audit.items[0]).toMatchObject({ actor: "ada", action: "instance.rerun" });
  });
});

test("a rerun from a step tells the nodes, and the one after it starts from the beginning", async () => {
  const originId = await endedInstance();
  const selection = { instanceId: originId, outcomes: ["failure"] } as const;

  expect(await ask({ selection, fromStep: "missing" })).toEqual({
    kind: "no-step",
    reason: 'there is no step "missing"; the steps are 1 "step"',
  });
  expect(await ask({ selection, fromStep: "step" })).toMatchObject({ kind: "created" });
  expect(bench.agent(0).latest.fromStep).toBe(1);
  await bench.during(bench.agent(0).finish(bench.agent(0).latest.runId));
  await ask({ selection });
  expect(bench.agent(0).latest.fromStep).toBeUndefined();
});

test("a rerun from a later step knows what the steps before it produced on the same node", async () => {
  await bench.start(2);
  const id = await bench.fire({ stepCount: 3, groups: [{ nodes: [0, 1] }] });
  for (const position of [0, 1]) {
    const run = await bench.runOf(id, position);
    const outputs = `{"A":"a${position}","SECRET":"***","LONG":{"characters":5000}}`;
    const step = { ...skipped, stepNumber: 1, status: "success" as const, outputs };
    await bench.agent(position).report({ type: "step", runId: run.id, token: 1, step });
    await bench.finish(id, position, "failure");
  }

  const selection = { instanceId: id, outcomes: ["failure"] } as const;
  const again = await ask({ selection, fromStep: 3 });
  if (again.kind !== "created") throw new Error(again.kind);
  const { instanceId } = again.rerun;

  const lostValues = ["SECRET", "LONG"];
  expect(bench.agent(0).latest).toMatchObject({ fromStep: 3, values: { A: "a0" }, lostValues });
  expect(bench.agent(1).latest).toMatchObject({ fromStep: 3, values: { A: "a1" }, lostValues });
  const { id: runId } = await bench.runOf(instanceId, 1);
  expect(await listSteps(bench.flaky.db, runId)).toMatchObject([
    { stepNumber: 1, status: "skipped", reason: "the run starts from step 3" },
  ]);
  await bench.finish(instanceId, 0, "failure");
  await bench.finish(instanceId, 1, "failure");
  await ask({ selection: { instanceId, outcomes: ["failure"] }, fromStep: 2 });
  expect(bench.agent(1).latest).toMatchObject({ fromStep: 2, values: { A: "a1" }, lostValues });
  expect(bench.agent(0).assigned[0]).not.toHaveProperty("values");
  expect(bench.agent(0).assigned[0]).not.toHaveProperty("lostValues");
});

const skipped = {
  ...{ attemptCount: 0, exitCode: null, reason: "", interpreterPath: "", interpreterVersion: "" },
  ...{ startedAt: null, finishedAt: null, outputBytes: 0, outputDroppedBytes: 0 },
};

test("a cancel and its audit entry are one transaction", async () => {
  await bench.start(1);
  const id = await bench.fire({ groups: [{ nodes: [0] }] });

  await bench.during(bench.scheduler.cancelInstance(id, ada));

  const audit = await listAudit(bench.flaky.db, { page: 1, size: 1 });
  expect(audit.items[0]).toMatchObject({ actor: "ada", action: "instance.cancel", object: id });
});

test("a stop of the scheduler waits for a cancel that is under way", async () => {
  await bench.start(1);
  const id = await bench.fire({ groups: [{ nodes: [0] }] });
  const ended: string[] = [];

  const cancel = bench.scheduler.cancelInstance(id, ada).then(() => ended.push("cancel"));
  const stop = bench.scheduler.stop().then(() => ended.push("stop"));
  await bench.during(Promise.all([cancel, stop]));

  expect(ended).toEqual(["cancel", "stop"]);
});
