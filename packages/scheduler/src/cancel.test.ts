import { SchedulerBench, temporaryDatabase, type TemporaryDatabase } from "@courier/testkit";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { stopGraceMs } from "./limits.ts";

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

const oneAtATime = { batchSize: { type: "number", value: 1 } } as const;

async function cancelInstance(id: string): Promise<string> {
  return bench.during(bench.scheduler.cancelInstance(id, ada));
}

async function cancelRunOf(id: string, position: number): Promise<string> {
  const run = await bench.runOf(id, position);
  return bench.during(bench.scheduler.cancelRun(run.id, ada));
}

describe("cancelling an instance", () => {
  test("ends what waits at once and stops what runs", async () => {
    await bench.start(3);
    const id = await bench.fire({
      executionType: "parallel",
      groups: [{ nodes: [0, 1], ...oneAtATime }, { nodes: [2] }],
    });

    expect(await cancelInstance(id)).toBe("cancelling");

    expect(await bench.statuses(id)).toEqual(["dispatched", "canceled", "dispatched"]);
    expect((await bench.instance(id)).status).toBe("cancelling");
    for (const position of [0, 2]) {
      expect(bench.agent(position).stops).toMatchObject([{ outcome: "canceled", token: 1 }]);
    }
  });

  test("is confirmed when every node has confirmed", async () => {
    await bench.start(2);
    const id = await bench.fire({ groups: [{ nodes: [0, 1] }] });
    await cancelInstance(id);

    await bench.finish(id, 0, "canceled");
    expect((await bench.instance(id)).status).toBe("cancelling");
    await bench.finish(id, 1, "canceled");

    expect(await bench.instance(id)).toMatchObject({
      status: "canceled",
      reason: "canceled by ada",
      lastUpdatedBy: "ada",
    });
    expect((await bench.groups(id))[0]?.status).toBe("canceled");
  });

  test("keeps the outcome of a run that was faster", async () => {
    await bench.start(1);
    const id = await bench.fire({ groups: [{ nodes: [0] }] });
    await cancelInstance(id);

    await bench.finish(id, 0, "success");

    expect(await bench.statuses(id)).toEqual(["success"]);
    expect((await bench.instance(id)).status).toBe("canceled");
  });

  test("starts no later group", async () => {
    await bench.start(2);
    const id = await bench.fire({ groups: [{ nodes: [0] }, { nodes: [1] }] });

    await cancelInstance(id);
    await bench.finish(id, 0, "canceled");

    expect(await bench.statuses(id)).toEqual(["canceled", "canceled"]);
    expect(bench.agent(1).assigned).toEqual([]);
  });

  test("leaves a run unknown that nobody confirmed in time, and ends", async () => {
    await bench.start(1);
    const id = await bench.fire({ groups: [{ nodes: [0] }] });
    await bench.during(bench.agent(0).start((await bench.runOf(id, 0)).id));
    await cancelInstance(id);

    await bench.pass(stopGraceMs + 1000);

    expect(await bench.statuses(id)).toEqual(["unknown"]);
    expect((await bench.instance(id)).status).toBe("canceled");
  });

  test("ends a run at once that never reached its offline node", async () => {
    await bench.start(1);
    await bench.during(bench.agent(0).disconnect());
    await bench.pass(1000);
    const id = await bench.fire({ groups: [{ nodes: [0] }] });

    await cancelInstance(id);
    await bench.quiet();

    expect(await bench.statuses(id)).toEqual(["canceled"]);
    expect((await bench.instance(id)).status).toBe("canceled");
  });

  test("a second time changes nothing, and after the end says so", async () => {
    await bench.start(1);
    const id = await bench.fire({ groups: [{ nodes: [0] }] });
    await cancelInstance(id);

    expect(await bench.during(bench.scheduler.cancelInstance(id, { ...ada, tokenId: "bob" }))).toBe(
      "cancelling",
    );
    expect((await bench.instance(id)).reason).toBe("canceled by ada");
    expect(bench.agent(0).stops).toHaveLength(1);
    await bench.finish(id, 0, "canceled");

    expect(await cancelInstance(id)).toBe("ended");
  });

  test("finds no instance with an id that nobody has", async () => {
    await bench.start(0);

    expect(await cancelInstance("nobody")).toBe("not-found");
    expect(await bench.during(bench.scheduler.cancelRun("nobody", ada))).toBe("not-found");
  });

  test("is remembered by a service that restarts, and reaches a node that comes back", async () => {
    await bench.start(1);
    const id = await bench.fire({ groups: [{ nodes: [0] }] });
    const run = await bench.runOf(id, 0);
    await bench.during(bench.agent(0).start(run.id));
    await cancelInstance(id);

    await bench.restart();
    await bench.during(bench.agent(0).connect([{ runId: run.id, token: 1, state: "running" }]));

    expect(bench.agent(0).stops.at(-1)).toEqual({ runId: run.id, token: 1, outcome: "canceled" });
    await bench.finish(id, 0, "canceled");
    expect((await bench.instance(id)).status).toBe("canceled");
  });
});

describe("cancelling a run", () => {
  test("that waits ends it, and the others go on", async () => {
    await bench.start(3);
    const id = await bench.fire({ groups: [{ nodes: [0, 1, 2], ...oneAtATime }] });

    await cancelRunOf(id, 1);
    expect(await bench.statuses(id)).toEqual(["dispatched", "canceled", "pending"]);
    await bench.finish(id, 0);

    expect(await bench.statuses(id)).toEqual(["success", "canceled", "dispatched"]);
    await bench.finish(id, 2);
    expect((await bench.groups(id))[0]).toMatchObject({
      status: "failure",
      counts: { success: 2, canceled: 1, inFlight: 0 },
    });
  });

  test("that runs stops it on its node, and only it", async () => {
    await bench.start(2);
    const id = await bench.fire({ groups: [{ nodes: [0, 1] }] });

    expect(await cancelRunOf(id, 0)).toBe("cancelling");
    expect(bench.agent(0).stops).toHaveLength(1);
    expect(bench.agent(1).stops).toEqual([]);
    await bench.finish(id, 0, "canceled");

    expect(await bench.statuses(id)).toEqual(["canceled", "dispatched"]);
    expect(await cancelRunOf(id, 0)).toBe("ended");
  });

  test("whose node is away since before it was dispatched ends it at once", async () => {
    await bench.start(1);
    await bench.during(bench.agent(0).disconnect());
    await bench.pass(1000);
    const id = await bench.fire({ groups: [{ nodes: [0] }] });

    await cancelRunOf(id, 0);
    await bench.quiet();

    expect(await bench.statuses(id)).toEqual(["canceled"]);
    expect((await bench.instance(id)).status).toBe("failure");
  });
});
