import { randomUUID } from "node:crypto";
import {
  changeUserAttributes,
  deleteBudget,
  insertBudget,
  listBudgetWaits,
  updateBudget,
} from "@courier/store";
import { SchedulerBench, temporaryDatabase, type TemporaryDatabase } from "@courier/testkit";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { budgetIntervalMs } from "./limits.ts";

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

const rolling = { distributionMethod: "rolling" } as const;
const windowOf = (value: number) => ({
  ...rolling,
  batchSize: { type: "number" as const, value },
});

const dbNodes = {
  attributes: [{ name: "role", operator: "=", value: ["db"], namespace: ["tags"] }],
};

async function tag(positions: readonly number[], role = "db"): Promise<void> {
  for (const position of positions) {
    await changeUserAttributes(temporary.database, {
      nodeId: bench.agent(position).nodeId,
      now: bench.clock.now(),
      change: () => JSON.stringify({ tags: { role } }),
    });
  }
}

function amount(value: number | `${number}%`): string {
  return JSON.stringify(
    typeof value === "number"
      ? { type: "number", value }
      : { type: "percent", value: Number.parseFloat(value) },
  );
}

/** Adds a budget; returns its id. */
async function budget(
  value: number | `${number}%`,
  { name = "db", constraints = dbNodes }: { name?: string; constraints?: object } = {},
): Promise<string> {
  const id = randomUUID();
  const now = bench.clock.now();
  const added = await insertBudget(temporary.database, {
    id,
    name,
    description: "",
    constraints: JSON.stringify(constraints),
    maxAmount: amount(value),
    createdAt: now,
    updatedAt: now,
    createdBy: "test",
  });
  expect(added).toEqual({ ok: true });
  return id;
}

const [gone, waits] = ["dispatched", "pending"];

