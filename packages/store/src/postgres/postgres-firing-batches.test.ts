import { randomUUID } from "node:crypto";
import { noRuns } from "@courier/core";
import { temporaryDatabase, whyUnavailable } from "@courier/testkit";
import { sql } from "kysely";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Database, Db } from "../database.ts";
import { addToCounts, updateGroups, type GroupRow, type GroupUpdate } from "../groups.ts";
import { reading } from "../handle.ts";
import { insertInstances, type InstanceRow } from "../instances.ts";
import { insertJob } from "../jobs.ts";

const reason = whyUnavailable("postgres");
const now = 1_000;
const groupsAtOnce = 100;

describe.skipIf(reason !== undefined)(`on postgres ${reason ?? ""}`, () => {
  test("many groups are changed by reading each once, before PostgreSQL knows how many there are", async () => {
    const { database, dispose } = await temporaryDatabase("postgres");
    onTestFinished(dispose);
    const ids = await insertJobWithInstances(database, 3 * groupsAtOnce);
    const some = ids.slice(groupsAtOnce, 2 * groupsAtOnce);

    const counted = await groupsReadBy(database, async (tx) => {
      const deltas = some.map((id) => ({ ...key(id), counts: { inFlight: 1 } }));
      await addToCounts(tx, deltas);
    });
    const updated = await groupsReadBy(database, async (tx) => {
      const updates = some.map((id) => ({ ...key(id), from: "pending" as const, set: started }));
      await updateGroups(tx, updates);
    });

    expect(counted).toBe(groupsAtOnce);
    expect(updated).toBe(groupsAtOnce);
  });
});

const started: GroupUpdate["set"] = {
  ...{ status: "running", reason: "", cursor: 1, batchEnd: 1, haltReason: "", startedAt: now },
  ...{ deadlineAt: null, soakUntil: null, heldAt: null, finishedAt: null },
};

function key(instanceId: string): { instanceId: string; groupNumber: number } {
  return { instanceId, groupNumber: 0 };
}

/** Rows of groups that work in one transaction fetches by an index. */
async function groupsReadBy(db: Database, work: (tx: Db) => Promise<void>): Promise<number> {
  return await db.transaction(async (tx) => {
    const before = await groupsRead(tx);
    await work(tx);
    return (await groupsRead(tx)) - before;
  });
}

/** By this session since it last told the statistics. */
async function groupsRead(tx: Db): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    SELECT idx_tup_fetch AS count FROM pg_stat_xact_user_tables
    WHERE relname = 'groups' AND schemaname = current_schema()`.execute(reading(tx));
  return rows[0]?.count ?? 0;
}

/** Each instance has one group. */
async function insertJobWithInstances(db: Database, count: number): Promise<string[]> {
  const jobId = randomUUID();
  await insertJob(db, {
    ...{ id: jobId, name: "job", description: "", status: "active", template: "{}", version: 1 },
    ...{ scheduleRule: "immediate", nextExecutionAt: null, anchoredAt: now, exceptionsVersion: 0 },
    ...{ createdAt: now, updatedAt: now, createdBy: "", updatedBy: "", blocked: "[]" },
    ...{ reviewAt: null, deletedAt: null },
  });
  const ids = Array.from({ length: count }, () => randomUUID());
  await insertInstances(
    db,
    ids.map((id, index) => ({ instance: instanceOf(id, jobId, index), groups: [groupOf(id)] })),
  );
  return ids;
}

function instanceOf(id: string, jobId: string, nominalAt: number): InstanceRow {
  return {
    ...{ id, jobId, nominalAt, status: "pending", reason: "", executionType: "parallel" },
    ...{ actionSpec: "{}", targetSpec: "{}", jobName: "", startedAt: null, finishedAt: null },
    ...{ createdAt: now, updatedAt: now, lastUpdatedBy: "", cancelRequestedAt: null },
    ...{ originInstanceId: null, pausedAt: null, fromStep: null },
  };
}

function groupOf(instanceId: string): GroupRow {
  return {
    ...{ instanceId, groupNumber: 0, status: "pending", reason: "", nodeCount: 1, spec: "{}" },
    ...{ cursor: 0, batchEnd: 0, haltReason: "", startedAt: null, deadlineAt: null },
    ...{ soakUntil: null, heldAt: null, finishedAt: null, counts: noRuns },
  };
}
