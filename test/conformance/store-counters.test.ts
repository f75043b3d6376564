import { isRunOutcome, type RunCounts, type RunOutcome, type RunStatus } from "@courier/core";
import {
  addToCounts,
  dispatchRuns,
  endPendingRuns,
  endRuns,
  listGroups,
  listRuns,
  recordReports,
  selectPendingRuns,
} from "@courier/store";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type FixtureInstance,
  noCounts,
  now,
  onEachDatabase,
  only,
  type StoreFixture,
} from "./store-fixture.ts";

const nodeCount = 8;

/** What a scheduler does with a group's runs; numbers pick runs by position. */
const operation = fc.oneof(
  fc.record({ kind: fc.constant("dispatch"), limit: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ kind: fc.constant("report"), reports: fc.array(report(), { maxLength: 6 }) }),
  fc.record({ kind: fc.constant("end"), position: position(), status: endings() }),
  fc.record({ kind: fc.constant("skip"), limit: fc.integer({ min: 1, max: 4 }) }),
);

type Operation = typeof operation extends fc.Arbitrary<infer Value> ? Value : never;

onEachDatabase("counters", (setup) => {
  test("equal a recount of the runs after any sequence of operations", async () => {
    const fixture = await setup();
    const nodes = await fixture.addNodes(nodeCount);

    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 12 }), async (operations) => {
        const instance = await fixture.addInstance([nodes]);
        for (const each of operations) {
          await apply(fixture, instance, each);
          expect(await storedCounts(fixture, instance)).toEqual(await recount(fixture, instance));
        }
      }),
      { numRuns: 40 },
    );
  });
});

function position(): fc.Arbitrary<number> {
  return fc.integer({ min: 0, max: nodeCount - 1 });
}

function endings(): fc.Arbitrary<"canceled" | "undeliverable" | "unknown"> {
  return fc.constantFrom("canceled", "undeliverable", "unknown");
}

function report(): fc.Arbitrary<{ position: number; isStart: boolean; isSuccess: boolean }> {
  return fc.record({ position: position(), isStart: fc.boolean(), isSuccess: fc.boolean() });
}

async function apply(
  { db }: StoreFixture,
  instance: FixtureInstance,
  each: Operation,
): Promise<void> {
  const group = { instanceId: instance.id, groupNumber: 0 };
  const runs = only(instance.runs);
  await db.transaction(async (tx) => {
    if (each.kind === "dispatch" && "limit" in each) {
      const pending = await selectPendingRuns(tx, { ...group, fromPosition: 0, limit: each.limit });
      const claimed = await dispatchRuns(tx, { ids: pending.map(({ id }) => id), now });
      await addToCounts(tx, [{ ...group, counts: { inFlight: claimed.length } }]);
    } else if (each.kind === "skip" && "limit" in each) {
      const skip = { ...group, fromPosition: 0, limit: each.limit, reason: "", now } as const;
      const { ended } = await endPendingRuns(tx, { ...skip, status: "skipped" });
      await addToCounts(tx, [{ ...group, counts: { skipped: ended } }]);
    } else if ("reports" in each) {
      const { transitions } = await recordReports(
        tx,
        each.reports.map(({ position: place, isStart, isSuccess }) => {
          const { id: runId, nodeId } = runs[place] ?? { id: "", nodeId: "" };
          const status = isSuccess ? ("success" as const) : ("failure" as const);
          const result = { runId, token: 1, status, reason: "", startedAt: now, finishedAt: now };
          const started = isStart ? [{ runId, token: 1, at: now }] : [];
          return { nodeId, now, started, results: isStart ? [] : [result] };
        }),
      );
      await addToCounts(
        tx,
        transitions.map((change) => ({ ...group, counts: deltaOf(change) })),
      );
    } else if ("position" in each) {
      const { position: place, status } = each;
      const from: RunStatus[] = status === "unknown" ? ["dispatched", "running"] : ["pending"];
      const ids = [runs[place]?.id ?? ""];
      const ended = await endRuns(tx, { ids, status, reason: "", now, from });
      const changes = ended.map(({ previous }) => ({ previous, status }));
      await addToCounts(
        tx,
        changes.map((change) => ({ ...group, counts: deltaOf(change) })),
      );
    }
  });
}

function deltaOf(change: { previous: RunStatus; status: RunStatus }): Partial<RunCounts> {
  if (!isRunOutcome(change.status)) return {};
  return { inFlight: change.previous === "pending" ? 0 : -1, [change.status]: 1 };
}

async function storedCounts({ db }: StoreFixture, instance: FixtureInstance): Promise<RunCounts> {
  return only(await listGroups(db, instance.id)).counts;
}

async function recount({ db }: StoreFixture, instance: FixtureInstance): Promise<RunCounts> {
  const { items } = await listRuns(db, { instanceId: instance.id, page: 1, size: nodeCount });
  const counts: Record<keyof RunCounts, number> = { ...noCounts };
  for (const { status } of items) {
    const counter = counterOf(status);
    if (counter !== undefined) counts[counter] += 1;
  }
  return counts;
}

function counterOf(status: RunStatus): RunOutcome | "inFlight" | undefined {
  if (isRunOutcome(status)) return status;
  return status === "pending" ? undefined : "inFlight";
}