describe("a disruption budget", () => {
  test("keeps back what exceeds it, and nobody else", async () => {
    await bench.start(6);
    await tag([0, 1, 2, 3]);
    await budget(2);

    const id = await bench.fire({ groups: [{ nodes: [0, 1, 2, 3, 4, 5] }] });

    expect(await bench.statuses(id)).toEqual([gone, gone, waits, waits, gone, gone]);
  });

  test("gives its room to the next run as soon as one ends", async () => {
    await bench.start(4);
    await tag([0, 1, 2, 3]);
    await budget(2);
    const id = await bench.fire({ groups: [{ nodes: [0, 1, 2, 3] }] });

    await bench.finish(id, 1);
    expect(await bench.statuses(id)).toEqual([gone, "success", gone, waits]);
    await bench.finish(id, 0, "failure");
    await bench.finish(id, 2);
    await bench.finish(id, 3);

    expect(await bench.statuses(id)).toEqual(["failure", "success", "success", "success"]);
    expect((await bench.groups(id))[0]).toMatchObject({ status: "failure", heldAt: null });
  });

  test("is one for all jobs, and the one that waits is woken by the other", async () => {
    await bench.start(3);
    await tag([0, 1, 2]);
    await budget(1);
    const first = await bench.fire({ groups: [{ nodes: [0] }] });
    const second = await bench.fire({ groups: [{ nodes: [1] }] });
    const third = await bench.fire({ groups: [{ nodes: [2] }] });
    expect(await bench.statuses(second)).toEqual([waits]);

    await bench.finish(first, 0);

    expect(await bench.statuses(second)).toEqual([gone]);
    expect(await bench.statuses(third)).toEqual([waits]);
    await bench.finish(second, 1);
    expect(await bench.statuses(third)).toEqual([gone]);
  });

  test("counts a node once, whatever it has to do", async () => {
    await bench.start(2);
    await tag([0, 1]);
    await budget(1);
    const first = await bench.fire({ groups: [{ nodes: [0] }] });

    const second = await bench.fire({ groups: [{ nodes: [0] }] });
    const other = await bench.fire({ groups: [{ nodes: [1] }] });

    expect(await bench.statuses(second)).toEqual([gone]);
    await bench.finish(first, 0);
    expect(await bench.statuses(other)).toEqual([waits]);
    await bench.finish(second, 0);
    expect(await bench.statuses(other)).toEqual([gone]);
  });

  test("is a share of the nodes that it is about, rounded down, at least one", async () => {
    await bench.start(5);
    await tag([0, 1, 2, 3, 4]);
    await budget("50%");

    const id = await bench.fire({ groups: [{ nodes: [0, 1, 2, 3, 4] }] });

    expect(await bench.statuses(id)).toEqual([gone, gone, waits, waits, waits]);
    await budget("1%", { name: "all", constraints: {} });
    const one = await bench.fire({ groups: [{ nodes: [0, 1] }] });
    expect(await bench.statuses(one)).toEqual([gone, gone]);
  });

  test("has a window filled with nodes that are behind those that wait", async () => {
    await bench.start(7);
    await tag([0, 1, 2, 3]);
    await budget(1);

    const id = await bench.fire({ groups: [{ nodes: [0, 1, 2, 3, 4, 5, 6], ...windowOf(2) }] });
    expect(await bench.statuses(id)).toEqual([gone, waits, waits, waits, gone, waits, waits]);
    await bench.finish(id, 4);
    expect((await bench.statuses(id))[5]).toBe(gone);
    await bench.finish(id, 0);

    expect(await bench.statuses(id)).toEqual([
      ...["success", gone, waits, waits, "success", gone, waits],
    ]);
  });

  test("keeps a batch from ending while runs of it wait", async () => {
    await bench.start(4);
    await tag([0, 1]);
    await budget(1);
    const batchSize = { type: "number", value: 3 } as const;
    const id = await bench.fire({ groups: [{ nodes: [0, 1, 2, 3], batchSize }] });

    await bench.finish(id, 2);
    await bench.finish(id, 0);
    expect(await bench.statuses(id)).toEqual(["success", gone, "success", waits]);
    await bench.finish(id, 1);

    expect(await bench.statuses(id)).toEqual(["success", "success", "success", gone]);
  });

  test("counts runs that were there before it", async () => {
    await bench.start(2);
    await tag([0, 1]);
    const first = await bench.fire({ groups: [{ nodes: [0] }] });
    await budget(1);

    const second = await bench.fire({ groups: [{ nodes: [1] }] });

    expect(await bench.statuses(second)).toEqual([waits]);
    await bench.finish(first, 0);
    expect(await bench.statuses(second)).toEqual([gone]);
  });

  test("lets go on what waits for it when it grows or goes", async () => {
    await bench.start(4);
    await tag([0, 1, 2, 3]);
    const id = await budget(1);
    const instance = await bench.fire({ groups: [{ nodes: [0, 1, 2, 3] }] });
    expect(await bench.statuses(instance)).toEqual([gone, waits, waits, waits]);

    const constraints = JSON.stringify(dbNodes);
    await updateBudget(temporary.database, id, {
      ...{ name: "db", description: "", constraints, maxAmount: amount(2), updatedAt: 0 },
    });
    await bench.pass(budgetIntervalMs);
    expect(await bench.statuses(instance)).toEqual([gone, gone, waits, waits]);
    await deleteBudget(temporary.database, id);
    await bench.pass(budgetIntervalMs);

    expect(await bench.statuses(instance)).toEqual([gone, gone, gone, gone]);
    expect((await bench.groups(instance))[0]?.heldAt).toBeNull();
  });

  test("is held by a node that is under every budget it belongs to", async () => {
    await bench.start(3);
    await tag([0, 1]);
    await budget(2);
    await budget(1, { name: "all", constraints: {} });
    const id = await bench.fire({ groups: [{ nodes: [0, 1, 2] }] });
    expect(await bench.statuses(id)).toEqual([gone, waits, waits]);

    await bench.finish(id, 0);
    await bench.finish(id, 1);

    expect(await bench.statuses(id)).toEqual(["success", "success", gone]);
  });

  test("does not hold back a cancel, nor what a group's time ends", async () => {
    await bench.start(3);
    await tag([0, 1, 2]);
    await budget(1);
    const holder = await bench.fire({ groups: [{ nodes: [0] }] });
    const canceled = await bench.fire({ groups: [{ nodes: [1] }] });
    const timed = await bench.fire({ groups: [{ nodes: [2], timeoutSeconds: 30 }] });

    await bench.during(bench.scheduler.cancelInstance(canceled, ada));
    await bench.pass(31_000);

    expect(await bench.statuses(canceled)).toEqual(["canceled"]);
    expect(await bench.statuses(timed)).toEqual(["skipped"]);
    expect(await bench.statuses(holder)).toEqual([gone]);
    await bench.finish(holder, 0);
    expect(await listBudgetWaits(temporary.database, { instanceId: timed, holdersMax: 5 })).toEqual(
      [],
    );
  });

  test("stays in force over a restart of the service", async () => {
    await bench.start(2);
    await tag([0, 1]);
    await budget(1);
    const id = await bench.fire({ groups: [{ nodes: [0, 1] }] });

    await bench.restart();
    await bench.pass(60_000);
    expect(await bench.statuses(id)).toEqual([gone, waits]);
    await bench.finish(id, 0);

    expect(await bench.statuses(id)).toEqual(["success", gone]);
  });

  test("says which runs use it, and how many wait", async () => {
    await bench.start(3);
    await tag([0, 1, 2]);
    const budgetId = await budget(1);
    const first = await bench.fire({ groups: [{ nodes: [0] }] });
    const second = await bench.fire({ groups: [{ nodes: [1, 2] }] });

    const found = await listBudgetWaits(temporary.database, { instanceId: second, holdersMax: 5 });

    const [run] = await bench.runs(first);
    expect(found).toEqual([
      {
        ...{ groupNumber: 0, budgetId, budgetName: "db", maxAmount: amount(1), nodeCount: 3 },
        waitingCount: 2,
        holdingCount: 1,
        holders: [
          {
            ...{ runId: run?.id, instanceId: first, nodeId: run?.nodeId, status: "dispatched" },
            jobName: expect.any(String),
            nodeName: expect.any(String),
          },
        ],
      },
    ]);
  });
});
