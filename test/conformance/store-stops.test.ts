import {
  dispatchRuns,
  endRuns,
  findRun,
  listExpiredStops,
  nextStopDeadlineAt,
  requestStops,
} from "@courier/store";
import { expect, test } from "vitest";
import { at, now, onEachDatabase } from "./store-fixture.ts";

onEachDatabase("stops", (setup) => {
  test("asks each run in flight once and tells where it is", async () => {
    const { db, addNodes, addInstance, connect } = await setup();
    const nodes = await addNodes(3);
    await connect(nodes.slice(0, 1));
    const { id: instanceId, runs } = await addInstance([nodes]);
    const ids = at(runs, 0).map(({ id }) => id);
    await dispatchRuns(db, { ids: ids.slice(0, 2), now });
    const stop = { instanceId, outcome: "canceled", stopDeadlineAt: now + 50, now } as const;

    const asked = await requestStops(db, stop);
    const again = await requestStops(db, { ...stop, outcome: "timeout" });

    expect(asked.toSorted((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id))).toEqual([
      {
        id: ids[0],
        nodeId: nodes[0],
        token: 1,
        status: "dispatched",
        dispatchedAt: now,
        sent: true,
      },
      {
        id: ids[1],
        nodeId: nodes[1],
        token: 1,
        status: "dispatched",
        dispatchedAt: now,
        sent: false,
      },
    ]);
    expect(again).toEqual([]);
    expect(await findRun(db, at(ids, 0))).toMatchObject({
      stopOutcome: "canceled",
      stopDeadlineAt: now + 50,
    });
    expect((await findRun(db, at(ids, 2)))?.stopOutcome).toBeNull();
  });

  test("asks only the runs of one group, or one run", async () => {
    const { db, addNodes, addInstance } = await setup();
    const nodes = await addNodes(2);
    const { id: instanceId, runs } = await addInstance([nodes, nodes]);
    await dispatchRuns(db, { ids: runs.flat().map(({ id }) => id), now });
    const stop = { instanceId, outcome: "timeout", stopDeadlineAt: now, now } as const;

    const one = await requestStops(db, { ...stop, runId: at(at(runs, 0), 1).id });
    const group = await requestStops(db, { ...stop, groupNumber: 0 });

    expect(one.map(({ id }) => id)).toEqual([at(at(runs, 0), 1).id]);
    expect(group.map(({ id }) => id)).toEqual([at(at(runs, 0), 0).id]);
  });

  test("lists stops that were not confirmed in time, earliest first", async () => {
    const { db, addNodes, addInstance } = await setup();
    const { id: instanceId, runs } = await addInstance([await addNodes(4)]);
    const ids = at(runs, 0).map(({ id }) => id);
    await dispatchRuns(db, { ids, now });
    for (const [index, runId] of ids.entries()) {
      const stopDeadlineAt = now + 10 - index;
      await requestStops(db, { instanceId, runId, outcome: "canceled", stopDeadlineAt, now });
    }
    const end = { status: "canceled", reason: "", now, from: ["dispatched"] } as const;
    await endRuns(db, { ids: ids.slice(3), ...end });

    const expired = await listExpiredStops(db, { now: now + 9, limit: 10 });

    expect(await nextStopDeadlineAt(db)).toBe(now + 8);
    expect(expired.map(({ id }) => id)).toEqual([ids[2], ids[1]]);
    expect(expired[0]).toMatchObject({ instanceId, stopOutcome: "canceled", status: "dispatched" });
  });
});
