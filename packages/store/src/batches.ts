import type { RunOutcome, RunStatus } from "@courier/core";
import type { CountsDelta, GroupKey, GroupUpdate } from "./groups.ts";
import type { InstanceMove } from "./instances.ts";
import type { FiredJob } from "./jobs.ts";
import type { NodeConnection, NodeDisconnection, PreviousNode } from "./nodes.ts";
import type { NodeOutputBatch } from "./output.ts";
import type { NodeReportBatch, RecordedReports } from "./reports.ts";
import type { DispatchedRun, EndedRun, NewRun } from "./runs.ts";
import type { StepUpsert } from "./steps.ts";
import type { GroupsTable } from "./tables/groups-table.ts";
import type { AddedInstance } from "./tables/instances-table.ts";

/**
 * The statements whose fastest form differs between the databases: SQLite runs a prepared statement in a loop,
 * PostgreSQL takes arrays. Callers have removed duplicates: no list names the same row twice.
 */
export interface Batches {
  insertRuns(options: InsertRuns): Promise<void>;
  insertRunsOfGroups(groups: readonly InsertRuns[]): Promise<void>;
  dispatchRuns(options: DispatchRuns): Promise<DispatchedRun[]>;
  endRuns(options: EndRuns): Promise<EndedRun[]>;
  recordReports(batches: readonly NodeReportBatch[]): Promise<RecordedReports>;
  upsertSteps(rows: readonly StepUpsert[]): Promise<void>;
  appendOutput(batches: readonly NodeOutputBatch[]): Promise<void>;
  addToCounts(deltas: readonly CountsDelta[]): Promise<void>;
  setNodesOnline(connections: readonly NodeConnection[]): Promise<PreviousNode[]>;
  setNodesOffline(disconnections: readonly NodeDisconnection[]): Promise<string[]>;
  touchNodes(options: TouchNodes): Promise<void>;
  setJobsFired(options: JobsFired): Promise<void>;
  updateGroups(updates: readonly GroupUpdate[]): Promise<number>;
  moveInstances(options: InstanceMoves): Promise<void>;
  /** Leaves out those whose job has fired for their nominal time; returns the rest. */
  insertInstances(rows: readonly AddedInstance[]): Promise<InsertedInstance[]>;
  insertGroups(rows: readonly GroupsTable[]): Promise<void>;
}

/** Runs of one group to create. */
export interface InsertRuns extends GroupKey {
  readonly createdAt: number;
  readonly runs: readonly NewRun[];
}

/** Jobs that have fired. */
export interface JobsFired {
  readonly jobs: readonly FiredJob[];
  readonly now: number;
}

/** An instance that was added. */
export interface InsertedInstance {
  readonly id: string;
  readonly seq: number;
}

/** Instances to move. */
export interface InstanceMoves {
  readonly moves: readonly InstanceMove[];
  readonly now: number;
}

/** Runs to claim for their nodes. */
export interface DispatchRuns {
  readonly ids: readonly string[];
  readonly now: number;
}

/** Runs to end. */
export interface EndRuns {
  readonly ids: readonly string[];
  readonly status: RunOutcome;
  readonly reason: string;
  readonly now: number;
  readonly from: readonly RunStatus[];
}

/** Nodes that were heard of. */
export interface TouchNodes {
  readonly nodeIds: readonly string[];
  readonly now: number;
}
