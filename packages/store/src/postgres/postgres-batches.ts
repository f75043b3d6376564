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
import type { Queryable } from "./postgres-dialect.ts";
import {
  insertGroups,
  insertInstances,
  moveInstances,
  setJobsFired,
  updateGroups,
} from "./postgres-firing-batches.ts";
import { setNodesOffline, setNodesOnline, touchNodes } from "./postgres-node-batches.ts";
import { recordReports } from "./postgres-report-batches.ts";
import {
  addToCounts,
  dispatchRuns,
  endRuns,
  insertRuns,
  insertRunsOfGroups,
} from "./postgres-run-batches.ts";
import { appendOutput, upsertSteps } from "./postgres-step-batches.ts";

/**
 * The hot statements on PostgreSQL: one statement per batch, one array per column. Rows are locked in the order of
 * their ids before they are updated, so that two batches cannot deadlock. LATERAL fixes the plan: one look-up per
 * element, whatever the planner believes about tables that have just grown from nothing.
 */
export class PostgresBatches implements Batches {
  readonly #client: Queryable;

  constructor(client: Queryable) {
    this.#client = client;
  }

  async insertRuns(options: InsertRuns): Promise<void> {
    await insertRuns(this.#client, options);
  }

  async insertRunsOfGroups(groups: readonly InsertRuns[]): Promise<void> {
    await insertRunsOfGroups(this.#client, groups);
  }

  async dispatchRuns(options: DispatchRuns): Promise<DispatchedRun[]> {
    return await dispatchRuns(this.#client, options);
  }

  async endRuns(options: EndRuns): Promise<EndedRun[]> {
    return await endRuns(this.#client, options);
  }

  async recordReports(batches: readonly NodeReportBatch[]): Promise<RecordedReports> {
    return await recordReports(this.#client, batches);
  }

  async upsertSteps(rows: readonly StepUpsert[]): Promise<void> {
    await upsertSteps(this.#client, rows);
  }

  async appendOutput(batches: readonly NodeOutputBatch[]): Promise<void> {
    await appendOutput(this.#client, batches);
  }

  async addToCounts(deltas: readonly CountsDelta[]): Promise<void> {
    await addToCounts(this.#client, deltas);
  }

  async setNodesOnline(connections: readonly NodeConnection[]): Promise<PreviousNode[]> {
    return await setNodesOnline(this.#client, connections);
  }

  async setNodesOffline(disconnections: readonly NodeDisconnection[]): Promise<string[]> {
    return await setNodesOffline(this.#client, disconnections);
  }

  async touchNodes(options: TouchNodes): Promise<void> {
    await touchNodes(this.#client, options);
  }

  async setJobsFired(options: JobsFired): Promise<void> {
    await setJobsFired(this.#client, options);
  }

  async updateGroups(updates: readonly GroupUpdate[]): Promise<number> {
    return await updateGroups(this.#client, updates);
  }

  async moveInstances(options: InstanceMoves): Promise<void> {
    await moveInstances(this.#client, options);
  }
  async insertInstances(rows: readonly AddedInstance[]): Promise<InsertedInstance[]> {
    return await insertInstances(this.#client, rows);
  }

  async insertGroups(rows: readonly GroupsTable[]): Promise<void> {
    await insertGroups(this.#client, rows);
  }
}
