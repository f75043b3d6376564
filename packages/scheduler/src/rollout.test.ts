import { SchedulerBench, temporaryDatabase, type TemporaryDatabase } from "@courier/testkit";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

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

const oneAtATime = { batchSize: { type: "number", value: 1 } } as const;
const twoAtATime = { batchSize: { type: "number", value: 2 } } as const;

describe("an immediate job", () => {
  test("becomes one instance with one run per node, by group and position", async () => {
    await bench.start(3);

    const id = await bench.fire({ groups: [{ nodes: [2, 0] }, { nodes: [1] }] });

    const runs = await bench.runs(id);
    expect(
      runs.map(({ groupNumber, position, nodeId }) => [groupNumber, position, nodeId]),
    ).toEqual([
      [0, 0, bench.agent(2).nodeId],
      [0, 1, bench.agent(0).nodeId],
      [1, 0, bench.agent(1).nodeId],
    ]);
    expect(await bench.statuses(id)).toEqual(["dispatched", "dispatched", "pending"]);
    expect((await bench.instance(id)).status).toBe("running");
  });

  test("counts a node once that is named twice in a group", async () => {
    await bench.start(2);

    const id = await bench.fire({ groups: [{ nodes: [0, 1, 0] }] });

    expect(await bench.runs(id)).toHaveLength(2);
  });

  test("fires once", async () => {
    await bench.start(1);
    await bench.fire({ groups: [{ nodes: [0] }] });

    await bench.pass(60_000);

    expect(bench.scheduler.stats().firedJobs).toBe(1);
    expect(bench.agent(0).assigned.map((run) => run.runId)).toSatisfy(isOneRun);
  });

  test("gives its nodes everything they need to execute it", async () => {
    await bench.start(1);

    const id = await bench.fire({ groups: [{ nodes: [0] }] });

    const [run] = await bench.runs(id);
    expect(bench.agent(0).assigned).toHaveLength(1);
    expect(bench.agent(0).latest).toMatchObject({
      runId: run?.id,
      token: 1,
      instanceId: id,
      steps: [{ name: "step", command: { linux: ["true"] } }],
    });
  });

  test("succeeds when every run did", async () => {
    await bench.start(2);
    const id = await bench.fire({ groups: [{ nodes: [0, 1] }] });

    await bench.finish(id, 0);
    expect((await bench.instance(id)).status).toBe("running");
    await bench.finish(id, 1);

    expect(await bench.statuses(id)).toEqual(["success", "success"]);
    expect(await bench.instance(id)).toMatchObject({ status: "success" });
    expect((await bench.groups(id))[0]).toMatchObject({ status: "success" });
  });

  test("fails when one run did", async () => {
    await bench.start(2);
    const id = await bench.fire({ groups: [{ nodes: [0, 1] }] });

    await bench.finish(id, 0, "failure");
    await bench.finish(id, 1);

    expect((await bench.instance(id)).status).toBe("failure");
    expect((await bench.groups(id))[0]?.reason).toBe("2 of 2 runs must succeed, at most 1 can");
  });
});

function isOneRun(runIds: readonly string[]): boolean {
  return new Set(runIds).size === 1;
}

describe("batching", () => {
  test("sends the next batch when every run of the last one has ended", async () => {
    await bench.start(5);
    const id = await bench.fire({ groups: [{ nodes: [0, 1, 2, 3, 4], ...twoAtATime }] });
    expect(await bench.statuses(id)).toEqual([
      "dispatched",
      "dispatched",
      "pending",
      "pending",
      "pending",
    ]);

    await bench.finish(id, 1);
    expect((await bench.statuses(id))[2]).toBe("pending");
    await bench.finish(id, 0);

    expect((await bench.statuses(id)).slice(2)).toEqual(["dispatched", "dispatched", "pending"]);
  });
});

describe("rolling", () => {
  test("refills the window one by one", async () => {
    await bench.start(4);
    const group = { nodes: [0, 1, 2, 3], ...twoAtATime, distributionMethod: "rolling" } as const;
    const id = await bench.fire({ groups: [group] });

    await bench.finish(id, 1);

    expect(await bench.statuses(id)).toEqual(["dispatched", "success", "dispatched", "pending"]);
  });

  test("takes a share of the nodes as its window", async () => {
    await bench.start(3);
    const batchSize = { type: "percent", value: 34 } as const;

    const id = await bench.fire({
      groups: [{ nodes: [0, 1, 2], batchSize, distributionMethod: "rolling" }],
    });

    expect(await bench.statuses(id)).toEqual(["dispatched", "dispatched", "pending"]);
  });
});

