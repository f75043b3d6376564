import { randomUUID } from "node:crypto";
import {
  countGroupOnline,
  dispatchRuns,
  endPendingRuns,
  endRuns,
  findRun,
  findRuns,
  insertRuns,
  listRuns,
  listStranded,
  listUnaccepted,
  openRunsOfNode,
  recordReports,
  selectPendingRuns,
  setNodesArchived,
  setNodesOffline,
} from "@courier/store";
import { expect, test } from "vitest";
import { at, now, onEachDatabase, only } from "./store-fixture.ts";

onEachDatabase("runs", (setup) => {
  test("creates pending runs with token 1", async () => {
    const { db, addNodes, addInstance } = await setup();
    const [nodeId = ""] = await addNodes(1);
    const instance = await addInstance([[nodeId]]);
    const { id } = only(at(instance.runs, 0));

    const run = await findRun(db, id);

    expect(run).toMatchObject({ id, instanceId: instance.id, groupNumber: 0, position: 0, nodeId });
    expect(run).toMatchObject({ status: "pending", token: 1, createdAt: now, dispatchedAt: null });
    expect(run?.nodeName).toBe(`node ${nodeId}`);
    expect(await findRun(db, "unknown")).toBeUndefined();
  });

  test("refuses runs of an instance that does not exist, and a position that is taken", async () => {
    const { db, addNodes, addInstance } = await setup();
    const nodes = await addNodes(1);
    const { id: instanceId } = await addInstance([nodes]);
    const runs = [{ id: randomUUID(), nodeId: at(nodes, 0), position: 0 }];
    const group = { groupNumber: 0, createdAt: now, runs };

    await expect(insertRuns(db, { ...group, instanceId: randomUUID() })).rejects.toThrow();
    await expect(insertRuns(db, { ...group, instanceId })).rejects.toThrow();
  });

  test("selects pending runs by position and tells whether their nodes are there", async () => {
    const { db, addNodes, addInstance, connect } = await setup();
    const nodes = await addNodes(5);
    await connect(nodes.slice(3));
    const { id: instanceId, runs } = await addInstance([nodes, nodes]);
    const own = at(runs, 0);
    await dispatchRuns(db, { ids: [at(own, 2).id], now });
    const ask = { instanceId, groupNumber: 0, fromPosition: 1, limit: 3 };

    const pending = await selectPendingRuns(db, ask);
    await setNodesArchived(db, { nodeIds: [at(nodes, 4)], archivedAt: now, now });
    const afterArchive = await selectPendingRuns(db, ask);

    expect(pending.map(({ position }) => position)).toEqual([1, 3, 4]);
    expect(pending.map(({ nodeSessionId }) => nodeSessionId)).toEqual([
      null,
      `session-${at(nodes, 3)}`,
      `session-${at(nodes, 4)}`,
    ]);
    expect(afterArchive.map(({ nodeSessionId }) => nodeSessionId)).toEqual([
      null,
      `session-${at(nodes, 3)}`,
      null,
    ]);
  });

  test("dispatches a run once, whoever asks", async () => {
    const { db, addNodes, addInstance } = await setup();
    const nodes = await addNodes(40);
    const { runs } = await addInstance([nodes]);
    const ids = at(runs, 0).map(({ id }) => id);

    const claims = await Promise.all(
      [ids, ids.toReversed(), ids].map(
        async (wanted) =>
          await db.transaction(
            async (tx) => await dispatchRuns(tx, { ids: [...wanted, randomUUID()], now }),
          ),
      ),
    );

    const claimed = claims.flat();
    expect(claimed.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
    expect(at(claimed, 0).token).toBe(1);
    expect(await findRun(db, at(ids, 0))).toMatchObject({
      status: "dispatched",
      dispatchedAt: now,
    });
  });

  test("ends runs from the named states only and tells what they were", async () => {
    const { db, addNodes, addInstance } = await setup();
    const { id: instanceId, runs } = await addInstance([await addNodes(3)]);
    const ids = at(runs, 0).map(({ id }) => id);
    await dispatchRuns(db, { ids: ids.slice(0, 2), now });
    const end = { status: "unknown", reason: "gone", now: now + 1 } as const;

    const ended = await endRuns(db, { ids: [...ids, ...ids], from: ["dispatched"], ...end });
    const again = await endRuns(db, { ids, from: ["dispatched", "running"], ...end });

    expect(ended.map(({ id }) => id).toSorted()).toEqual(ids.slice(0, 2).toSorted());
    expect(ended[0]).toMatchObject({
      instanceId,
      groupNumber: 0,
      previous: "dispatched",
      token: 1,
    });
    expect(again).toEqual([]);
    expect(await findRun(db, at(ids, 0))).toMatchObject({
      status: "unknown",
      reason: "gone",
      finishedAt: now + 1,
    });
    expect((await findRun(db, at(ids, 2)))?.status).toBe("pending");
  });

  test("ends pending runs in bounded batches until none is left", async () => {
    const { db, addNodes, addInstance } = await setup();
    const nodes = await addNodes(7);
    const { id: instanceId, runs } = await addInstance([nodes, nodes]);
    await dispatchRuns(db, { ids: [at(at(runs, 0), 1).id], now });
    const group = {
      instanceId,
      groupNumber: 0,
      limit: 3,
      status: "skipped",
      reason: "r",
      now,
    } as const;

    const first = await endPendingRuns(db, { ...group, fromPosition: 0 });
    const second = await endPendingRuns(db, { ...group, fromPosition: first.cursor });
    const third = await endPendingRuns(db, { ...group, fromPosition: second.cursor });

    expect(first).toEqual({ ended: 3, cursor: 4 });
    expect(second).toEqual({ ended: 3, cursor: 7 });
    expect(third).toEqual({ ended: 0, cursor: 7 });
    const { items } = await listRuns(db, { instanceId, page: 1, size: 20 });
    const statuses = items.map(({ status }) => status);
    expect(statuses.filter((status) => status === "skipped")).toHaveLength(6);
    expect(statuses.filter((status) => status === "pending")).toHaveLength(7);
    expect(statuses[1]).toBe("dispatched");
  });

  test("pages through all groups in order, whatever their sizes", async () => {
    const { db, addNodes, addInstance } = await setup();
    const nodes = await addNodes(6);
    const { id: instanceId, runs } = await addInstance([
      nodes.slice(0, 5),
      [],
      nodes.slice(0, 1),
      nodes,
    ]);
    const all = runs.flat().map(({ id }) => id);

    for (const size of [1, 2, 3, 5, 12, 50]) {
      const seen: string[] = [];
      for (let page = 1; page <= Math.ceil(12 / size) + 1; page += 1) {
        const { items, total } = await listRuns(db, { instanceId, page, size });
        expect(total).toBe(12);
        seen.push(...items.map(({ id }) => id));
      }
      expect(seen).toEqual(all);
    }
  });

  test("lists runs by group, status and node", async () => {
    const { db, addNodes, addInstance } = await setup();
    const nodes = await addNodes(3);
    const { id: instanceId, runs } = await addInstance([nodes, nodes]);
    await dispatchRuns(db, { ids: [at(at(runs, 1), 0).id], now });
    const list = { instanceId, page: 1, size: 2 };

    const group = await listRuns(db, { ...list, groupNumber: 1, page: 2 });
    const pending = await listRuns(db, { ...list, status: "pending", page: 2 });
    const ofNode = await listRuns(db, { ...list, nodeId: at(nodes, 0) });

    expect(group.items.map(({ id }) => id)).toEqual([at(at(runs, 1), 2).id]);
    expect(group.total).toBe(3);
    expect(pending.items.map(({ id }) => id)).toEqual([
      at(at(runs, 0), 2).id,
      at(at(runs, 1), 1).id,
    ]);
    expect(pending.total).toBe(5);
    expect(ofNode.items.map(({ groupNumber }) => groupNumber)).toEqual([0, 1]);
    expect(await listRuns(db, { ...list, instanceId: "unknown" })).toEqual({ items: [], total: 0 });
  });

  test("finds many runs at once and leaves unknown ids out", async () => {
    const { db, addNodes, addInstance } = await setup();
    const nodes = await addNodes(350);
    const { runs } = await addInstance([nodes]);
    const ids = at(runs, 0).map(({ id }) => id);

    const found = await findRuns(db, [...ids, "unknown"]);

    expect(found.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
  });

  test("lists a node's runs in flight, oldest dispatch first", async () => {
    const { db, addNodes, addInstance } = await setup();
    const [nodeId = "", other = ""] = await addNodes(2);
    const { id: instanceId, runs } = await addInstance([[nodeId, other], [nodeId], [nodeId]]);
    const [first, second] = [only(at(runs, 1)), at(at(runs, 0), 0)];
    await dispatchRuns(db, { ids: [second.id], now: now + 1 });
    await dispatchRuns(db, { ids: [first.id], now });

    const open = await openRunsOfNode(db, nodeId);

    expect(open.map(({ id }) => id)).toEqual([first.id, second.id]);
    expect(open[0]).toEqual({
      id: first.id,
      instanceId,
      token: 1,
      status: "dispatched",
      stopOutcome: null,
      dispatchedAt: now,
    });
  });

  test("tells unaccepted runs on online nodes from stranded ones on lost nodes", async () => {
    const { db, addNodes, addInstance, connect } = await setup();
    const [there = "", gone = ""] = await addNodes(2);
    await connect([there, gone]);
    const { runs } = await addInstance([[there, gone, gone]]);
    const [onThere, onGone, queued] = [0, 1, 2].map((position) => at(at(runs, 0), position));
    if (onThere === undefined || onGone === undefined || queued === undefined) throw new Error();
    await dispatchRuns(db, { ids: [onThere.id, onGone.id, queued.id], now });
    const started = [{ runId: onGone.id, token: 1, at: now }];
    await recordReports(db, [{ nodeId: gone, now, started, results: [] }]);
    await setNodesOffline(db, [{ nodeId: gone, sessionId: `session-${gone}`, now: now + 10 }]);

    const unaccepted = await listUnaccepted(db, { dispatchedBefore: now + 1, limit: 10 });
    const tooEarly = await listUnaccepted(db, { dispatchedBefore: now, limit: 10 });
    const stranded = await listStranded(db, { offlineBefore: now + 11, limit: 10 });
    const notYet = await listStranded(db, { offlineBefore: now + 10, limit: 10 });

    expect(unaccepted.map(({ id }) => id)).toEqual([onThere.id]);
    expect(tooEarly).toEqual([]);
    expect(stranded.map(({ id }) => id)).toEqual([onGone.id]);
    expect(stranded[0]).toMatchObject({ nodeId: gone, groupNumber: 0 });
    expect(notYet).toEqual([]);
  });

  test("lists unaccepted runs a part at a time, each once", async () => {
    const { db, addNodes, addInstance, connect } = await setup();
    const nodes = await addNodes(3);
    await connect(nodes);
    const { runs } = await addInstance([nodes]);
    const ids = at(runs, 0).map(({ id }) => id);
    await dispatchRuns(db, { ids, now });

    const first = await listUnaccepted(db, { dispatchedBefore: now + 1, limit: 2 });
    const after = at(first, 1);
    const second = await listUnaccepted(db, { dispatchedBefore: now + 1, limit: 2, after });

    expect([...first, ...second].map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
  });

  test("counts the nodes of a group that are online", async () => {
    const { db, addNodes, addInstance, connect } = await setup();
    const nodes = await addNodes(5);
    await connect(nodes.slice(0, 3));
    const { id: instanceId } = await addInstance([nodes.slice(1), nodes]);

    expect(await countGroupOnline(db, { instanceId, groupNumber: 0 })).toBe(2);
    expect(await countGroupOnline(db, { instanceId, groupNumber: 1 })).toBe(3);
  });
});
