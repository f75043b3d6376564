import { randomUUID } from "node:crypto";
import { noRuns } from "@courier/core";
import { temporaryDatabase, useBudgets, whyUnavailable } from "@courier/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import type { DatabaseOptions } from "./database.ts";
import { enrolNode, insertEnrollmentKey } from "./enrollment.ts";
import {
  addToCounts,
  listGroupsPastDeadline,
  listSoakedGroups,
  nextGroupDeadlineAt,
  updateGroups,
} from "./groups.ts";
import { listAbsentNodes, listOccupations, listOpenSteps } from "./explain-lists.ts";
import { listFailedRuns } from "./failed-runs.ts";
import { advanceExceptionState, claimJobsBehind, readExceptions } from "./exception-rules.ts";
import { DatabaseHandle } from "./handle.ts";
import { summariseInFlight } from "./in-flight-summary.ts";
import { insertInstance, listOpenInstanceIds, lockInstances, moveInstances } from "./instances.ts";
import { purgeDeletedJobs } from "./job-changes.ts";
import {
  claimDueJobs,
  claimJobsToReview,
  findJobsWithOpenInstance,
  insertJob,
  nextJobDueAt,
  setJobsFired,
  takeQueuedJobs,
} from "./jobs.ts";
import { deleteOldMissedOccurrences, trimMissedOccurrences } from "./missed-occurrences.ts";
import {
  findNodesByIdentifiers,
  findSessions,
  setNodesOffline,
  setNodesOnline,
  touchNodes,
} from "./nodes.ts";
import { appendOutput, listOutput } from "./output.ts";
import { PostgresEngine } from "./postgres/postgres-engine.ts";
import type { Statement } from "./postgres/postgres-dialect.ts";
import { createPool } from "./postgres/postgres-pool.ts";
import { recordReports } from "./reports.ts";
import { findRuns, listStranded, listUnaccepted, openRunsOfNode } from "./run-lists.ts";
import { listRuns } from "./run-pages.ts";
import {
  dispatchRuns,
  endPendingRuns,
  endRuns,
  insertRuns,
  insertRunsOfGroups,
  selectPendingRuns,
} from "./runs.ts";
import { takeDataDirectory } from "./sqlite/data-directory.ts";
import { SqliteConnection } from "./sqlite/sqlite-connection.ts";
import { SqliteEngine } from "./sqlite/sqlite-engine.ts";
import { openSqlite, type SqliteDatabase } from "./sqlite/sqlite-module.ts";
import { listSteps, upsertSteps } from "./steps.ts";
import { listExpiredStops, nextStopDeadlineAt, requestStops } from "./stops.ts";
import { claimWaitingStarts } from "./waiting-starts.ts";

/** Tables whose size must not matter to the statements of the hot path and of the loops. */
const large =
  "runs|steps|output_chunks|nodes|node_attributes|node_skills|instances|groups|jobs|missed_occurrences|budget_holders|budget_waiters";

/** The holders of budgets are swept as a whole: there are no more than budgets let be under change, and each is one look-up. */
const sweepOfHolders = [
  "SCAN budget_holders",
  "CORRELATED SCALAR SUBQUERY 1",
  "SEARCH runs USING INDEX sqlite_autoindex_runs_1 (id=?)",
];

/** Other names that they have in statements. */
const aliases = "other|ended|chunks";

