import { SchedulerBench, temporaryDatabase, type TemporaryDatabase } from "@courier/testkit";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  lostAfterMs,
  redeliverAfterMs,
  rescueBatch,
  rescueIntervalMs,
  stopGraceMs,
} from "./limits.ts";

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

/** An instance with one run on one node. */
async function fireOne(isStarted: boolean) {
  await bench.start(1);
  const id = await bench.fire({ groups: [{ nodes: [0] }] });
  const run = await bench.runOf(id, 0);
  const agent = bench.agent(0);
  if (isStarted) await bench.during(agent.start(run.id));
  return { id, runId: run.id, agent };
}

describe("a node that comes back", () => {
  test("gets a run again that its journal does not know and that has not started", async () => {
    const { runId, agent } = await fireOne(false);
    await bench.during(agent.disconnect());

    await bench.during(agent.connect());

    expect(agent.assigned.map((run) => run.runId)).toEqual([runId, runId]);
  });

  test.each(["accepted", "running", "ended"] as const)(
    "keeps a run that its journal holds as %s",
    async (state) => {
      const { id, runId, agent } = await fireOne(state !== "accepted");
      await bench.during(agent.disconnect());

      await bench.during(agent.connect([{ runId, token: 1, state }]));

      expect(agent.assigned).toHaveLength(1);
      expect(agent.stops).toEqual([]);
      await bench.finish(id, 0);
      expect(await bench.statuses(id)).toEqual(["success"]);
    },
  );

  test("without its journal leaves its runs unknown, started or not", async () => {
    await bench.start(1);
    const first = await bench.fire({ groups: [{ nodes: [0] }] });
    const second = await bench.fire({ groups: [{ nodes: [0] }] });
    const agent = bench.agent(0);
    await bench.during(agent.start((await bench.runOf(first, 0)).id));
    await bench.during(agent.disconnect());

    agent.journalId = "another";
    await bench.during(agent.connect());
    await bench.quiet();

    expect(await bench.statuses(first)).toEqual(["unknown"]);
    expect(await bench.statuses(second)).toEqual(["unknown"]);
    expect((await bench.instance(first)).status).toBe("failure");
    expect(agent.assigned).toHaveLength(2);
  });

  test("for the first time has lost no journal, and gets what waits for it", async () => {
    await bench.start(1, { isOffline: true });
    const id = await bench.fire({ groups: [{ nodes: [0] }] });
    expect(await bench.statuses(id)).toEqual(["dispatched"]);

    await bench.during(bench.agent(0).connect());

    expect(bench.agent(0).assigned).toHaveLength(1);
    expect(await bench.statuses(id)).toEqual(["dispatched"]);
  });

  test("is told to stop a run that it never got, instead of getting it", async () => {
    const { id, runId, agent } = await fireOne(false);
    await bench.during(agent.disconnect());
    await bench.during(bench.scheduler.cancelInstance(id, ada));

    await bench.during(agent.connect());

    expect(agent.assigned).toHaveLength(1);
    expect(agent.stops.at(-1)).toEqual({ runId, token: 1, outcome: "canceled" });
  });

  test("with its journal, but without a run that it had started, leaves that unknown", async () => {
    const { id, agent } = await fireOne(true);
    await bench.during(agent.disconnect());

    await bench.during(agent.connect());

    expect(await bench.statuses(id)).toEqual(["unknown"]);
  });

  test("is told to stop a run that has ended meanwhile", async () => {
    const { id, runId, agent } = await fireOne(true);
    await bench.during(bench.scheduler.cancelInstance(id, ada));
    await bench.during(agent.disconnect());
    await bench.pass(stopGraceMs + 1000);
    expect(await bench.statuses(id)).toEqual(["unknown"]);
    agent.stops.splice(0);

    await bench.during(agent.connect([{ runId, token: 1, state: "running" }]));

    expect(agent.stops).toEqual([{ runId, token: 1, outcome: "canceled" }]);
  });

  test("is not bothered about a run that has ended on both sides", async () => {
    const { id, runId, agent } = await fireOne(true);
    await bench.finish(id, 0);
    await bench.during(agent.disconnect());

    await bench.during(agent.connect([{ runId, token: 1, state: "ended" }]));

    expect(agent.stops).toEqual([]);
  });

  test("gets a run again that it holds with another token only", async () => {
    const { runId, agent } = await fireOne(false);
    await bench.during(agent.disconnect());

    await bench.during(agent.connect([{ runId, token: 7, state: "accepted" }]));

    expect(agent.assigned).toHaveLength(2);
  });

  test("finishes its work while the service is away, and reports afterwards", async () => {
    const { id, runId, agent } = await fireOne(true);

    await bench.restart();
    await bench.during(agent.connect([{ runId, token: 1, state: "ended" }]));
    await bench.finish(id, 0);

    expect((await bench.instance(id)).status).toBe("success");
    expect(agent.assigned).toHaveLength(1);
  });
});

