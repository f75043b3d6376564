import { randomUUID } from "node:crypto";
import { dispatchRuns, endRuns, findRun, recordReports, type ResultReport } from "@courier/store";
import { expect, test } from "vitest";
import { at, now, onEachDatabase, only, type StoreFixture } from "./store-fixture.ts";

onEachDatabase("reports", (setup) => {
  test("records that a run started and how it ended", async () => {
    const { db, nodeId, runId, instanceId } = await dispatched(await setup());
    const about = { runId, instanceId, groupNumber: 0 };

    const started = await recordReports(db, [
      { nodeId, now: now + 2, started: [{ runId, token: 1, at: now + 1 }], results: [] },
    ]);
    const ended = await recordReports(db, [
      { nodeId, now: now + 9, started: [], results: [result(runId)] },
    ]);

    expect(started.transitions).toEqual([{ ...about, previous: "dispatched", status: "running" }]);
    expect(ended).toEqual({
      transitions: [{ ...about, previous: "running", status: "success" }],
      late: [],
    });
    expect(await findRun(db, runId)).toMatchObject({
      status: "success",
      startedAt: now + 1,
      finishedAt: now + 8,
      updatedAt: now + 9,
    });
  });

  test("records start and end that arrive in one flush as two transitions", async () => {
    const { db, nodeId, runId } = await dispatched(await setup());

    const { transitions } = await recordReports(db, [
      { nodeId, now, started: [{ runId, token: 1, at: now }], results: [result(runId)] },
    ]);

    expect(transitions.map(({ previous, status }) => `${previous} ${status}`)).toEqual([
      "dispatched running",
      "running success",
    ]);
  });

  test("changes nothing when a report is repeated", async () => {
    const { db, nodeId, runId } = await dispatched(await setup());
    const report = {
      nodeId,
      now,
      started: [{ runId, token: 1, at: now }],
      results: [result(runId)],
    };
    await recordReports(db, [report]);
    const before = await findRun(db, runId);

    const again = await recordReports(db, [report, report]);

    expect(again).toEqual({ transitions: [], late: [] });
    expect(await findRun(db, runId)).toEqual(before);
  });

  test("counts the first of two results for a run in one flush", async () => {
    const { db, nodeId, runId } = await dispatched(await setup());
    const results = [result(runId), result(runId, { status: "failure" })];

    const { transitions } = await recordReports(db, [{ nodeId, now, started: [], results }]);

    expect(only(transitions).status).toBe("success");
    expect(await findRun(db, runId)).toMatchObject({ status: "success", reportedStatus: null });
  });

  test("ignores reports about another node's run, with another token, or about no run", async () => {
    const fixture = await setup();
    const { db, nodeId, runId } = await dispatched(fixture);
    const [foreign = ""] = await fixture.addNodes(1);
    const before = await findRun(db, runId);

    const recorded = await recordReports(db, [
      { nodeId: foreign, now, started: [{ runId, token: 1, at: now }], results: [result(runId)] },
      { nodeId, now, started: [], results: [result(runId, { token: 2 }), result(randomUUID())] },
      { nodeId, now, started: [{ runId: "a\0b", token: 1, at: now }], results: [] },
    ]);

    expect(recorded).toEqual({ transitions: [], late: [] });
    expect(await findRun(db, runId)).toEqual(before);
  });

  test("ignores reports about a run that was never dispatched", async () => {
    const { db, addNodes, addInstance } = await setup();
    const nodes = await addNodes(1);
    const { runs } = await addInstance([nodes]);
    const { id } = only(at(runs, 0));

    const recorded = await recordReports(db, [
      {
        nodeId: at(nodes, 0),
        now,
        started: [{ runId: id, token: 1, at: now }],
        results: [result(id)],
      },
    ]);

    expect(recorded).toEqual({ transitions: [], late: [] });
    expect((await findRun(db, id))?.status).toBe("pending");
  });

  test("keeps the first late result beside the outcome that was decided before", async () => {
    const { db, nodeId, runId } = await dispatched(await setup());
    await endRuns(db, {
      ids: [runId],
      status: "timeout",
      reason: "limit",
      now,
      from: ["dispatched"],
    });
    const reportLate = async (status: ResultReport["status"], at: number) =>
      await recordReports(db, [
        { nodeId, now: at, started: [], results: [result(runId, { status })] },
      ]);

    const same = await reportLate("timeout", now + 1);
    const late = await reportLate("success", now + 2);
    const later = await reportLate("failure", now + 3);

    expect(same.late).toEqual([]);
    expect(late).toEqual({ transitions: [], late: [runId] });
    expect(later.late).toEqual([]);
    expect(await findRun(db, runId)).toMatchObject({
      status: "timeout",
      reason: "limit",
      reportedStatus: "success",
      reportedAt: now + 2,
    });
  });

  test("stores a reason with bytes that PostgreSQL refuses", async () => {
    const { db, nodeId, runId } = await dispatched(await setup());
    const results = [result(runId, { status: "failure", reason: "a\0b \ud800" })];

    await recordReports(db, [{ nodeId, now, started: [], results }]);

    expect((await findRun(db, runId))?.reason).toBe("a\ufffdb \ufffd");
  });

  test("gives each run one outcome when two flushes race for it", async () => {
    const { db, addNodes, addInstance } = await setup();
    const nodes = await addNodes(50);
    const { runs } = await addInstance([nodes]);
    const own = at(runs, 0);
    await dispatchRuns(db, { ids: own.map(({ id }) => id), now });
    const flush = async (status: ResultReport["status"], order: typeof own) =>
      await db.transaction(
        async (tx) =>
          await recordReports(
            tx,
            order.map(({ id, nodeId }) => ({
              nodeId,
              now,
              started: [],
              results: [result(id, { status })],
            })),
          ),
      );

    const [first, second] = await Promise.all([
      flush("success", own),
      flush("failure", own.toReversed()),
    ]);

    expect(first.transitions.length + second.transitions.length).toBe(50);
    expect(first.late.length + second.late.length).toBe(50);
  });
});

function result(runId: string, report: Partial<ResultReport> = {}): ResultReport {
  const finishedAt = now + 8;
  return { runId, token: 1, status: "success", reason: "", startedAt: null, finishedAt, ...report };
}

/** One run that its node has. */
async function dispatched({ db, addNodes, addInstance }: StoreFixture): Promise<{
  db: StoreFixture["db"];
  nodeId: string;
  runId: string;
  instanceId: string;
}> {
  const instance = await addInstance([await addNodes(1)]);
  const { id: runId, nodeId } = only(at(instance.runs, 0));
  await dispatchRuns(db, { ids: [runId], now });
  return { db, nodeId, runId, instanceId: instance.id };
}
