import { CourierError } from "@courier/core";
import { frameBytesMax, type RunReport, type StepReport } from "@courier/protocol";
import { listSteps } from "@courier/store";
import {
  SchedulerBench,
  settle,
  stressService,
  temporaryDatabase,
  type TemporaryDatabase,
} from "@courier/testkit";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sweepIntervalMs } from "./limits.ts";

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

const step: StepReport = {
  stepNumber: 1,
  status: "success",
  attemptCount: 1,
  exitCode: 0,
  reason: "",
  interpreterPath: "",
  interpreterVersion: "",
  startedAt: 1,
  finishedAt: 2,
  outputBytes: 0,
  outputDroppedBytes: 0,
};

/** A report that the codec would have refused, and the database does: what a defect of ours looks like. */
function poisoned(runId: string): RunReport {
  return { type: "step", runId, token: 1, step: { ...step, attemptCount: Number.NaN } };
}

describe("reports", () => {
  test("of many nodes that arrive together share few commits", async () => {
    await bench.start(20);
    const nodes = Array.from({ length: 20 }, (_, position) => position);
    const id = await bench.fire({ groups: [{ nodes }] });
    const runs = await bench.runs(id);
    const commitsBefore = bench.flaky.commitCount;

    const reported = nodes.map((position) =>
      bench.agent(position).finish(runs[position]?.id ?? ""),
    );
    await bench.during(Promise.all(reported));

    expect((await bench.instance(id)).status).toBe("success");
    expect(bench.flaky.commitCount - commitsBefore).toBeLessThanOrEqual(5);
  });

  test("resolve only after the commit", async () => {
    await bench.start(1);
    const id = await bench.fire({ groups: [{ nodes: [0] }] });
    const { id: runId } = await bench.runOf(id, 0);

    await bench.during(bench.agent(0).finish(runId));

    expect(await bench.statuses(id)).toEqual(["success"]);
  });

  test("reject while the database is away, and are recorded when they come again", async () => {
    await bench.start(1);
    const id = await bench.fire({ groups: [{ nodes: [0] }] });
    const { id: runId } = await bench.runOf(id, 0);

    bench.flaky.isAway = true;
    await expect(bench.during(bench.agent(0).finish(runId))).rejects.toThrow(CourierError);
    bench.flaky.isAway = false;
    expect(await bench.statuses(id)).toEqual(["dispatched"]);
    await bench.during(bench.agent(0).finish(runId));

    expect((await bench.instance(id)).status).toBe("success");
  });

  test("that trigger a defect do not fail those of other nodes in the same turn", async () => {
    await bench.start(3);
    const id = await bench.fire({ groups: [{ nodes: [0, 1, 2] }] });
    const [first, second, third] = await bench.runs(id);

    const reported = Promise.allSettled([
      bench.agent(0).finish(first?.id ?? ""),
      bench.agent(1).report(poisoned(second?.id ?? "")),
      bench.agent(2).finish(third?.id ?? ""),
    ]);
    const outcomes = await bench.during(reported);

    expect(outcomes.map((outcome) => outcome.status)).toEqual([
      "fulfilled",
      "rejected",
      "fulfilled",
    ]);
    expect(await bench.statuses(id)).toEqual(["success", "dispatched", "success"]);
    expect((await bench.groups(id))[0]?.counts).toMatchObject({ success: 2, inFlight: 1 });
  });

  test("record the final state of every step with the result", async () => {
    await bench.start(1);
    const id = await bench.fire({ groups: [{ nodes: [0] }] });
    const { id: runId } = await bench.runOf(id, 0);

    await bench.during(
      bench.agent(0).report(
        { type: "step", runId, token: 1, step: { ...step, status: "running", exitCode: null } },
        {
          type: "result",
          runId,
          token: 1,
          status: "failure",
          reason: "step 1 failed",
          startedAt: 1,
          finishedAt: 2,
          steps: [{ ...step, status: "failure", exitCode: 3 }],
        },
      ),
    );

    expect(await listSteps(temporary.database, runId)).toMatchObject([
      { stepNumber: 1, status: "failure", exitCode: 3 },
    ]);
    expect((await bench.runs(id))[0]?.reason).toBe("step 1 failed");
  });
});