describe("a report", () => {
  test("counts once, however often it arrives", async () => {
    const { id } = await fireOne(true);

    await bench.finish(id, 0);
    await bench.finish(id, 0);
    await bench.finish(id, 0, "failure");

    expect((await bench.groups(id))[0]?.counts).toMatchObject({ success: 1, failure: 0 });
    expect((await bench.instance(id)).status).toBe("success");
  });

  test("that comes late is kept beside the run, and changes no verdict", async () => {
    const { id, agent } = await fireOne(true);
    await bench.during(bench.scheduler.cancelInstance(id, ada));
    await bench.pass(stopGraceMs + 1000);

    await bench.finish(id, 0, "success");

    const [run] = await bench.runs(id);
    expect(run).toMatchObject({ status: "unknown", reportedStatus: "success" });
    expect((await bench.instance(id)).status).toBe("canceled");
    expect(agent.session).toBeDefined();
  });

  test("with another token, or from another node, changes nothing", async () => {
    const { id, runId } = await fireOne(false);
    await bench.start(1);

    await bench.during(bench.agent(0).finish(runId, "success", 2));
    await bench.during(bench.agent(1).finish(runId, "success"));

    expect(await bench.statuses(id)).toEqual(["dispatched"]);
  });

  test("of a start is recorded with its result when both come in one frame", async () => {
    const { id, runId, agent } = await fireOne(false);
    const finished = { startedAt: 5, finishedAt: 9, steps: [] };

    await bench.during(
      agent.report(
        { type: "accepted", runId, token: 1 },
        { type: "started", runId, token: 1, at: 5 },
        { type: "result", runId, token: 1, status: "success", reason: "", ...finished },
      ),
    );

    expect(await bench.statuses(id)).toEqual(["success"]);
    expect((await bench.instance(id)).status).toBe("success");
  });
});

describe("the rescuer", () => {
  test("sends an assignment again that its online node has not started", async () => {
    const { runId, agent } = await fireOne(false);

    await bench.pass(redeliverAfterMs - 1);
    expect(agent.assigned).toHaveLength(1);
    await bench.pass(rescueIntervalMs + 1);

    expect(agent.assigned.length).toBeGreaterThan(1);
    expect(new Set(agent.assigned.map((run) => run.runId))).toEqual(new Set([runId]));
  });

  test("gets to every run, however many older ones wait in their nodes' queues", async () => {
    await bench.start(1);
    const groups = Array.from({ length: rescueBatch + 1 }, () => ({ nodes: [0] }));
    await bench.fire({ executionType: "parallel", groups });
    const agent = bench.agent(0);
    expect(agent.assigned).toHaveLength(groups.length);

    await bench.pass(redeliverAfterMs + 3 * rescueIntervalMs);

    const again = new Set(agent.assigned.slice(groups.length).map((run) => run.runId));
    expect(again.size).toBe(groups.length);
  });

  test("sends nothing again that has started", async () => {
    const { agent } = await fireOne(true);

    await bench.pass(2 * redeliverAfterMs);

    expect(agent.assigned).toHaveLength(1);
  });

  test("gives up a run whose node went away while executing it and stays away", async () => {
    const { id, agent } = await fireOne(true);
    await bench.during(agent.disconnect());

    bench.clock.jump(lostAfterMs - 20_000);
    await bench.pass(rescueIntervalMs);
    expect(await bench.statuses(id)).toEqual(["running"]);
    bench.clock.jump(20_000);
    await bench.pass(rescueIntervalMs);

    expect(await bench.statuses(id)).toEqual(["unknown"]);
    expect((await bench.instance(id)).status).toBe("failure");
  });

  test("waits for a node that has not started its run", async () => {
    const { id, agent } = await fireOne(false);
    await bench.during(agent.disconnect());

    bench.clock.jump(lostAfterMs + 20_000);
    await bench.pass(rescueIntervalMs);

    expect(await bench.statuses(id)).toEqual(["dispatched"]);
  });
});
