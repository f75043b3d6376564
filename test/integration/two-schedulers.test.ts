import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { Scheduler } from "@courier/scheduler";
import {
  changeUserAttributes,
  findRuns,
  insertBudget,
  listInstances,
  listRuns,
  openDatabase,
  type RunRow,
} from "@courier/store";
import { SchedulerBench, temporaryDatabase, whyUnavailable } from "@courier/testkit";
import { pino } from "pino";
import { describe, expect, it, onTestFinished } from "vitest";

const log = pino({ level: "silent" });
const nodeCount = 6;
const budgetMax = 2;

describe.skipIf(whyUnavailable("postgres") !== undefined)("two schedulers on one database", () => {
  it("never let more nodes of a disruption budget be under change than it allows", async () => {
    const { database: db, options, dispose } = await temporaryDatabase("postgres");
    const bench = new SchedulerBench({ db, log });
    const otherDb = await openDatabase(options);
    const { clock, bus } = bench;
    const other = new Scheduler({ db: otherDb, bus, clock, newId: () => randomUUID(), log });
    onTestFinished(async () => {
      await bench.dispose();
      await other.stop();
      await otherDb.close();
      await dispose();
    });
    await other.start();
    // Their nodes need not be there: what was dispatched to them is under change all the same.
    await bench.start(nodeCount, { isOffline: true });
    const positions = Array.from({ length: nodeCount }, (_, position) => position);
    for (const position of positions) {
      const { nodeId } = bench.agent(position);
      const change = (): string => '{"tags":{"role":"db"}}';
      await changeUserAttributes(db, { nodeId, now: clock.now(), change });
    }
    const attributes = [{ name: "role", operator: "=", value: ["db"], namespace: ["tags"] }];
    await insertBudget(db, {
      ...{ id: randomUUID(), name: "db", description: "", createdBy: "" },
      constraints: JSON.stringify({ attributes }),
      maxAmount: JSON.stringify({ type: "number", value: budgetMax }),
      ...{ createdAt: clock.now(), updatedAt: clock.now() },
    });

    // One job for each node, all due at once: both schedulers fire some of them.
    await Promise.all(
      positions.map((position) => bench.addJob({ groups: [{ nodes: [position] }] })),
    );
    const reports: Promise<void>[] = [];
    const told = new Set<string>();
    let most = 0;
    for (let endedCount = 0; endedCount < nodeCount;) {
      await clock.advance(50);
      await delay(5);
      const runs = await allRuns();
      const inFlight = runs.filter(({ status }) => status === "dispatched" || status === "running");
      most = Math.max(most, new Set(inFlight.map(({ nodeId }) => nodeId)).size);
      expect(most).toBeLessThanOrEqual(budgetMax);
      for (const { id, nodeId } of inFlight) {
        const agent = bench.agents.find((one) => one.nodeId === nodeId);
        // Acknowledged as the clock goes on; the first one when the budget has been seen to be used up.
        if (most < budgetMax) continue;
        if (agent !== undefined && !told.has(id)) reports.push(agent.finish(id));
        told.add(id);
      }
      endedCount = (await allRuns()).filter(({ status }) => status === "success").length;
    }

    await Promise.all(reports);
    expect(most).toBe(budgetMax);

    /** By one statement: several would see one node before its run has ended and the next one after that. */
    async function allRuns(): Promise<RunRow[]> {
      const { items } = await listInstances(db, { page: 1, size: 100 });
      const lists = items.map(({ id }) => listRuns(db, { instanceId: id, page: 1, size: 10 }));
      const ids = (await Promise.all(lists)).flatMap((list) => list.items.map(({ id }) => id));
      return findRuns(db, ids);
    }
  });
});
