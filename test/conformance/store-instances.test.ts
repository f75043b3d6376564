import { randomUUID } from "node:crypto";
import {
  addToCounts,
  findInstance,
  insertInstance,
  listGroups,
  listGroupsPastDeadline,
  listInstances,
  listOpenInstanceIds,
  lockInstances,
  nextGroupDeadlineAt,
  updateGroup,
  updateInstance,
} from "@courier/store";
import { expect, test } from "vitest";
import { newGroup, newInstance, noCounts, now, onEachDatabase, only } from "./store-fixture.ts";

onEachDatabase("instances", (setup, kind) => {
  test("returns a stored instance and its groups field by field", async () => {
    const { db, addJob } = await setup();
    const instance = newInstance((await addJob()).id, { executionType: "sequential" });
    const groups = [0, 1].map((groupNumber) =>
      newGroup(instance.id, {
        groupNumber,
        nodeCount: 9,
        cursor: 2,
        batchEnd: 3,
        deadlineAt: now + groupNumber,
        counts: { ...noCounts, inFlight: 1, success: 2, unknown: 3 },
      }),
    );

    const stored = await insertInstance(db, { instance, groups });

    expect(stored).toBe(true);
    expect(await findInstance(db, instance.id)).toEqual(instance);
    expect(await listGroups(db, instance.id)).toEqual(groups);
    expect(await listGroups(db, "unknown")).toEqual([]);
  });

  test("fires an occurrence of a job once", async () => {
    const { db, addJob } = await setup();
    const { id: jobId } = await addJob();

    const outcomes = await Promise.all(
      [1, 2, 3].map(async () => {
        const instance = newInstance(jobId);
        const groups = [newGroup(instance.id)];
        return await db.transaction(async (tx) => await insertInstance(tx, { instance, groups }));
      }),
    );

    expect(outcomes.filter(Boolean)).toHaveLength(1);
    expect((await listInstances(db, { page: 1, size: 10 })).total).toBe(1);
  });

  test("lists instances newest first, by job and status", async () => {
    const { db, addJob } = await setup();
    const jobs = [await addJob(), await addJob()];
    const ids: string[] = [];
    for (let index = 0; index < 6; index += 1) {
      const job = jobs[index % 2];
      const isLast = index === 5;
      const instance = newInstance(job?.id ?? "", {
        nominalAt: now + index,
        createdAt: now + index,
        status: isLast ? "success" : "running",
        finishedAt: isLast ? now : null,
      });
      await insertInstance(db, { instance, groups: [] });
      ids.unshift(instance.id);
    }

    const all = await listInstances(db, { page: 2, size: 4 });
    const ofJob = await listInstances(db, { page: 1, size: 9, jobId: jobs[0]?.id ?? "" });
    const ended = await listInstances(db, { page: 1, size: 9, status: "success" });

    expect(all.items.map(({ id }) => id)).toEqual(ids.slice(4));
    expect(all.total).toBe(6);
    expect(ofJob.items.map(({ id }) => id)).toEqual([ids[1], ids[3], ids[5]]);
    expect(ended.items.map(({ id }) => id)).toEqual([ids[0]]);
    expect(await listOpenInstanceIds(db)).toEqual(ids.slice(1).toReversed());
  });

  test("changes an instance only from the states that the caller names", async () => {
    const { db, addInstance } = await setup();
    const { id } = await addInstance([[]]);
    const set = { status: "success", finishedAt: now + 5, reason: "done" } as const;

    const lost = await updateInstance(db, { id, from: ["pending"], set, now: now + 5 });
    const won = await updateInstance(db, { id, from: ["running"], set, now: now + 5 });

    expect([lost, won]).toEqual([false, true]);
    expect(await findInstance(db, id)).toMatchObject({
      ...set,
      updatedAt: now + 5,
      startedAt: now,
    });
  });

  test("refuses an ended instance without its end, and an end without an ended instance", async () => {
    const { db, addInstance } = await setup();
    const { id } = await addInstance([[]]);
    const from = ["running"] as const;

    await expect(
      updateInstance(db, { id, from, set: { status: "success" }, now }),
    ).rejects.toThrow();
    await expect(updateInstance(db, { id, from, set: { finishedAt: now }, now })).rejects.toThrow();
    await expect(
      updateGroup(db, { instanceId: id, groupNumber: 0, from, set: { status: "skipped" } }),
    ).rejects.toThrow();
  });

  test("changes a group only from the states that the caller names", async () => {
    const { db, addInstance } = await setup();
    const { id: instanceId } = await addInstance([[], []]);
    const key = { instanceId, groupNumber: 1 };

    const lost = await updateGroup(db, { ...key, from: ["waiting"], set: { cursor: 7 } });
    const won = await updateGroup(db, {
      ...key,
      from: ["waiting", "running"],
      set: { cursor: 3, batchEnd: 4, haltReason: "quorum" },
    });

    expect([lost, won]).toEqual([false, true]);
    const [first, second] = await listGroups(db, instanceId);
    expect(first?.cursor).toBe(0);
    expect(second).toMatchObject({ cursor: 3, batchEnd: 4, haltReason: "quorum" });
  });

  test("adds deltas to counters, several of one group as one", async () => {
    const { db, addInstance, addNodes } = await setup();
    const nodes = await addNodes(3);
    const { id: instanceId } = await addInstance([nodes, nodes]);

    await addToCounts(db, [
      { instanceId, groupNumber: 0, counts: { success: 1, inFlight: -1 } },
      { instanceId, groupNumber: 1, counts: { skipped: 3 } },
      { instanceId, groupNumber: 0, counts: { inFlight: 2 } },
    ]);

    const [first, second] = await listGroups(db, instanceId);
    expect(first?.counts).toEqual({ ...noCounts, success: 1, inFlight: 1 });
    expect(second?.counts).toEqual({ ...noCounts, skipped: 3 });
  });

  test("refuses counters below zero or above the node count", async () => {
    const { db, addInstance, addNodes } = await setup();
    const { id: instanceId } = await addInstance([await addNodes(2)]);
    const group = { instanceId, groupNumber: 0 };

    await expect(addToCounts(db, [{ ...group, counts: { inFlight: -1 } }])).rejects.toThrow();
    await expect(addToCounts(db, [{ ...group, counts: { success: 3 } }])).rejects.toThrow();
    await expect(addToCounts(db, [{ ...group, groupNumber: 7, counts: {} }])).rejects.toThrow();
  });

  test("finds groups past their deadline, but no halted, ended or unstarted ones", async () => {
    const { db, addJob } = await setup();
    const instance = newInstance((await addJob()).id);
    const groups = [
      newGroup(instance.id, { groupNumber: 0, deadlineAt: now }),
      newGroup(instance.id, { groupNumber: 1, deadlineAt: now - 9, haltReason: "timeout" }),
      newGroup(instance.id, { groupNumber: 2, deadlineAt: now - 5, status: "waiting" }),
      newGroup(instance.id, { groupNumber: 3, deadlineAt: now - 9, status: "pending" }),
      newGroup(instance.id, { groupNumber: 4, deadlineAt: now + 1 }),
      newGroup(instance.id, { groupNumber: 5 }),
    ];
    await insertInstance(db, { instance, groups });

    const past = await listGroupsPastDeadline(db, { now, limit: 10 });

    expect(past.map(({ groupNumber }) => groupNumber)).toEqual([2, 0]);
    expect(only(await listGroupsPastDeadline(db, { now, limit: 1 })).instanceId).toBe(instance.id);
    expect(await nextGroupDeadlineAt(db)).toBe(now - 5);
  });

  test("locks the instances that exist, in id order, with their groups", async () => {
    const { db, addInstance } = await setup();
    const added = [await addInstance([[], []]), await addInstance([[]])];
    const ids = added.map(({ id }) => id).toSorted();

    const locked = await db.transaction(
      async (tx) => await lockInstances(tx, [...ids.toReversed(), randomUUID()]),
    );

    expect(locked.map(({ instance }) => instance.id)).toEqual(ids);
    for (const { instance, groups } of locked) {
      expect(groups).toEqual(await listGroups(db, instance.id));
    }
  });

  test("lets a second transaction wait for a locked instance and see what the first did", async () => {
    const { db, addInstance, addNodes } = await setup();
    const { id: instanceId } = await addInstance([await addNodes(20)]);
    const order: string[] = [];
    const claimOne = async (name: string): Promise<void> => {
      await db.transaction(async (tx) => {
        const { groups } = only(await lockInstances(tx, [instanceId]));
        order.push(name);
        const from = ["running"] as const;
        const cursor = only(groups).cursor + 1;
        await updateGroup(tx, { instanceId, groupNumber: 0, from, set: { cursor } });
      });
    };

    await Promise.all(Array.from({ length: 20 }, async (_, index) => await claimOne(`${index}`)));

    expect(order).toHaveLength(20);
    expect(only(await listGroups(db, instanceId)).cursor).toBe(20);
  });

  const testOnPostgres = kind === "postgres" ? test : undefined;
  testOnPostgres?.("does not deadlock on instances named in any order", async () => {
    const { db, addInstance } = await setup();
    const ids = [(await addInstance([[]])).id, (await addInstance([[]])).id];

    const rounds = Array.from({ length: 20 }, async (_, index) => {
      const named = index % 2 === 0 ? ids : ids.toReversed();
      return await db.transaction(async (tx) => await lockInstances(tx, named));
    });

    expect(await Promise.all(rounds)).toHaveLength(20);
  });
});
