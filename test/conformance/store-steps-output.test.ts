import {
  appendOutput,
  copyStepOutputs,
  listOutput,
  listStepOutputs,
  listSteps,
  type NewOutputChunk,
  type StepRow,
  upsertSteps,
} from "@courier/store";
import { expect, test } from "vitest";
import { at, now, onEachDatabase, only, type StoreFixture } from "./store-fixture.ts";

onEachDatabase("steps and output", (setup) => {
  test("returns stored steps in order, field by field", async () => {
    const { db, runId } = await oneRun(await setup());
    const rows = [step(runId, { stepNumber: 2, exitCode: null, startedAt: null }), step(runId)];

    await upsertSteps(db, rows);

    expect(await listSteps(db, runId)).toEqual(rows.toReversed());
    expect(await listSteps(db, "unknown")).toEqual([]);
  });

  test("lets the latest state of a step win, until it is final", async () => {
    const { db, runId } = await oneRun(await setup());
    const running = { status: "running", finishedAt: null, exitCode: null } as const;

    await upsertSteps(db, [step(runId, { ...running, attemptCount: 1 })]);
    await upsertSteps(db, [step(runId, { ...running, attemptCount: 2 })]);
    const second = only(await listSteps(db, runId));
    await upsertSteps(db, [step(runId, { status: "failure", exitCode: 3 })]);
    await upsertSteps(db, [step(runId, running), step(runId, { status: "success" })]);

    expect(second).toMatchObject({ status: "running", attemptCount: 2 });
    expect(only(await listSteps(db, runId))).toMatchObject({ status: "failure", exitCode: 3 });
  });

  test("takes several states of one step in one batch", async () => {
    const { db, runId } = await oneRun(await setup());
    const states = ["running", "failure", "running"] as const;

    await upsertSteps(
      db,
      states.map((status) => step(runId, { status })),
    );

    expect(only(await listSteps(db, runId)).status).toBe("failure");
  });

  test("copies what steps produced to the runs of a rerun, by node", async () => {
    const { db, addNodes, addInstance } = await setup();
    const [one, two] = await addNodes(2);
    if (one === undefined || two === undefined) throw new Error("no nodes");
    const origin = await addInstance([[one, two]]);
    const again = await addInstance([[two]]);
    const [ofOne, ofTwo] = at(origin.runs, 0).map((run) => run.id);
    const runId = only(at(again.runs, 0)).id;
    await upsertSteps(db, [
      step(ofOne ?? "", { outputs: "one" }),
      step(ofTwo ?? "", { outputs: "two" }),
      step(ofTwo ?? "", { stepNumber: 2, outputs: "" }),
      step(ofTwo ?? "", { stepNumber: 3, outputs: "three" }),
    ]);

    const rerun = { instanceId: again.id, originInstanceId: origin.id, now: now + 5 };
    await copyStepOutputs(db, { ...rerun, fromStep: 3 });
    await copyStepOutputs(db, { ...rerun, fromStep: 3 });
    await upsertSteps(db, [step(runId, { status: "skipped", outputs: "" })]);

    expect(only(await listSteps(db, runId))).toMatchObject({
      ...{ stepNumber: 1, status: "skipped", attemptCount: 0, outputs: "two", updatedAt: now + 5 },
      reason: "the run starts from step 3",
    });
    expect(await listStepOutputs(db, [runId, ofOne ?? "", "unknown"])).toEqual(
      expect.arrayContaining([
        { runId: ofOne, stepNumber: 1, outputs: "one" },
        { runId, stepNumber: 1, outputs: "two" },
      ]),
    );
  });

  test("ignores steps of runs that do not exist or belong to another node", async () => {
    const { db, runId, nodeId } = await oneRun(await setup());

    await upsertSteps(db, [
      step("unknown"),
      { ...step(runId), nodeId: "another" },
      { ...step(runId, { stepNumber: 2 }), nodeId },
    ]);

    expect(only(await listSteps(db, runId)).stepNumber).toBe(2);
  });

  test("returns output in order of arrival, as bytes, page by page", async () => {
    const { db, runId, nodeId } = await oneRun(await setup());
    const bytes = new Uint8Array([0, 255, 128, 10, 0]);
    await appendOutput(db, [
      { nodeId, now, chunks: [chunk(runId, { offset: 5, data: bytes }), chunk(runId)] },
    ]);
    await appendOutput(db, [{ nodeId, now, chunks: [chunk(runId, { stepNumber: 2 })] }]);

    const { items: all } = await listOutput(db, { runId, limit: 10 });
    const { items: page } = await listOutput(db, { runId, limit: 1, after: at(all, 0).seq });
    const { items: ofStep } = await listOutput(db, { runId, limit: 10, stepNumber: 2 });

    expect(all.map(({ offset }) => offset)).toEqual([5, 0, 0]);
    expect(at(all, 0)).toEqual({
      seq: at(all, 0).seq,
      stepNumber: 1,
      attempt: 1,
      stream: "stdout",
      offset: 5,
      data: bytes,
    });
    expect(page).toEqual([at(all, 1)]);
    expect(ofStep).toEqual([at(all, 2)]);
  });

  test("stores a piece of output once, however often it is sent", async () => {
    const { db, runId, nodeId } = await oneRun(await setup());
    const chunks = [chunk(runId), chunk(runId), chunk(runId, { stream: "stderr" })];

    await appendOutput(db, [{ nodeId, now, chunks }]);
    await appendOutput(db, [
      { nodeId, now, chunks: [...chunks, chunk(runId, { data: new Uint8Array([1]) })] },
    ]);

    const { items } = await listOutput(db, { runId, limit: 10 });
    expect(items.map(({ stream }) => stream)).toEqual(["stdout", "stderr"]);
    expect(at(items, 0).data).toEqual(chunk(runId).data);
  });

  test("stores the rest of a piece that is sent again after the step has written more", async () => {
    const { db, runId, nodeId } = await oneRun(await setup());
    const bytes = new Uint8Array([1, 2, 3, 4, 5, 6]);
    const first = chunk(runId, { data: bytes.subarray(0, 2) });
    const second = chunk(runId, { offset: 2, data: bytes.subarray(2, 3) });
    const whole = chunk(runId, { data: bytes });

    await appendOutput(db, [{ nodeId, now, chunks: [first, second] }]);
    await appendOutput(db, [{ nodeId, now, chunks: [whole, whole] }]);
    await appendOutput(db, [{ nodeId, now, chunks: [chunk("unknown", { data: bytes }), whole] }]);

    const { items } = await listOutput(db, { runId, limit: 10 });
    expect(items.map(({ offset, data }) => ({ offset, data: [...data] }))).toEqual([
      { offset: 0, data: [1, 2] },
      { offset: 2, data: [3] },
      { offset: 3, data: [4, 5, 6] },
    ]);
  });

  test("keeps the rest of a piece that is sent again before what was written after it", async () => {
    const { db, runId, nodeId } = await oneRun(await setup());
    const bytes = new Uint8Array([1, 2, 3]);
    const begun = chunk(runId, { data: bytes.subarray(0, 1) });
    const whole = chunk(runId, { data: bytes });
    const nextStep = chunk(runId, { stepNumber: 2 });

    await appendOutput(db, [{ nodeId, now, chunks: [begun] }]);
    await appendOutput(db, [{ nodeId, now, chunks: [whole, nextStep] }]);

    const { items } = await listOutput(db, { runId, limit: 10 });
    expect(items.map(({ stepNumber, offset }) => [stepNumber, offset])).toEqual([
      [1, 0],
      [1, 1],
      [2, 0],
    ]);
  });

  test("ignores output of other nodes' runs and of other tokens", async () => {
    const { db, runId, nodeId } = await oneRun(await setup());

    await appendOutput(db, [
      { nodeId: "another", now, chunks: [chunk(runId)] },
      { nodeId, now, chunks: [chunk(runId, { token: 2 }), chunk("unknown")] },
    ]);

    expect((await listOutput(db, { runId, limit: 10 })).items).toEqual([]);
  });
});

function step(runId: string, row: Partial<StepRow> = {}): StepRow {
  return {
    runId,
    stepNumber: 1,
    status: "success",
    attemptCount: 1,
    exitCode: 0,
    reason: "",
    interpreterPath: "/bin/bash",
    interpreterVersion: "5.2",
    startedAt: now,
    finishedAt: now + 1,
    outputBytes: 12,
    outputDroppedBytes: 3,
    inputs: '{"A":"1"}',
    outputs: "",
    updatedAt: now,
    ...row,
  };
}

function chunk(runId: string, piece: Partial<NewOutputChunk> = {}): NewOutputChunk {
  const data = new Uint8Array([104, 105]);
  return {
    runId,
    token: 1,
    stepNumber: 1,
    attempt: 1,
    stream: "stdout",
    offset: 0,
    data,
    ...piece,
  };
}

async function oneRun({ db, addNodes, addInstance }: StoreFixture): Promise<{
  db: StoreFixture["db"];
  runId: string;
  nodeId: string;
}> {
  const { runs } = await addInstance([await addNodes(1)]);
  const { id: runId, nodeId } = only(at(runs, 0));
  return { db, runId, nodeId };
}
