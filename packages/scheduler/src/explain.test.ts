import { randomUUID } from "node:crypto";
import { isGroupFinal, type RunOutcome } from "@courier/core";
import type { ExplainedGroup } from "@courier/protocol";
import {
  insertJob,
  listGroups,
  listInstances,
  listRuns,
  setAllNodesOffline,
  setNodesOffline,
  setNodesOnline,
  updateInstance,
  type GroupRow,
} from "@courier/store";
import {
  enrolTestNode,
  SchedulerBench,
  temporaryDatabase,
  type TemporaryDatabase,
} from "@courier/testkit";
import fc from "fast-check";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Effects } from "./effects.ts";
import { endInFlight } from "./end-in-flight.ts";
import { explain } from "./explain.ts";
import { fireDueJobs } from "./fire-due-jobs.ts";
import { takeTurn } from "./turn.ts";

let temporary: TemporaryDatabase;

beforeEach(async () => {
  temporary = await temporaryDatabase("sqlite");
});

afterEach(async () => {
  await temporary.dispose();
});

/** What happens between two looks of the scheduler, without it. */
type WorldEvent =
  | { readonly kind: "end"; readonly pick: number; readonly outcome: RunOutcome }
  | { readonly kind: "pass"; readonly ms: number }
  | { readonly kind: "pause"; readonly isPaused: boolean }
  | { readonly kind: "presence"; readonly pick: number; readonly isOnline: boolean };

/** One instance whose turns the test takes by hand. */
class Hand {
  now = 1_000_000;
  readonly presenceSettledAt = 1_010_000;
  instanceId = "";
  readonly #nodeIds: string[] = [];

  async setUp(nodeCount: number): Promise<void> {
    for (let count = 0; count < nodeCount; count += 1) {
      this.#nodeIds.push((await enrolTestNode(temporary.database)).nodeId);
    }
  }

  /** Back to the beginning: all nodes are offline. */
  async reset(): Promise<void> {
    this.now = 1_000_000;
    await setAllNodesOffline(temporary.database, this.now);
  }

  /** Fires a job, which takes its first turn. */
  async fire(target: object): Promise<void> {
    const id = randomUUID();
    const at = { createdAt: this.now, updatedAt: this.now, nextExecutionAt: this.now };
    const text = JSON.stringify(target).replaceAll(/"node-(\d+)"/g, (_, index) => {
      return JSON.stringify(this.#nodeIds[Number(index)]);
    });
    const job = { id, name: id, description: "", status: "active", ...at } as const;
    const template = `{"name":"${id}","scheduleRule":"immediate","exceptionRules":[],"target":${text},"actions":{"accessMode":"agent","steps":[]}}`;
    const row = { ...job, template, scheduleRule: "immediate", createdBy: "test" };
    expect(await insertJob(temporary.database, row)).toMatchObject({ ok: true });
    const { now, presenceSettledAt } = this;
    await fireDueJobs(temporary.database, { now, presenceSettledAt, newId: randomUUID });
    const { items } = await listInstances(temporary.database, { page: 1, size: 1, jobId: id });
    this.instanceId = items[0]?.id ?? "";
  }

  groups(): Promise<GroupRow[]> {
    return listGroups(temporary.database, this.instanceId);
  }

  /** Runs that were given to a node so far, by group. */
  async dispatchedCounts(): Promise<ReadonlyMap<number, number>> {
    const { items } = await this.#runs();
    const counts = new Map<number, number>();
    for (const { groupNumber, dispatchedAt } of items) {
      if (dispatchedAt !== null) counts.set(groupNumber, (counts.get(groupNumber) ?? 0) + 1);
    }
    return counts;
  }

  async explain(): Promise<readonly ExplainedGroup[]> {
    const answer = await explain(temporary.database, this.instanceId, this);
    return answer?.groups ?? [];
  }

  async turn(): Promise<void> {
    const nothing = { arrivals: [], departures: [], frames: [] };
    const work = { ...nothing, instanceIds: new Set([this.instanceId]) };
    await takeTurn(temporary.database, work, this);
  }

  async happen(event: WorldEvent): Promise<void> {
    switch (event.kind) {
      case "end":
        return await this.#end(event.pick, event.outcome);
      case "pass":
        this.now += event.ms;
        return undefined;
      case "pause":
        await updateInstance(temporary.database, {
          id: this.instanceId,
          from: ["pending", "running"],
          set: { pausedAt: event.isPaused ? this.now : null },
          now: this.now,
        });
        return undefined;
      case "presence":
        return await this.#setPresence(event);
    }
  }

  #runs(): ReturnType<typeof listRuns> {
    return listRuns(temporary.database, { instanceId: this.instanceId, page: 1, size: 100 });
  }

  async #end(pick: number, status: RunOutcome): Promise<void> {
    const { items } = await this.#runs();
    const open = items.filter((run) => run.dispatchedAt !== null && run.finishedAt === null);
    const run = open[pick % Math.max(1, open.length)];
    if (run === undefined) return;
    await temporary.database.transaction(async (tx) => {
      const { now, presenceSettledAt } = this;
      const turn = { tx, effects: new Effects(), now, presenceSettledAt };
      await endInFlight(turn, { ids: [run.id], status, reason: "" });
    });
  }

  async #setPresence({ pick, isOnline }: Extract<WorldEvent, { kind: "presence" }>): Promise<void> {
    const nodeId = this.#nodeIds[pick % this.#nodeIds.length] ?? "";
    const session = { nodeId, sessionId: nodeId, now: this.now };
    const agent = { bootId: "", journalId: "", agentVersion: "", attributes: "{}", skills: "[]" };
    await temporary.database.transaction(async (tx) => {
      if (isOnline) await setNodesOnline(tx, [{ ...session, ...agent }]);
      else await setNodesOffline(tx, [session]);
    });
  }
}

