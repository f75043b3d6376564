import { randomUUID } from "node:crypto";
import type { RunCounts } from "@courier/core";
import {
  type Database,
  type DatabaseOptions,
  enrolNode,
  type GroupRow,
  insertEnrollmentKey,
  insertInstance,
  insertJob,
  insertRuns,
  type InstanceRow,
  type JobRow,
  type NewRun,
  setNodesOnline,
} from "@courier/store";
import { type DatabaseKind, temporaryDatabase, whyUnavailable } from "@courier/testkit";
import { describe, onTestFinished } from "vitest";

/** The instant at which every test happens. */
export const now = 1_800_000_000_000;

/** A fresh database of one test and ways to fill it. */
export interface StoreFixture {
  readonly db: Database;
  readonly options: DatabaseOptions;
  /** Enrols nodes that are offline; returns their ids. */
  readonly addNodes: (count: number) => Promise<string[]>;
  /** Puts nodes online; their session ids are `session-<node id>`. */
  readonly connect: (nodeIds: readonly string[]) => Promise<void>;
  readonly addJob: (job?: Partial<JobRow>) => Promise<JobRow>;
  /** Adds a running instance with one run per node for each group. */
  readonly addInstance: (groups: readonly (readonly string[])[]) => Promise<FixtureInstance>;
}

/** An instance with the runs of each group in position order. */
export interface FixtureInstance {
  readonly id: string;
  readonly runs: readonly (readonly NewRun[])[];
}

/** Declares the same cases for SQLite and PostgreSQL. `setup` disposes of its database when the test has finished. */
export function onEachDatabase(
  what: string,
  cases: (setup: () => Promise<StoreFixture>, kind: DatabaseKind) => void,
): void {
  for (const kind of ["sqlite", "postgres"] as const) {
    const reason = whyUnavailable(kind);
    const title = reason === undefined ? `${what} on ${kind}` : `${what} on ${kind}: ${reason}`;
    describe.skipIf(reason !== undefined)(title, () => {
      cases(async () => await createFixture(kind), kind);
    });
  }
}

/** The one element of a list. */
export function only<Item>(items: readonly Item[]): Item {
  const [item] = items;
  if (item === undefined || items.length !== 1) throw new Error(`${items.length} items, not one`);
  return item;
}

/** The element at an index, which must exist. */
export function at<Item>(items: readonly Item[], index: number): Item {
  const item = items.at(index);
  if (item === undefined) throw new Error(`no item ${index}`);
  return item;
}

/** Counters of a group whose runs are all pending. */
export const noCounts: RunCounts = {
  inFlight: 0,
  success: 0,
  failure: 0,
  timeout: 0,
  canceled: 0,
  skipped: 0,
  undeliverable: 0,
  unknown: 0,
};

/** A job that was never stored. */
export function newJob(job: Partial<JobRow> = {}): JobRow {
  const id = randomUUID();
  return {
    id,
    name: `job ${id}`,
    description: "",
    status: "active",
    template: "{}",
    scheduleRule: "immediate",
    nextExecutionAt: now,
    createdAt: now,
    updatedAt: now,
    createdBy: "token",
    queuedAt: null,
    updatedBy: "token",
    version: 1,
    anchoredAt: now,
    blocked: "[]",
    exceptionsVersion: 0,
    reviewAt: null,
    ...job,
  };
}

/** An instance that was never stored. */
export function newInstance(jobId: string, instance: Partial<InstanceRow> = {}): InstanceRow {
  return {
    id: randomUUID(),
    jobId,
    nominalAt: now,
    status: "running",
    reason: "",
    executionType: "parallel",
    actionSpec: "{}",
    targetSpec: "{}",
    jobName: "job",
    createdAt: now,
    updatedAt: now,
    startedAt: now,
    finishedAt: null,
    lastUpdatedBy: "",
    cancelRequestedAt: null,
    originInstanceId: null,
    pausedAt: null,
    fromStep: null,
    ...instance,
  };
}

/** A group that was never stored. */
export function newGroup(instanceId: string, group: Partial<GroupRow> = {}): GroupRow {
  return {
    instanceId,
    groupNumber: 0,
    status: "running",
    reason: "",
    nodeCount: 1,
    spec: "{}",
    cursor: 0,
    batchEnd: 0,
    haltReason: "",
    startedAt: now,
    deadlineAt: null,
    soakUntil: null,
    heldAt: null,
    finishedAt: null,
    counts: noCounts,
    ...group,
  };
}

async function createFixture(kind: DatabaseKind): Promise<StoreFixture> {
  const { database: db, options, dispose } = await temporaryDatabase(kind);
  onTestFinished(dispose);
  const keyHash = randomUUID();
  await insertEnrollmentKey(db, {
    id: randomUUID(),
    hash: keyHash,
    prefix: "",
    expiresAt: now + 1000,
    usesLeft: 1_000_000,
    createdAt: now,
    createdBy: "",
  });
  const addJob: StoreFixture["addJob"] = async (job) => {
    const row = newJob(job);
    await insertJob(db, row);
    return row;
  };
  return {
    db,
    options,
    addJob,
    addNodes: async (count) => await addNodes(db, { count, keyHash }),
    connect: async (nodeIds) => await connect(db, nodeIds),
    addInstance: async (groups) => await addInstance(db, { groups, jobId: (await addJob()).id }),
  };
}

async function addNodes(
  db: Database,
  { count, keyHash }: { readonly count: number; readonly keyHash: string },
): Promise<string[]> {
  return await db.transaction(async (tx) => {
    const ids: string[] = [];
    for (let index = 0; index < count; index += 1) {
      const id = randomUUID();
      const node = { id, name: `node ${id}`, publicKey: id, keyHash, attributes: "{}", now };
      const outcome = await enrolNode(tx, node);
      if (outcome.ok) ids.push(outcome.nodeId);
    }
    return ids;
  });
}

async function connect(db: Database, nodeIds: readonly string[]): Promise<void> {
  const connections = nodeIds.map((nodeId) => ({
    nodeId,
    sessionId: `session-${nodeId}`,
    bootId: "boot",
    journalId: "journal",
    agentVersion: "1.0.0",
    attributes: "{}",
    skills: "[]",
    now,
  }));
  await db.transaction(async (tx) => await setNodesOnline(tx, connections));
}

async function addInstance(
  db: Database,
  options: { readonly groups: readonly (readonly string[])[]; readonly jobId: string },
): Promise<FixtureInstance> {
  const instance = newInstance(options.jobId);
  const runs = options.groups.map((nodeIds) =>
    nodeIds.map((nodeId, position) => ({ id: randomUUID(), nodeId, position })),
  );
  await db.transaction(async (tx) => {
    const groups = runs.map((own, groupNumber) =>
      newGroup(instance.id, { groupNumber, nodeCount: own.length }),
    );
    await insertInstance(tx, { instance, groups });
    for (const [groupNumber, own] of runs.entries()) {
      await insertRuns(tx, { instanceId: instance.id, groupNumber, createdAt: now, runs: own });
    }
  });
  return { id: instance.id, runs };
}
