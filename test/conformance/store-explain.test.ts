import {
  appendOutput,
  dispatchRuns,
  endRuns,
  findInstance,
  findNode,
  listAbsentNodes,
  listFailedRuns,
  listOccupations,
  listOpenInstancesOfJob,
  listOpenSteps,
  recordReports,
  requestStops,
  setNodesOffline,
  summariseInFlight,
  upsertSteps,
  type StepUpsert,
} from "@courier/store";
import { expect, test } from "vitest";
import { at, now, onEachDatabase, only, type StoreFixture } from "./store-fixture.ts";

const all = { looked: 1000, examples: 2 };

onEachDatabase("what explanations are made from", (setup) => {
  test("sorts runs in flight by what is known about them", async () => {
    const { db, addNodes, addInstance, connect } = await setup();
    const nodes = await addNodes(5);
    await connect(nodes.slice(0, 4));
    const { id: instanceId, runs } = await addInstance([nodes]);
    const own = at(runs, 0);
    await dispatchRuns(db, { ids: own.map(({ id }) => id), now });
    await start(db, own.slice(0, 3));
    await upsertSteps(db, [
      step(at(own, 0), { status: "active" }),
      step(at(own, 1), { status: "running", reason: "attempt 1: exit code 1" }),
    ]);
    const stop = { outcome: "canceled", stopDeadlineAt: now + 50, now } as const;
    await requestStops(db, { instanceId, runId: at(own, 3).id, ...stop });

    const { kinds, count } = await summariseInFlight(db, { instanceId, ...all });

    const facts = kinds.map(
      ({ facts: { status, step }, count: own }) => `${own} ${status}, ${step}`,
    );
    expect(count).toBe(5);
    expect(facts.toSorted((left, right) => left.localeCompare(right))).toEqual([
      "1 dispatched, none",
      "1 dispatched, none",
      "1 running, none",
      "1 running, rebooting",
      "1 running, retrying",
    ]);
    const stopping = only(kinds.filter(({ facts: { isStopping } }) => isStopping));
    expect(stopping.earliest.stopDeadlineAt).toBe(now + 50);
    const absent = only(kinds.filter(({ facts: { isNodeOnline } }) => !isNodeOnline));
    expect(absent.examples).toEqual([
      {
        runId: at(own, 4).id,
        nodeId: nodes[4],
        nodeName: `node ${nodes[4] ?? ""}`,
        dispatchedAt: now,
        startedAt: null,
        offlineSince: (await findNode(db, at(nodes, 4)))?.offlineSince ?? null,
      },
    ]);
  });

  test("knows which other run keeps a node busy", async () => {
    const { db, addNodes, addInstance, connect } = await setup();
    const nodes = await addNodes(1);
    await connect(nodes);
    const first = await addInstance([nodes]);
    const second = await addInstance([nodes]);
    const [running, waiting] = [at(at(first.runs, 0), 0), at(at(second.runs, 0), 0)];
    await dispatchRuns(db, { ids: [running.id, waiting.id], now });
    await start(db, [running]);

    const { kinds } = await summariseInFlight(db, { instanceId: second.id, ...all });

    expect(only(kinds).facts.isNodeBusy).toBe(true);
    expect(await listOccupations(db, nodes)).toEqual([
      { nodeId: nodes[0], runId: running.id, instanceId: first.id, jobName: "job" },
    ]);
  });

  test("counts all and shows few, group by group, and stops looking where it is told", async () => {
    const { db, addNodes, addInstance } = await setup();
    const nodes = await addNodes(6);
    const { id: instanceId, runs } = await addInstance([nodes, nodes.slice(0, 1)]);
    await dispatchRuns(db, { ids: runs.flat().map(({ id }) => id), now });

    const { kinds } = await summariseInFlight(db, { instanceId, ...all });
    const partial = await summariseInFlight(db, { instanceId, looked: 4, examples: 2 });

    expect(kinds.map((kind) => [kind.groupNumber, kind.count, kind.examples.length])).toEqual([
      [0, 6, 2],
      [1, 1, 1],
    ]);
    expect(kinds[0]?.examples.map(({ nodeId }) => nodeId)).toEqual(nodes.slice(0, 2));
    expect(partial.count).toBe(4);
  });

  test("lists the offline nodes of a group in order", async () => {
    const { db, addNodes, addInstance, connect } = await setup();
    const nodes = await addNodes(4);
    await connect(nodes.slice(1, 3));
    await db.transaction(async (tx) => {
      const nodeId = at(nodes, 1);
      await setNodesOffline(tx, [{ nodeId, sessionId: `session-${nodeId}`, now: now + 7 }]);
    });
    const { id: instanceId } = await addInstance([nodes]);

    const absent = await listAbsentNodes(db, { instanceId, groupNumber: 0, limit: 2 });

    expect(absent.map(({ nodeId }) => nodeId)).toEqual(nodes.slice(0, 2));
    expect(absent[1]?.offlineSince).toBe(now + 7);
  });

  test("tells which step a run is at", async () => {
    const { db, addNodes, addInstance } = await setup();
    const { runs } = await addInstance([await addNodes(1)]);
    const run = at(at(runs, 0), 0);
    await upsertSteps(db, [
      step(run, { stepNumber: 1, status: "success" }),
      step(run, { stepNumber: 2, status: "running", attemptCount: 3, reason: "attempt 2: x" }),
    ]);

    expect(await listOpenSteps(db, [run.id])).toEqual([
      { runId: run.id, stepNumber: 2, attemptCount: 3, reason: "attempt 2: x" },
    ]);
  });

  test("lists failures in the order in which they came, page by page", async () => {
    const { db, addNodes, addInstance } = await setup();
    const { id: instanceId, runs } = await addInstance([await addNodes(5)]);
    const own = at(runs, 0);
    await dispatchRuns(db, { ids: own.map(({ id }) => id), now });
    const end = { reason: "r", from: ["dispatched"] } as const;
    await endRuns(db, { ids: [at(own, 3).id], status: "timeout", now: now + 1, ...end });
    await endRuns(db, { ids: [at(own, 1).id], status: "unknown", now: now + 2, ...end });
    await endRuns(db, { ids: [at(own, 2).id], status: "success", now: now + 3, ...end });
    await endRuns(db, { ids: [at(own, 0).id], status: "failure", now: now + 4, ...end });

    const first = await listFailedRuns(db, { instanceId, groupNumber: 0, limit: 2 });
    const second = await listFailedRuns(db, {
      ...{ instanceId, groupNumber: 0, limit: 2 },
      ...(first.next === undefined ? {} : { after: first.next }),
    });

    expect(first.items.map(({ id }) => id)).toEqual([at(own, 3).id, at(own, 1).id]);
    expect(second.items.map(({ id, status }) => [id, status])).toEqual([
      [at(own, 0).id, "failure"],
    ]);
    expect(second.next).toBeUndefined();
  });

  test("shows the end of what the failed step's last attempt wrote to stderr", async () => {
    const { db, addNodes, addInstance } = await setup();
    const nodes = await addNodes(1);
    const { id: instanceId, runs } = await addInstance([nodes]);
    const run = at(at(runs, 0), 0);
    await dispatchRuns(db, { ids: [run.id], now });
    await upsertSteps(db, [
      step(run, { stepNumber: 1, status: "success" }),
      step(run, { stepNumber: 2, status: "failure", attemptCount: 2, exitCode: 1 }),
    ]);
    const piece = { runId: run.id, token: 1, stepNumber: 2, attempt: 2, offset: 0 } as const;
    const stderr = { ...piece, stream: "stderr" } as const;
    const chunks = [
      { ...stderr, attempt: 1, data: Buffer.from("first attempt\n") },
      { ...stderr, data: Buffer.from(`${"x".repeat(3000)}\n`) },
      { ...stderr, offset: 3001, data: Buffer.from(`${"y".repeat(3000)}no space left\n`) },
      { ...piece, stream: "stdout", data: Buffer.from("stdout\n") } as const,
    ];
    await appendOutput(db, [{ nodeId: run.nodeId, now, chunks }]);
    const end = { reason: "", now, from: ["dispatched"] } as const;
    await endRuns(db, { ids: [run.id], status: "failure", ...end });

    const { items } = await listFailedRuns(db, { instanceId, groupNumber: 0, limit: 10 });

    expect(only(items)).toMatchObject({ stepNumber: 2, nodeId: nodes[0] });
    const tail = Buffer.from(only(items).stderrTail ?? []).toString();
    expect(tail).toHaveLength(2048);
    expect(tail.endsWith("yyno space left\n")).toBe(true);
  });

  test("lists the open instances of one job", async () => {
    const { db, addInstance, addNodes } = await setup();
    const nodes = await addNodes(1);
    const { id } = await addInstance([nodes]);
    await addInstance([nodes]);
    const jobId = (await findInstance(db, id))?.jobId ?? "";

    expect(await listOpenInstancesOfJob(db, { jobId, limit: 5 })).toEqual([id]);
    expect(await listOpenInstancesOfJob(db, { jobId: "none", limit: 5 })).toEqual([]);
  });

  test("says nothing where there is nothing", async () => {
    const { db } = await setup();

    expect(await summariseInFlight(db, { instanceId: "none", ...all })).toEqual({
      kinds: [],
      count: 0,
    });
    const none = { instanceId: "none", groupNumber: 0, limit: 1 };
    expect(await listFailedRuns(db, none)).toEqual({ items: [], next: undefined });
    expect(await listOccupations(db, [])).toEqual([]);
    expect(await listOpenSteps(db, [])).toEqual([]);
  });
});

type OwnRun = { readonly id: string; readonly nodeId: string };

async function start(db: StoreFixture["db"], runs: readonly OwnRun[]): Promise<void> {
  await recordReports(
    db,
    runs.map(({ id, nodeId }) => ({
      nodeId,
      now,
      started: [{ runId: id, token: 1, at: now }],
      results: [],
    })),
  );
}

function step(run: OwnRun, change: Partial<StepUpsert>): StepUpsert {
  return {
    runId: run.id,
    stepNumber: 1,
    status: "running",
    attemptCount: 1,
    exitCode: null,
    reason: "",
    interpreterPath: "",
    interpreterVersion: "",
    startedAt: now,
    finishedAt: null,
    outputBytes: 0,
    outputDroppedBytes: 0,
    updatedAt: now,
    ...change,
  };
}