const nodeCount = 4;

const anyAmount = fc.record({
  type: fc.constant("number" as const),
  value: fc.integer({ min: 1, max: nodeCount }),
});

const anyGroup = fc
  .record(
    {
      batchSize: fc.record({ type: fc.constant("number"), value: fc.integer({ min: 1, max: 2 }) }),
      distributionMethod: fc.constantFrom("batching", "rolling"),
      successCriteria: fc.array(
        fc.record({ status: fc.constantFrom("success", "failure"), numRuns: anyAmount }),
        { minLength: 1, maxLength: 2 },
      ),
      timeoutSeconds: fc.constantFrom(0, 30),
      earlyTermination: fc.boolean(),
      minReady: fc.constantFrom({ type: "number", value: 0 }, { type: "number", value: 3 }),
      offlinePolicy: fc.constantFrom("wait", "fail", "skip"),
    },
    { requiredKeys: ["batchSize", "distributionMethod", "successCriteria", "timeoutSeconds"] },
  )
  .map((group) => ({
    ...group,
    nodeListType: "nodes",
    nodeIdentifiers: Array.from({ length: nodeCount }, (_, index) => `node-${index}`),
  }));

const anyTarget = fc.record({
  executionType: fc.constantFrom("sequential", "parallel"),
  groups: fc.array(anyGroup, { minLength: 1, maxLength: 2 }),
});

const anyEvent: fc.Arbitrary<WorldEvent> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("end" as const),
      pick: fc.nat(9),
      outcome: fc.constantFrom<RunOutcome>("success", "success", "failure", "unknown"),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("presence" as const),
      pick: fc.nat(9),
      isOnline: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.nat(20_000) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("pause" as const),
      isPaused: fc.constantFrom(true, true, false),
    }),
  },
);

test("says that nothing is in a group's way exactly when a turn moves it", async () => {
  const anyCase = fc.record({
    target: anyTarget,
    events: fc.array(anyEvent, { minLength: 6, maxLength: 16 }),
  });
  const hand = new Hand();
  await hand.setUp(nodeCount);
  await fc.assert(
    fc.asyncProperty(anyCase, async ({ target, events }) => {
      await hand.reset();
      await hand.fire(target);
      for (const event of events) {
        await hand.happen(event);
        const explained = await hand.explain();
        const before = await hand.groups();
        const dispatched = await hand.dispatchedCounts();
        await hand.turn();
        const after = await hand.groups();
        const dispatchedAfter = await hand.dispatchedCounts();

        for (const [index, row] of before.entries()) {
          checkGroup(explained[index]?.waits ?? [], {
            hasEnded: isGroupFinal(row.status),
            isMoved: JSON.stringify(row) !== JSON.stringify(after[index]),
            hasStarted: dispatched.get(row.groupNumber) !== dispatchedAfter.get(row.groupNumber),
            isEarlierOneOver: after.some(({ status }) => isGroupFinal(status)),
          });
        }
      }
    }),
    { numRuns: 30 },
  );
});

interface SeenTurn {
  readonly hasEnded: boolean;
  readonly isMoved: boolean;
  readonly hasStarted: boolean;
  readonly isEarlierOneOver: boolean;
}

function checkGroup(waits: ExplainedGroup["waits"], seen: SeenTurn): void {
  const kinds = waits.map(({ kind }) => kind);
  if (kinds.length === 0) expect(seen.isMoved).toBe(!seen.hasEnded);
  // Its turn may come within the same turn, when the earlier group ends in it.
  else if (kinds.includes("earlier-group"))
    expect(seen.isMoved && !seen.isEarlierOneOver).toBe(false);
  // The batch is begun, but nothing is given to a node.
  else if (kinds.includes("presence")) expect(seen.hasStarted).toBe(false);
  else expect(seen.isMoved).toBe(false);
}

describe("an open instance", () => {
  let bench: SchedulerBench;

  beforeEach(() => {
    bench = new SchedulerBench({ db: temporary.database, log: pino({ level: "silent" }) });
  });

  afterEach(async () => {
    await bench.dispose();
  });

  async function kinds(id: string): Promise<string[][]> {
    const answer = await bench.scheduler.explain(id);
    return (answer?.groups ?? []).map(({ waits, runs }) => [
      ...waits.map(({ kind }) => kind),
      ...runs.map(({ kind, count }) => `${count} ${kind}`),
    ]);
  }

  test("says what its runs wait for", async () => {
    await bench.start(2);
    const busy = await bench.fire({ groups: [{ nodes: [0] }] });
    await bench.agent(0).report({
      type: "started",
      runId: (await bench.runOf(busy, 0)).id,
      token: 1,
      at: bench.clock.now(),
    });

    const id = await bench.fire({ groups: [{ nodes: [0, 1] }, { nodes: [1] }] });

    expect(await kinds(busy)).toEqual([["last-runs", "1 execution"]]);
    expect(await kinds(id)).toEqual([["last-runs", "1 busy", "1 acceptance"], ["earlier-group"]]);
    const answer = await bench.scheduler.explain(id);
    expect(answer?.groups[0]?.runs[0]?.examples[0]?.occupation).toMatchObject({
      instanceId: busy,
    });
  });

  test("is not there when it is not", async () => {
    await bench.start(1);

    expect(await bench.scheduler.explain(randomUUID())).toBeUndefined();
  });
});