describe("a scheduler whose database was away", () => {
  test("fires what was due meanwhile", async () => {
    await bench.start(1);
    bench.flaky.isAway = true;
    // The job is added by a process that could still reach the database.
    await bench.addJob({ groups: [{ nodes: [0] }] });
    await bench.pass(5000);
    expect(bench.scheduler.stats().firedJobs).toBe(0);

    bench.flaky.isAway = false;
    await bench.pass(1000);

    expect(bench.scheduler.stats().firedJobs).toBe(1);
    expect(bench.agent(0).assigned).toHaveLength(1);
  });

  test("advances what it could not advance", async () => {
    await bench.start(2);
    const batchSize = { type: "number", value: 1 } as const;
    const id = await bench.fire({ groups: [{ nodes: [0, 1], batchSize }] });
    const { id: runId } = await bench.runOf(id, 0);
    bench.flaky.isAway = true;
    await expect(bench.during(bench.agent(0).finish(runId))).rejects.toThrow("away");
    await bench.pass(sweepIntervalMs);

    bench.flaky.isAway = false;
    await bench.finish(id, 0);

    expect(await bench.statuses(id)).toEqual(["success", "dispatched"]);
  });
});

test("sends a node no message that is larger than a frame may be", async () => {
  await bench.start(1);
  await bench.during(bench.agent(0).disconnect());
  const command = `: ${"x".repeat(300_000)}`;
  for (let job = 0; job < 16; job += 1) await bench.fire({ command, groups: [{ nodes: [0] }] });

  await bench.during(bench.agent(0).connect());

  expect(bench.agent(0).assigned).toHaveLength(16);
  expect(Math.max(...bench.agent(0).messageBytes)).toBeLessThan(frameBytesMax);
});

describe("stopping", () => {
  test("records what has arrived, then takes nothing more", async () => {
    await bench.start(1);
    const id = await bench.fire({ groups: [{ nodes: [0] }] });
    const { id: runId } = await bench.runOf(id, 0);

    const reported = bench.agent(0).finish(runId);
    await bench.scheduler.stop();
    await reported;

    expect(await bench.statuses(id)).toEqual(["success"]);
    await expect(bench.agent(0).finish(runId)).rejects.toMatchObject({ code: "SERVICE_DRAINING" });
  });

  test("twice at once, neither ends before the last commit", async () => {
    await bench.start(1);
    const id = await bench.fire({ groups: [{ nodes: [0] }] });
    const reported = bench.agent(0).finish((await bench.runOf(id, 0)).id);

    void bench.scheduler.stop();
    await bench.scheduler.stop();
    const statuses = await bench.statuses(id);
    await reported;

    expect(statuses).toEqual(["success"]);
  });

  test("leaves no timer, no subscription and no transaction behind", async () => {
    await bench.start(1);
    await bench.during(bench.agent(0).disconnect());
    await bench.fire({ groups: [{ nodes: [0], minReady: { type: "number", value: 1 } }] });
    void bench.agent(0).connect();

    await bench.scheduler.stop();
    const commitsAtStop = bench.flaky.commitCount;
    await settle();

    expect(bench.clock.pendingCount).toBe(0);
    expect(bench.flaky.commitCount).toBe(commitsAtStop);
    await bench
      .agent(0)
      .disconnect()
      .catch(() => undefined);
    expect(bench.bus.subscriptionCount).toBe(0);
  });

  test("and starting keep the promises of a Service", async () => {
    await stressService(bench.scheduler);

    expect(bench.clock.pendingCount).toBe(0);
    expect(bench.bus.subscriptionCount).toBe(0);
  });
});
