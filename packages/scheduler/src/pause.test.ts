import { SchedulerBench, temporaryDatabase, type TemporaryDatabase } from "@courier/testkit";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { expireIntervalMs } from "./limits.ts";

const ada = { tokenId: "ada", remoteAddress: "::1", requestId: "request" };
const oneByOne = { batchSize: { type: "number", value: 1 } } as const;

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

async function ask(id: string, event: "pause" | "resume"): Promise<unknown> {
  return bench.during(bench.scheduler.pauseInstance(id, event, ada));
}

describe("a paused instance", () => {
  test.each(["batching", "rolling"] as const)(
    "starts no further run of a %s group until it is resumed",
    async (distributionMethod) => {
      await bench.start(2);
      const id = await bench.fire({
        groups: [{ nodes: [0, 1], ...oneByOne, distributionMethod }],
      });
      expect(await ask(id, "pause")).toMatchObject({ kind: "accepted", status: "running" });

      await bench.finish(id, 0);
      await bench.pass(60_000);
      expect(await bench.statuses(id)).toEqual(["success", "pending"]);

      expect(await ask(id, "resume")).toMatchObject({ kind: "accepted", pausedAt: null });
      expect(await bench.statuses(id)).toEqual(["success", "dispatched"]);
    },
  );

  test("starts no later group, and no group that waited for its quorum", async () => {
    await bench.start(3);
    await bench.during(bench.agent(2).disconnect());
    const minReady = { type: "percent", value: 100 } as const;
    const id = await bench.fire({
      executionType: "parallel",
      groups: [{ nodes: [0] }, { nodes: [1, 2], minReady }],
    });
    const sequence = await bench.fire({ groups: [{ nodes: [0] }, { nodes: [1] }] });
    await ask(id, "pause");
    await ask(sequence, "pause");

    await bench.during(bench.agent(2).connect());
    await bench.finish(sequence, 0);
    await bench.pass(60_000);

    expect(await bench.statuses(id)).toEqual(["dispatched", "pending", "pending"]);
    expect(await bench.statuses(sequence)).toEqual(["success", "pending"]);
    await ask(id, "resume");
    expect(await bench.statuses(id)).toEqual(["dispatched", "dispatched", "dispatched"]);
  });

  test("stays paused over a restart of the service", async () => {
    await bench.start(2);
    const id = await bench.fire({ groups: [{ nodes: [0, 1], ...oneByOne }] });
    await ask(id, "pause");
    const { pausedAt } = await bench.instance(id);

    await bench.restart();
    await bench.finish(id, 0);
    await bench.pass(60_000);

    expect(await bench.statuses(id)).toEqual(["success", "pending"]);
    expect((await bench.instance(id)).pausedAt).toBe(pausedAt);
  });

  test("has a clock that stands still", async () => {
    await bench.start(2);
    const id = await bench.fire({ groups: [{ nodes: [0, 1], ...oneByOne, timeoutSeconds: 60 }] });
    await bench.pass(20_000);
    await ask(id, "pause");
    await bench.pass(60_000);
    expect(await bench.statuses(id)).toEqual(["dispatched", "pending"]);

    await ask(id, "resume");
    await bench.pass(39_000);
    expect(await bench.statuses(id)).toEqual(["dispatched", "pending"]);

    await bench.pass(1_000 + expireIntervalMs);
    expect((await bench.groups(id))[0]?.haltReason).toBe("timeout");
  });

  test("ends when what ran was all there was, and is not paused any more", async () => {
    await bench.start(1);
    const id = await bench.fire({ groups: [{ nodes: [0] }] });
    await ask(id, "pause");

    await bench.finish(id, 0);

    expect(await bench.instance(id)).toMatchObject({ status: "success", pausedAt: null });
    expect(await ask(id, "pause")).toEqual({ kind: "ended" });
  });

  test("can be canceled", async () => {
    await bench.start(2);
    const id = await bench.fire({ groups: [{ nodes: [0, 1], ...oneByOne }] });
    await ask(id, "pause");

    await bench.during(bench.scheduler.cancelInstance(id, ada));
    expect(await ask(id, "resume")).toEqual({ kind: "cancelling" });
    await bench.finish(id, 0, "canceled");

    expect(await bench.statuses(id)).toEqual(["canceled", "canceled"]);
    expect(await bench.instance(id)).toMatchObject({ status: "canceled", pausedAt: null });
  });

  test("keeps the time of its first pause", async () => {
    await bench.start(1);
    const id = await bench.fire({ groups: [{ nodes: [0] }] });
    await ask(id, "pause");
    const { pausedAt } = await bench.instance(id);
    await bench.pass(1_000);

    expect(await ask(id, "pause")).toEqual({ kind: "accepted", status: "running", pausedAt });
  });
});
