import { SchedulerBench, temporaryDatabase, type TemporaryDatabase } from "@courier/testkit";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { expireIntervalMs, presenceGraceMs, quorumIntervalMs, stopGraceMs } from "./limits.ts";

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

describe("the group's time limit", () => {
  const limited = { timeoutSeconds: 60, batchSize: { type: "number", value: 2 } } as const;

  test("asks for a stop of what is in flight and skips what has not started", async () => {
    await bench.start(3);
    const id = await bench.fire({ groups: [{ nodes: [0, 1, 2], ...limited }] });
    await bench.finish(id, 0);

    await bench.pass(60_000 + expireIntervalMs);

    expect(await bench.statuses(id)).toEqual(["success", "dispatched", "skipped"]);
    expect(bench.agent(0).stops).toEqual([]);
    expect(bench.agent(1).stops).toEqual([
      { runId: (await bench.runOf(id, 1)).id, token: 1, outcome: "timeout" },
    ]);
    expect((await bench.instance(id)).status).toBe("running");
  });

  test("ends when the node confirms", async () => {
    await bench.start(1);
    const id = await bench.fire({ groups: [{ nodes: [0], ...limited }] });
    await bench.pass(60_000 + expireIntervalMs);

    await bench.finish(id, 0, "timeout");

    expect(await bench.statuses(id)).toEqual(["timeout"]);
    expect(await bench.instance(id)).toMatchObject({ status: "failure" });
    expect((await bench.groups(id))[0]?.reason).toBe("the group's timeoutSeconds ran out");
  });

  test("ends without the node when it does not confirm in time", async () => {
    await bench.start(1);
    const id = await bench.fire({ groups: [{ nodes: [0], ...limited }] });
    await bench.pass(60_000 + expireIntervalMs);

    await bench.pass(stopGraceMs - 1000);
    expect(await bench.statuses(id)).toEqual(["dispatched"]);
    await bench.pass(1500);

    expect(await bench.statuses(id)).toEqual(["timeout"]);
    expect((await bench.instance(id)).status).toBe("failure");
  });

  test("makes a run undeliverable whose node has never been there since it was dispatched", async () => {
    await bench.start(1);
    await bench.during(bench.agent(0).disconnect());
    await bench.pass(1000);
    const id = await bench.fire({ groups: [{ nodes: [0], ...limited }] });
    expect(await bench.statuses(id)).toEqual(["dispatched"]);

    await bench.pass(60_000 + expireIntervalMs);

    expect(await bench.statuses(id)).toEqual(["undeliverable"]);
    expect((await bench.instance(id)).status).toBe("failure");
  });

  test("makes a run undeliverable whose node has never connected at all", async () => {
    await bench.start(1, { isOffline: true });
    const id = await bench.fire({ groups: [{ nodes: [0], ...limited }] });

    await bench.pass(60_000 + expireIntervalMs);

    expect(await bench.statuses(id)).toEqual(["undeliverable"]);
  });

  test("survives a restart of the service", async () => {
    await bench.start(1);
    const id = await bench.fire({ groups: [{ nodes: [0], ...limited }] });

    await bench.restart();
    await bench.pass(60_000 + stopGraceMs + 1000);

    expect(await bench.statuses(id)).toEqual(["timeout"]);
    expect((await bench.instance(id)).status).toBe("failure");
  });
});

describe("offlinePolicy", () => {
  test("wait gives an offline node its run when it comes", async () => {
    await bench.start(2);
    await bench.during(bench.agent(1).disconnect());
    const id = await bench.fire({ groups: [{ nodes: [0, 1] }] });
    await bench.finish(id, 0);
    expect(await bench.statuses(id)).toEqual(["success", "dispatched"]);

    await bench.during(bench.agent(1).connect());

    expect(bench.agent(1).latest.runId).toBe((await bench.runOf(id, 1)).id);
  });

  test.each([
    { offlinePolicy: "fail", status: "undeliverable", verdict: "failure" },
    { offlinePolicy: "skip", status: "skipped", verdict: "failure" },
  ] as const)("$offlinePolicy ends its run as $status", async ({ offlinePolicy, ...end }) => {
    await bench.start(2);
    await bench.during(bench.agent(0).disconnect());
    await bench.pass(presenceGraceMs);

    const id = await bench.fire({ groups: [{ nodes: [0, 1], offlinePolicy }] });

    expect(await bench.statuses(id)).toEqual([end.status, "dispatched"]);
    expect((await bench.runs(id))[0]?.reason).toBe(
      `the node is offline (offlinePolicy: ${offlinePolicy})`,
    );
    await bench.finish(id, 1);
    expect((await bench.instance(id)).status).toBe(end.verdict);
  });

  test("does not hold a restart of the service against a node", async () => {
    await bench.start(2);
    await bench.restart();
    await bench.during(bench.agent(1).connect());

    const id = await bench.fire({ groups: [{ nodes: [0, 1], offlinePolicy: "fail" }] });
    expect(await bench.statuses(id)).toEqual(["pending", "pending"]);
    await bench.during(bench.agent(0).connect());
    await bench.pass(presenceGraceMs);

    expect(await bench.statuses(id)).toEqual(["dispatched", "dispatched"]);
  });

  test("counts a node as offline that has not come back in time", async () => {
    await bench.start(2);
    await bench.restart();
    await bench.during(bench.agent(1).connect());
    const id = await bench.fire({ groups: [{ nodes: [0, 1], offlinePolicy: "fail" }] });

    await bench.pass(presenceGraceMs);

    expect(await bench.statuses(id)).toEqual(["undeliverable", "dispatched"]);
  });
});

describe("minReady", () => {
  const quorum = { minReady: { type: "percent", value: 60 }, timeoutSeconds: 30 } as const;

  test("holds a group back until enough of its nodes are online", async () => {
    await bench.start(3);
    await bench.during(bench.agent(1).disconnect());
    await bench.during(bench.agent(2).disconnect());
    const id = await bench.fire({ groups: [{ nodes: [0, 1, 2], ...quorum }] });
    expect((await bench.groups(id))[0]?.status).toBe("waiting");
    expect(await bench.statuses(id)).toEqual(["pending", "pending", "pending"]);

    await bench.during(bench.agent(1).connect());
    await bench.pass(quorumIntervalMs);

    expect(await bench.statuses(id)).toEqual(["dispatched", "dispatched", "dispatched"]);
  });

  test("fails a group whose quorum is not met in time, without starting anything", async () => {
    await bench.start(3);
    await bench.during(bench.agent(1).disconnect());
    await bench.during(bench.agent(2).disconnect());
    const id = await bench.fire({ groups: [{ nodes: [0, 1, 2], ...quorum }] });

    await bench.pass(30_000);

    expect(await bench.statuses(id)).toEqual(["skipped", "skipped", "skipped"]);
    expect((await bench.groups(id))[0]).toMatchObject({
      status: "failure",
      reason: "quorum: 1 of the required 2 nodes were online in time",
    });
    expect((await bench.instance(id)).status).toBe("failure");
    expect(bench.agent(0).assigned).toEqual([]);
  });

  test("lets a group end whose runs are all cancelled while it waits", async () => {
    await bench.start(2);
    await bench.during(bench.agent(1).disconnect());
    const id = await bench.fire({
      groups: [{ nodes: [0, 1], minReady: { type: "number", value: 2 } }],
    });

    for (const run of await bench.runs(id)) {
      await bench.during(bench.scheduler.cancelRun(run.id, ada));
    }

    expect(await bench.statuses(id)).toEqual(["canceled", "canceled"]);
    expect((await bench.instance(id)).status).toBe("failure");
  });
});
