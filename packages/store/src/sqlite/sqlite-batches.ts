import type {
  Batches,
  DispatchRuns,
  EndRuns,
  InsertedInstance,
  InsertRuns,
  InstanceMoves,
  JobsFired,
  TouchNodes,
} from "../batches.ts";
import type { CountsDelta, GroupUpdate } from "../groups.ts";
import type { NodeConnection, NodeDisconnection, PreviousNode } from "../nodes.ts";
import type { NodeOutputBatch } from "../output.ts";
import type { NodeReportBatch, RecordedReports } from "../reports.ts";
import type { DispatchedRun, EndedRun } from "../runs.ts";
import type { StepUpsert } from "../steps.ts";
import type { GroupsTable } from "../tables/groups-table.ts";
import type { AddedInstance } from "../tables/instances-table.ts";
import type { SqliteConnection } from "./sqlite-connection.ts";
import { translating } from "./sqlite-errors.ts";
import {
  insertGroups,
  insertInstances,
  moveInstances,
  setJobsFired,
  updateGroups,
} from "./sqlite-firing-batches.ts";
import { setNodesOffline, setNodesOnline, touchNodes } from "./sqlite-node-batches.ts";
import { recordReports } from "./sqlite-report-batches.ts";
import {
  addToCounts,
  dispatchRuns,
  endRuns,
  insertRuns,
  insertRunsOfGroups,
} from "./sqlite-run-batches.ts";
import { appendOutput, upsertSteps } from "./sqlite-step-batches.ts";

/** The hot statements on SQLite: prepared once, run in a loop inside the caller's transaction. */
export class SqliteBatches implements Batches {
  readonly #connection: SqliteConnection;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  async insertRuns(options: InsertRuns): Promise<void> {
    translating(() => insertRuns(this.#connection, options));
  }

  async insertRunsOfGroups(groups: readonly InsertRuns[]): Promise<void> {
    translating(() => insertRunsOfGroups(this.#connection, groups));
  }

  async dispatchRuns(options: DispatchRuns): Promise<DispatchedRun[]> {
    return translating(() => dispatchRuns(this.#connection, options));
  }

  async endRuns(options: EndRuns): Promise<EndedRun[]> {
    return translating(() => endRuns(this.#connection, options));
  }

  async recordReports(batches: readonly NodeReportBatch[]): Promise<RecordedReports> {
    return translating(() => recordReports(this.#connection, batches));
  }

  async upsertSteps(rows: readonly StepUpsert[]): Promise<void> {
    translating(() => upsertSteps(this.#connection, rows));
  }

  async appendOutput(batches: readonly NodeOutputBatch[]): Promise<void> {
    translating(() => appendOutput(this.#connection, batches));
  }

  async addToCounts(deltas: readonly CountsDelta[]): Promise<void> {
    translating(() => addToCounts(this.#connection, deltas));
  }

  async setNodesOnline(connections: readonly NodeConnection[]): Promise<PreviousNode[]> {
    return translating(() => setNodesOnline(this.#connection, connections));
  }

  async setNodesOffline(disconnections: readonly NodeDisconnection[]): Promise<string[]> {
    return translating(() => setNodesOffline(this.#connection, disconnections));
  }

  async touchNodes(options: TouchNodes): Promise<void> {
    translating(() => touchNodes(this.#connection, options));
  }

  async setJobsFired(options: JobsFired): Promise<void> {
    translating(() => setJobsFired(this.#connection, options));
  }

  async updateGroups(updates: readonly GroupUpdate[]): Promise<number> {
    return translating(() => updateGroups(this.#connection, updates));
  }

  async moveInstances(options: InstanceMoves): Promise<void> {
    translating(() => moveInstances(this.#connection, options));
  }
  async insertInstances(rows: readonly AddedInstance[]): Promise<InsertedInstance[]> {
    return translating(() => insertInstances(this.#connection, rows));
  }

  async insertGroups(rows: readonly GroupsTable[]): Promise<void> {
    translating(() => insertGroups(this.#connection, rows));
  }
}
