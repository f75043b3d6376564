import { SchedulerBench, temporaryDatabase, type TemporaryDatabase } from "@courier/testkit";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { expireIntervalMs, sweepIntervalMs } from "./limits.ts";

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

const anyMayFail = [
  { status: "success", numRuns: { type: "percent", value: 0 } } as const,
] as const;
const soaking = {
  batchSize: { type: "ramp" as const, value: [1, 2] },
  soakSeconds: 60,
};

async function soakUntil(id: string): Promise<number | null | undefined> {
  return (await bench.groups(id))[0]?.soakUntil;
}

test("a ramp sends batches that grow, and repeats the last size", async () => {
  await bench.start(6);
  const nodes = [0, 1, 2, 3, 4, 5];
  const batchSize = { type: "ramp" as const, value: [1, "34%"] };
  const id = await bench.fire({ groups: [{ nodes, batchSize }] });
  const sizes: number[] = [];

  for (let next = 0; next < 6;) {
    const statuses = await bench.statuses(id);
    const batch = statuses.filter((status) => status === "dispatched").length;
    sizes.push(batch);
    for (let done = 0; done < batch; done += 1) await bench.finish(id, next + done);
    next += batch;
  }

  expect(sizes).toEqual([1, 3, 2]);
  expect((await bench.instance(id)).status).toBe("success");
});

describe("soakSeconds", () => {
  test("holds the next batch back from the end of the last one on", async () => {
    await bench.start(3);
    const id = await bench.fire({ groups: [{ nodes: [0, 1, 2], ...soaking }] });
    await bench.pass(30_000);
    expect(await soakUntil(id)).toBeNull();
    await bench.finish(id, 0);
    const { updatedAt } = (await bench.runs(id))[0] ?? {};
    expect(await soakUntil(id)).toBe((updatedAt ?? 0) + 60_000);

    await bench.pass(59_000);
    expect(await bench.statuses(id)).toEqual(["success", "pending", "pending"]);
    await bench.pass(1_000 + expireIntervalMs);

    expect(await bench.statuses(id)).toEqual(["success", "dispatched", "dispatched"]);
    expect(await soakUntil(id)).toBeNull();
  });

  test("is not waited for after the last batch", async () => {
    await bench.start(1);
    const id = await bench.fire({ groups: [{ nodes: [0], ...soaking }] });

    await bench.finish(id, 0);

    expect((await bench.instance(id)).status).toBe("success");
  });

  test("goes on over a restart of the service", async () => {
    await bench.start(2);
    const id = await bench.fire({ groups: [{ nodes: [0, 1], ...soaking }] });
    await bench.finish(id, 0);
    const before = await soakUntil(id);
    await bench.pass(20_000);

    await bench.restart();

    expect(await soakUntil(id)).toBe(before);
    await bench.pass(38_000);
    expect(await bench.statuses(id)).toEqual(["success", "pending"]);
    // Nobody but the index of groups that soak knows of it: less time than a sweep takes.
    await bench.pass(2_000 + 2 * expireIntervalMs);
    expect(expireIntervalMs).toBeLessThan(sweepIntervalMs / 10);
    expect(await bench.statuses(id)).toEqual(["success", "dispatched"]);
  });

  test("stands still while the instance is paused", async () => {
    await bench.start(2);
    const id = await bench.fire({ groups: [{ nodes: [0, 1], ...soaking }] });
    await bench.finish(id, 0);
    await bench.pass(20_000);
    await bench.during(bench.scheduler.pauseInstance(id, "pause", ada));
    await bench.pass(600_000);
    expect(await bench.statuses(id)).toEqual(["success", "pending"]);

    await bench.during(bench.scheduler.pauseInstance(id, "resume", ada));
    await bench.pass(39_000);
    expect(await bench.statuses(id)).toEqual(["success", "pending"]);
    await bench.pass(1_000 + expireIntervalMs);

    expect(await bench.statuses(id)).toEqual(["success", "dispatched"]);
  });

  test("begins at the resume when the batch ended during a pause", async () => {
    await bench.start(2);
    const id = await bench.fire({ groups: [{ nodes: [0, 1], ...soaking }] });
    await bench.during(bench.scheduler.pauseInstance(id, "pause", ada));
    await bench.finish(id, 0);
    await bench.pass(90_000);

    await bench.during(bench.scheduler.pauseInstance(id, "resume", ada));
    await bench.pass(59_000);
    expect(await bench.statuses(id)).toEqual(["success", "pending"]);
    await bench.pass(1_000 + expireIntervalMs);

    expect(await bench.statuses(id)).toEqual(["success", "dispatched"]);
  });

  test("ends at once by a cancel", async () => {
    await bench.start(2);
    const id = await bench.fire({ groups: [{ nodes: [0, 1], ...soaking }] });
    await bench.finish(id, 0);

    await bench.during(bench.scheduler.cancelInstance(id, ada));

    expect(await bench.statuses(id)).toEqual(["success", "canceled"]);
    expect(await bench.instance(id)).toMatchObject({ status: "canceled" });
    expect(await soakUntil(id)).toBeNull();
  });

  test("ends when the group's time is up", async () => {
    await bench.start(2);
    const id = await bench.fire({
      groups: [{ nodes: [0, 1], ...soaking, timeoutSeconds: 70 }],
    });
    await bench.pass(30_000);
    await bench.finish(id, 0);

    await bench.pass(40_000 + expireIntervalMs);

    expect(await bench.statuses(id)).toEqual(["success", "skipped"]);
    expect((await bench.groups(id))[0]).toMatchObject({ status: "failure", soakUntil: null });
  });
});

