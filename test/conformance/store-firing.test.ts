import {
  findInstance,
  findJob,
  findJobsWithOpenInstance,
  findSessions,
  firstToken,
  insertInstances,
  insertRuns,
  insertRunsOfGroups,
  listGroups,
  listRuns,
  moveInstances,
  requestStops,
  setJobsFired,
  setNodesArchived,
  type NewRun,
  updateGroups,
  updateInstance,
} from "@courier/store";
import { expect, test } from "vitest";
import { at, newGroup, newInstance, now, onEachDatabase } from "./store-fixture.ts";

onEachDatabase("many jobs that fire at once", (setup) => {
  test("adds instances with groups and runs, but none of an occurrence that has fired", async () => {
    const { db, addJob, addNodes } = await setup();
    const nodeIds = await addNodes(3);
    const jobs = [await addJob(), await addJob(), await addJob()];
    const [fired, ...others] = jobs.map(({ id }) => newInstance(id));
    const again = newInstance(at(jobs, 0).id);
    await insertInstances(db, [
      { instance: fired ?? again, groups: [newGroup((fired ?? again).id)] },
    ]);

    const fresh = [again, ...others].map((instance) => ({
      instance,
      groups: [0, 1].map((groupNumber) => newGroup(instance.id, { groupNumber, nodeCount: 3 })),
    }));
    const inserted = await insertInstances(db, fresh);
    await insertRunsOfGroups(
      db,
      others.map(({ id }) => ({
        ...{ instanceId: id, groupNumber: 1, createdAt: now },
        runs: nodeIds.map((nodeId, position) => ({ id: `${id} ${position}`, nodeId, position })),
      })),
    );

    expect(inserted).toEqual(new Set(others.map(({ id }) => id)));
    expect(await findInstance(db, again.id)).toBeUndefined();
    for (const { id } of others) {
      expect(await listGroups(db, id)).toHaveLength(2);
      const { items } = await listRuns(db, { instanceId: id, page: 1, size: 10 });
      expect(items.map((run) => [run.id, run.nodeId, run.groupNumber, run.status])).toEqual(
        nodeIds.map((nodeId, position) => [`${id} ${position}`, nodeId, 1, "pending"]),
      );
    }
  });

  test("adds runs that are claimed for their nodes at once, and remembers which nodes were there", async () => {
    const { db, addJob, addNodes, connect } = await setup();
    const [here, away] = await addNodes(2);
    if (here === undefined || away === undefined) throw new Error("no nodes");
    await connect([here]);
    const instance = newInstance((await addJob()).id);
    const groups = [0, 1].map((groupNumber) => newGroup(instance.id, { groupNumber }));
    await insertInstances(db, [{ instance, groups }]);

    const runsOf = (groupNumber: number): NewRun[] =>
      [here, away, here].map((nodeId, position) => ({
        ...{ id: `${groupNumber}.${position}`, nodeId, position, isDispatched: position < 2 },
      }));
    const key = { instanceId: instance.id, createdAt: now };
    await insertRunsOfGroups(db, [{ ...key, groupNumber: 0, runs: runsOf(0) }]);
    await insertRuns(db, { ...key, groupNumber: 1, runs: runsOf(1) });

    const { items } = await listRuns(db, { instanceId: instance.id, page: 1, size: 10 });
    const claimed = { status: "dispatched", dispatchedAt: now, token: firstToken };
    expect(
      items.map(({ status, dispatchedAt, token }) => ({ status, dispatchedAt, token })),
    ).toEqual(
      [0, 1].flatMap(() => [
        claimed,
        claimed,
        { ...claimed, status: "pending", dispatchedAt: null },
      ]),
    );
    const stopped = { instanceId: instance.id, outcome: "canceled" } as const;
    const requested = await requestStops(db, { ...stopped, stopDeadlineAt: now, now });
    const sent = requested.filter((run) => run.sent).map(({ id }) => id);
    expect(sent.toSorted()).toEqual(["0.0", "1.0"]);
  });

  test("finds the sessions of nodes that are online and not archived", async () => {
    const { db, addNodes, connect } = await setup();
    const [here, away, archived] = await addNodes(3);
    if (here === undefined || away === undefined || archived === undefined) throw new Error();
    await connect([here, archived]);
    await setNodesArchived(db, { nodeIds: [archived], archivedAt: now, now });

    const found = await findSessions(db, [here, away, archived, here]);

    expect(found).toEqual(new Map([[here, `session-${here}`]]));
  });

  test("sets what comes after jobs have fired, and leaves one that was canceled", async () => {
    const { db, addJob } = await setup();
    const jobs = [await addJob(), await addJob(), await addJob({ status: "canceled" })];

    await setJobsFired(db, {
      jobs: jobs.map(({ id }, index) => ({
        ...{ id, status: index === 0 ? "active" : "completed" },
        ...{ nextExecutionAt: index === 0 ? now + 5 : null, blocked: "[1]" },
        ...{ exceptionsVersion: 7, reviewAt: index === 0 ? null : now + 9 },
      })),
      now: now + 1,
    });

    const set = { blocked: "[1]", exceptionsVersion: 7, updatedAt: now + 1 };
    expect(await findJob(db, at(jobs, 0).id)).toMatchObject({
      ...{ ...set, status: "active", nextExecutionAt: now + 5, reviewAt: null },
    });
    expect(await findJob(db, at(jobs, 1).id)).toMatchObject({
      ...{ ...set, status: "completed", nextExecutionAt: null, reviewAt: now + 9 },
    });
    expect(await findJob(db, at(jobs, 2).id)).toMatchObject({ status: "canceled", blocked: "[]" });
  });

  test("changes groups that are in the state they were read in", async () => {
    const { db, addNodes, addInstance } = await setup();
    const instance = await addInstance([await addNodes(1), []]);
    const [first, second] = await listGroups(db, instance.id);
    if (first === undefined || second === undefined) throw new Error("no groups");
    const set = { ...first, status: "success", cursor: 1, finishedAt: now + 3 } as const;

    const changed = await updateGroups(db, [
      { instanceId: instance.id, groupNumber: 0, from: first.status, set },
      { instanceId: instance.id, groupNumber: 1, from: "skipped", set },
    ]);

    expect(changed).toBe(1);
    expect(await listGroups(db, instance.id)).toEqual([
      { ...first, status: "success", cursor: 1, finishedAt: now + 3 },
      second,
    ]);
  });

  test("moves instances: a start is kept, an end ends a pause, another state is left alone", async () => {
    const { db, addInstance } = await setup();
    const [started, ended, other] = [
      await addInstance([[]]),
      await addInstance([[]]),
      await addInstance([[]]),
    ];
    for (const { id } of [started, ended]) {
      await updateInstance(db, { id, from: ["running"], set: { pausedAt: now }, now });
    }

    await moveInstances(db, {
      moves: [
        {
          id: started.id,
          from: ["pending", "running"],
          status: "running",
          startedAt: now + 1,
          finishedAt: null,
        },
        {
          id: ended.id,
          from: ["running"],
          status: "success",
          startedAt: null,
          finishedAt: now + 2,
        },
        {
          id: other.id,
          from: ["pending"],
          status: "failure",
          startedAt: null,
          finishedAt: now + 2,
        },
      ],
      now: now + 3,
    });

    expect(await findInstance(db, started.id)).toMatchObject({
      ...{ status: "running", startedAt: now + 1, finishedAt: null, pausedAt: now },
      updatedAt: now + 3,
    });
    expect(await findInstance(db, ended.id)).toMatchObject({
      ...{ status: "success", finishedAt: now + 2, pausedAt: null },
    });
    expect(await findInstance(db, other.id)).toMatchObject({ status: "running", finishedAt: null });
  });

  test("tells which jobs have an open instance", async () => {
    const { db, addJob } = await setup();
    const jobs = [await addJob(), await addJob(), await addJob()];
    const open = newInstance(at(jobs, 0).id);
    const over = newInstance(at(jobs, 1).id, { status: "success", finishedAt: now });
    await insertInstances(db, [
      { instance: open, groups: [] },
      { instance: over, groups: [] },
    ]);

    const found = await findJobsWithOpenInstance(
      db,
      jobs.map(({ id }) => id),
    );

    expect(found).toEqual(new Set([open.jobId]));
  });
});
