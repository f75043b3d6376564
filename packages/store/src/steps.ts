import type { StepReport } from "@courier/protocol";
import { type RawBuilder, sql } from "kysely";
import type { Db } from "./database.ts";
import { openStepStates } from "./from-states.ts";
import { atomically, reading } from "./handle.ts";
import { storableText } from "./storable-text.ts";
import { toStepRow } from "./tables/steps-table.ts";

/** What is known about one step of a run. */
export interface StepRow extends StepReport {
  readonly runId: string;
  readonly inputs: string;
  readonly outputs: string;
  readonly updatedAt: number;
}

/** A step to record. With `nodeId` it is recorded only when the run is that node's own. */
export interface StepUpsert extends StepReport {
  readonly runId: string;
  readonly updatedAt: number;
  readonly nodeId?: string;
}

/** Records steps, latest state wins; a final step never changes again, steps of unknown runs are ignored. */
export async function upsertSteps(tx: Db, rows: readonly StepUpsert[]): Promise<void> {
  if (rows.length === 0) return;
  const distinct = latestOfEach(rows);
  await atomically(tx, async ({ batches }) => await batches.upsertSteps(distinct));
}

/** The steps of a run in order. */
export async function listSteps(db: Db, runId: string): Promise<StepRow[]> {
  // Unique index on runs.id, primary key of steps.
  const rows = await reading(db)
    .selectFrom("steps")
    .selectAll()
    .where("run_seq", "=", seqOfRun(runId))
    .orderBy("step_number")
    .execute();
  return rows.map((row) => toStepRow(row, runId));
}

/** The surrogate key of a run, as part of a statement. */
export function seqOfRun(runId: string): RawBuilder<number> {
  return sql<number>`(SELECT seq FROM runs WHERE id = ${runId})`;
}

/** What applying the rows one after the other would leave of each step. */
function latestOfEach(rows: readonly StepUpsert[]): StepUpsert[] {
  const latest = new Map<string, StepUpsert>();
  for (const row of rows) {
    const key = `${row.runId} ${row.stepNumber} ${row.nodeId ?? ""}`;
    const known = latest.get(key);
    if (known === undefined || openStepStates.includes(known.status))
      latest.set(key, storable(row));
  }
  return [...latest.values()];
}

function storable(row: StepUpsert): StepUpsert {
  return {
    ...row,
    reason: storableText(row.reason),
    interpreterPath: storableText(row.interpreterPath),
    interpreterVersion: storableText(row.interpreterVersion),
    inputs: storableText(row.inputs ?? ""),
    outputs: storableText(row.outputs ?? ""),
  };
}