describe("haltOn", () => {
  const two = { type: "number", value: 2 } as const;

  test("starts nothing more, lets finish what runs, skips the rest and the groups behind it", async () => {
    await bench.start(6);
    const id = await bench.fire({
      groups: [
        {
          nodes: [0, 1, 2, 3, 4],
          batchSize: { type: "number", value: 3 },
          distributionMethod: "rolling",
          haltOn: { failure: two },
          successCriteria: [...anyMayFail],
        },
        { nodes: [5] },
      ],
    });
    await bench.finish(id, 0, "failure");
    expect((await bench.statuses(id))[3]).toBe("dispatched");

    await bench.finish(id, 1, "failure");

    const reason = "haltOn.failure: 2 of 5 nodes failed, the group halts at 2";
    expect(await bench.statuses(id)).toEqual([
      ...["failure", "failure", "dispatched", "dispatched", "skipped", "pending"],
    ]);
    expect((await bench.runs(id))[4]?.reason).toBe(reason);
    expect(bench.agent(2).stops).toEqual([]);
    await bench.finish(id, 2);
    await bench.finish(id, 3);
    expect((await bench.statuses(id)).slice(2)).toEqual([
      ...["success", "success", "skipped", "skipped"],
    ]);
    expect(await bench.groups(id)).toMatchObject([
      { status: "failure", reason, haltReason: "haltOn" },
      { status: "skipped" },
    ]);
    expect((await bench.instance(id)).status).toBe("failure");
  });

  test("counts nodes that are unreachable for themselves", async () => {
    await bench.start(4);
    await bench.during(bench.agent(1).disconnect());
    await bench.during(bench.agent(2).disconnect());
    await bench.pass(20_000);
    const id = await bench.fire({
      groups: [
        {
          nodes: [0, 1, 2, 3],
          batchSize: { type: "number", value: 1 },
          offlinePolicy: "fail",
          haltOn: { failure: { type: "number", value: 1 }, unreachable: two },
          successCriteria: [...anyMayFail],
        },
      ],
    });

    await bench.finish(id, 0);

    expect(await bench.statuses(id)).toEqual([
      ...["success", "undeliverable", "undeliverable", "skipped"],
    ]);
    expect((await bench.groups(id))[0]?.reason).toBe(
      "haltOn.unreachable: 2 of 4 nodes unreachable, the group halts at 2",
    );
  });

  test("halts a group that soaks no later than the failure that reached it", async () => {
    await bench.start(3);
    const id = await bench.fire({
      groups: [
        { nodes: [0, 1, 2], ...soaking, haltOn: { failure: { type: "percent", value: 1 } } },
      ],
    });

    await bench.finish(id, 0, "failure");

    expect(await bench.statuses(id)).toEqual(["failure", "skipped", "skipped"]);
    expect((await bench.groups(id))[0]).toMatchObject({ status: "failure", soakUntil: null });
  });
});