describe("sequential groups", () => {
  test("follow one another", async () => {
    await bench.start(2);
    const id = await bench.fire({ groups: [{ nodes: [0] }, { nodes: [1] }] });
    expect(await bench.statuses(id)).toEqual(["dispatched", "pending"]);

    await bench.finish(id, 0);

    expect(await bench.statuses(id)).toEqual(["success", "dispatched"]);
  });

  test("are skipped, with the reason, after one that failed", async () => {
    await bench.start(3);
    const id = await bench.fire({ groups: [{ nodes: [0] }, { nodes: [1] }, { nodes: [2] }] });

    await bench.finish(id, 0, "failure");

    expect(await bench.statuses(id)).toEqual(["failure", "skipped", "skipped"]);
    expect((await bench.groups(id)).map((group) => group.status)).toEqual([
      "failure",
      "skipped",
      "skipped",
    ]);
    expect((await bench.runs(id))[1]?.reason).toBe("an earlier group did not succeed");
    expect((await bench.instance(id)).status).toBe("failure");
  });
});

test("parallel groups start together, and one that fails stops no other", async () => {
  await bench.start(2);
  const id = await bench.fire({
    executionType: "parallel",
    groups: [{ nodes: [0] }, { nodes: [1] }],
  });
  expect(await bench.statuses(id)).toEqual(["dispatched", "dispatched"]);

  await bench.finish(id, 0, "failure");
  expect((await bench.instance(id)).status).toBe("running");
  await bench.finish(id, 1);

  expect((await bench.instance(id)).status).toBe("failure");
});

describe("earlyTermination", () => {
  test("starts nothing more once the criteria are lost", async () => {
    await bench.start(4);
    const successCriteria = [{ status: "failure", numRuns: { type: "number", value: 1 } } as const];
    const id = await bench.fire({
      groups: [{ nodes: [0, 1, 2, 3], ...oneAtATime, successCriteria, earlyTermination: true }],
    });

    await bench.finish(id, 0, "failure");
    expect((await bench.statuses(id))[1]).toBe("dispatched");
    await bench.finish(id, 1, "failure");

    expect(await bench.statuses(id)).toEqual(["failure", "failure", "skipped", "skipped"]);
    expect((await bench.runs(id))[2]?.reason).toBe(
      "earlyTermination: at most 1 of 4 runs may fail, 2 did",
    );
    expect((await bench.instance(id)).status).toBe("failure");
  });

  test("still stops what is in flight when the group's time is up", async () => {
    await bench.start(3);
    const id = await bench.fire({
      groups: [{ nodes: [0, 1, 2], ...twoAtATime, earlyTermination: true, timeoutSeconds: 60 }],
    });

    await bench.finish(id, 0, "failure");
    expect(await bench.statuses(id)).toEqual(["failure", "dispatched", "skipped"]);
    await bench.pass(60_500);

    expect(bench.agent(1).stops).toMatchObject([{ outcome: "timeout" }]);
    expect((await bench.groups(id))[0]?.reason).toContain("earlyTermination");
  });
});

describe("onEmpty", () => {
  test.each([
    { onEmpty: undefined, status: "failure" },
    { onEmpty: "fail", status: "failure" },
    { onEmpty: "succeed", status: "success" },
  ] as const)("$onEmpty ends an empty group as $status", async ({ onEmpty, status }) => {
    await bench.start(1);
    const empty = { nodes: [], nodeIdentifiers: ["archived-since"] };

    const id = await bench.fire({
      groups: [onEmpty === undefined ? empty : { ...empty, onEmpty }],
    });

    expect(await bench.runs(id)).toEqual([]);
    expect(await bench.instance(id)).toMatchObject({ status });
    expect((await bench.instance(id)).finishedAt).not.toBeNull();
  });
});

test("many jobs that are due at once all fire, each once", async () => {
  await bench.start(3);
  const nodes = [0, 1, 2];

  const ids: string[] = [];
  for (let job = 0; job < 60; job += 1) ids.push(await bench.addJob({ groups: [{ nodes }] }));
  await bench.quiet();

  expect(bench.scheduler.stats()).toMatchObject({ firedJobs: 60, dispatchedRuns: 180 });
  expect(new Set(bench.agent(0).assigned.map((run) => run.runId)).size).toBe(60);
  expect(ids).toHaveLength(60);
});