test("no statement of the loops scans or sorts a table on sqlite", async () => {
  const { options, close } = await emptyDatabase("sqlite");
  await close();
  const { database, statements, connection } = await recordingSqlite(options);
  await runEverything(database);

  const plans = [...statements].map((text) => ({ text, steps: explain(connection, text) }));

  const scans = plans.filter(({ steps }) =>
    steps.some((step) => new RegExp(`^SCAN (${large}|${aliases})$`).test(step)),
  );
  expect(scans.map(({ steps }) => steps)).toEqual([sweepOfHolders]);
  const sorts = plans.filter(({ steps }) => steps.some((step) => step.includes("TEMP B-TREE")));
  // What a budget lets be under change, what waits for it in one group, and the nodes of one part of a group are few.
  const bounded = /^select .* from "budget_(?:holders|waiters)"|"nodes"\."id" in \(/;
  const unbounded = sorts.map(({ text }) => text).filter((text) => !bounded.test(text));
  expect(unbounded).toEqual([expect.stringContaining(`"runs"."node_id" = ?`)]);
});

test("a page of runs is found by its position on sqlite", async () => {
  const { options, close } = await emptyDatabase("sqlite");
  await close();
  const { database, statements, connection } = await recordingSqlite(options);
  const { instanceId } = await runEverything(database);
  statements.clear();

  await listRuns(database, { instanceId, page: 2, size: 3 });

  const [page] = [...statements].filter((text) => text.includes('from "runs"'));
  expect(explain(connection, page ?? "")).toEqual([
    "SEARCH runs USING INDEX sqlite_autoindex_runs_2 (instance_seq=? AND (group_number,position)>(?,?))",
  ]);
});

const reason = whyUnavailable("postgres");

describe.skipIf(reason !== undefined)(`on postgres ${reason ?? ""}`, () => {
  test("no statement of the loops scans or hashes a table", async () => {
    const { options, close } = await emptyDatabase("postgres");
    await close();
    if ("dataDir" in options) throw new Error("not the options of PostgreSQL");
    const pool = createPool(options);
    const statements = recordStatements(pool);
    const database = new DatabaseHandle(new PostgresEngine(pool));
    onTestFinished(async () => await database.close());
    await runEverything(database);

    const plans: { text: string; plan: string }[] = [];
    for (const [text, values] of [...statements].filter(([text]) =>
      /^\s*(?:select|with|update|insert|delete)/i.test(text),
    )) {
      const { rows } = await pool.query<{ "QUERY PLAN": string }>(`EXPLAIN ${text}`, [...values]);
      plans.push({ text, plan: rows.map((row) => row["QUERY PLAN"]).join("\n") });
    }

    expect(plans.length).toBeGreaterThan(30);
    const bad = new RegExp(`Seq Scan on (${large})\\b|Hash Join|Merge Join`);
    const [sweep, ...others] = plans.filter(({ plan }) => bad.test(plan));
    expect(others).toEqual([]);
    expect(sweep?.plan).toContain("Seq Scan on budget_holders");
    expect(sweep?.plan).toContain("Index Scan using runs_id_key on runs");
    expect(sweep?.plan).not.toContain("Join");
  });
});

async function emptyDatabase(
  kind: "sqlite" | "postgres",
): Promise<{ options: DatabaseOptions; close: () => Promise<void> }> {
  const { database, options, dispose } = await temporaryDatabase(kind);
  onTestFinished(dispose);
  return { options, close: async () => await database.close() };
}

async function recordingSqlite(options: DatabaseOptions): Promise<{
  database: DatabaseHandle;
  statements: Set<string>;
  connection: SqliteConnection;
}> {
  if (!("dataDir" in options)) throw new Error("not the options of SQLite");
  const statements = new Set<string>();
  const directory = await takeDataDirectory(options.dataDir);
  const open = async (): Promise<SqliteConnection> => {
    const database = await openSqlite(directory.databasePath, { readOnly: false });
    const recording: SqliteDatabase = {
      prepare: (text) => {
        statements.add(text);
        return database.prepare(text);
      },
      exec: (text) => database.exec(text),
      close: () => database.close(),
    };
    // No cache to speak of, so that each use is recorded.
    return new SqliteConnection(recording, { statementsMax: 1 });
  };
  const write = await open();
  const database = new DatabaseHandle(new SqliteEngine(directory, { write, read: await open() }));
  onTestFinished(async () => await database.close());
  return { database, statements, connection: write };
}

function explain(connection: SqliteConnection, text: string): string[] {
  if (!/^\s*(?:select|with|update|insert|delete)/i.test(text)) return [];
  // The columns are those of EXPLAIN QUERY PLAN.
  const rows = connection.all(`EXPLAIN QUERY PLAN ${text}`, []) as { detail: string }[];
  return rows.map(({ detail }) => detail);
}

/** Statements with the values of their last use. */
function recordStatements(pool: ReturnType<typeof createPool>): Map<string, readonly unknown[]> {
  const statements = new Map<string, readonly unknown[]>();
  const record = (target: { query: unknown }): void => {
    const query = target.query as (...parameters: unknown[]) => unknown;
    target.query = (...parameters: unknown[]): unknown => {
      const [statement] = parameters;
      if (isStatement(statement)) statements.set(statement.text, statement.values);
      return query.apply(target, parameters);
    };
  };
  record(pool);
  pool.on("connect", record);
  return statements;
}

function isStatement(value: unknown): value is Statement {
  return typeof value === "object" && value !== null && "text" in value && "values" in value;
}

/** Uses everything that the loops and the hot path use, on a few rows. */
async function runEverything(db: DatabaseHandle): Promise<{ instanceId: string }> {
  const now = 1000;
  const { nodeIds, instanceId, runIds } = await fill(db, now);
  const [nodeId = "", other = ""] = nodeIds;
  const [runId = ""] = runIds;
  const group = { instanceId, groupNumber: 0 };
  const sessionId = "s";
  const facts = { attributes: '{"a":{"b":"c"}}', skills: '[{"name":"s","version":"1"}]' };
  const agent = { bootId: "", journalId: "", agentVersion: "", ...facts, now };
  await db.transaction(async (tx) => {
    await setNodesOnline(
      tx,
      nodeIds.map((id) => ({ nodeId: id, sessionId, ...agent })),
    );
    await claimDueJobs(tx, { now, limit: 1 });
    await takeQueuedJobs(tx, 1);
    await claimWaitingStarts(tx, { now, limit: 1 });
    await readExceptions(tx);
    await claimJobsBehind(tx, { version: 1, limit: 1 });
    await claimJobsToReview(tx, { now, limit: 1 });
    await advanceExceptionState(tx, now);
    await lockInstances(tx, [instanceId]);
    await selectPendingRuns(tx, { ...group, fromPosition: 0, limit: 10 });
    await dispatchRuns(tx, { ids: runIds.slice(0, 4), now });
    await addToCounts(tx, [{ ...group, counts: { inFlight: 4 } }]);
    const report = { runId, token: 1, at: now };
    const result = {
      ...report,
      status: "success",
      reason: "",
      startedAt: null,
      finishedAt: now,
    } as const;
    await recordReports(tx, [{ nodeId, now, started: [report], results: [result] }]);
    await recordReports(tx, [
      { nodeId, now, started: [], results: [{ ...result, status: "failure" }] },
    ]);
    await upsertSteps(tx, [stepOf(runId, now)]);
    const chunk = {
      ...report,
      stepNumber: 1,
      attempt: 1,
      stream: "stdout",
      offset: 0,
      data: new Uint8Array(1),
    } as const;
    await appendOutput(tx, [{ nodeId, now, chunks: [chunk] }]);
    await requestStops(tx, { ...group, outcome: "timeout", stopDeadlineAt: now, now });
    await requestStops(tx, { instanceId, runId, outcome: "timeout", stopDeadlineAt: now, now });
    await endRuns(tx, {
      ids: runIds.slice(1, 2),
      status: "unknown",
      reason: "",
      now,
      from: ["dispatched"],
    });
    await endPendingRuns(tx, {
      ...group,
      fromPosition: 0,
      limit: 1,
      status: "skipped",
      reason: "",
      now,
    });
    await touchNodes(tx, { nodeIds, now });
    await setNodesOffline(tx, [{ nodeId: other, sessionId, now }]);
  });
  await useBudgets(db, { nodeIds, instanceId, runIds });
  await readEverything(db, { nodeId, instanceId, runId });
  return { instanceId };
}

async function readEverything(
  db: DatabaseHandle,
  ids: { readonly nodeId: string; readonly instanceId: string; readonly runId: string },
): Promise<void> {
  const { nodeId, instanceId, runId } = ids;
  const past = { now: 2000, limit: 10 };
  await findJobsWithOpenInstance(db, ["job"]);
  await findSessions(db, [nodeId]);
  const runs = [{ id: "fresh", nodeId, position: 20, isDispatched: true }];
  await insertRunsOfGroups(db, [{ instanceId, groupNumber: 0, createdAt: 1, runs }]);
  const over = { status: "completed", nextExecutionAt: null, reviewAt: null } as const;
  const fired = { id: "job", blocked: "[]", exceptionsVersion: 0, ...over };
  await setJobsFired(db, { jobs: [fired], now: 2000 });
  const still = { status: "running", startedAt: 1, finishedAt: null } as const;
  await moveInstances(db, { moves: [{ id: "none", from: ["running"], ...still }], now: 2000 });
  const ended = { ...still, reason: "", cursor: 0, batchEnd: 0, haltReason: "" };
  const set = { ...ended, deadlineAt: null, soakUntil: null, heldAt: null };
  await updateGroups(db, [{ instanceId: "none", groupNumber: 0, from: "running", set }]);
  await nextJobDueAt(db);
  await deleteOldMissedOccurrences(db, { before: 2000, limit: 10 });
  await trimMissedOccurrences(db, { since: 1000, limit: 10 });
  await purgeDeletedJobs(db, { before: 2000, limit: 10 });
  await listOpenInstanceIds(db);
  await nextGroupDeadlineAt(db);
  await listGroupsPastDeadline(db, past);
  await listSoakedGroups(db, past);
  await nextStopDeadlineAt(db);
  await listExpiredStops(db, past);
  await listUnaccepted(db, { dispatchedBefore: 2000, limit: 10 });
  await listStranded(db, { offlineBefore: 2000, limit: 10 });
  await openRunsOfNode(db, nodeId);
  await findRuns(db, [runId]);
  await listRuns(db, { instanceId, page: 1, size: 3 });
  await listSteps(db, runId);
  await listOutput(db, { runId, limit: 3 });
  await findNodesByIdentifiers(db, [nodeId, "name"]);
  await summariseInFlight(db, { instanceId, looked: 10, examples: 2 });
  await listAbsentNodes(db, { instanceId, groupNumber: 0, limit: 3 });
  await listOccupations(db, [nodeId]);
  await listOpenSteps(db, [runId]);
  const failures = { instanceId, groupNumber: 0, limit: 1 };
  const { next } = await listFailedRuns(db, failures);
  if (next !== undefined) await listFailedRuns(db, { ...failures, after: next });
}

function stepOf(runId: string, now: number): Parameters<typeof upsertSteps>[1][number] {
  return {
    runId,
    stepNumber: 1,
    status: "success",
    attemptCount: 1,
    exitCode: 0,
    reason: "",
    interpreterPath: "",
    interpreterVersion: "",
    startedAt: now,
    finishedAt: now,
    outputBytes: 0,
    outputDroppedBytes: 0,
    updatedAt: now,
  };
}

async function fill(
  db: DatabaseHandle,
  now: number,
): Promise<{ nodeIds: string[]; instanceId: string; runIds: string[] }> {
  const [jobId, instanceId] = [randomUUID(), randomUUID()];
  const nodeIds = Array.from({ length: 10 }, () => randomUUID());
  const times = { createdAt: now, updatedAt: now };
  const key = {
    id: "key",
    hash: "hash",
    prefix: "",
    expiresAt: now + 1,
    usesLeft: 99,
    createdBy: "",
  };
  await insertEnrollmentKey(db, { ...key, createdAt: now });
  for (const id of nodeIds) {
    await enrolNode(db, { id, name: id, publicKey: id, keyHash: "hash", attributes: "{}", now });
  }
  const job = {
    ...{ id: jobId, name: "job", description: "", template: "{}" },
    status: "active",
  } as const;
  await insertJob(db, {
    ...job,
    scheduleRule: "immediate",
    nextExecutionAt: now,
    createdBy: "",
    ...times,
  });
  await insertInstance(db, {
    instance: {
      id: instanceId,
      jobId,
      nominalAt: now,
      status: "running",
      reason: "",
      executionType: "parallel",
      actionSpec: "{}",
      targetSpec: "{}",
      jobName: "",
      ...{ startedAt: now, finishedAt: null, lastUpdatedBy: "", cancelRequestedAt: null },
      ...{ originInstanceId: null, pausedAt: null, fromStep: null },
      ...times,
    },
    groups: [
      {
        instanceId,
        groupNumber: 0,
        status: "running",
        reason: "",
        nodeCount: 10,
        spec: "{}",
        ...{ cursor: 0, batchEnd: 0, haltReason: "", startedAt: now, deadlineAt: now },
        ...{ soakUntil: null, heldAt: null, finishedAt: null },
        counts: noRuns,
      },
    ],
  });
  const runs = nodeIds.map((nodeId, position) => ({ id: randomUUID(), nodeId, position }));
  await insertRuns(db, { instanceId, groupNumber: 0, createdAt: now, runs });
  return { nodeIds, instanceId, runIds: runs.map(({ id }) => id) };
}
