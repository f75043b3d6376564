import { sql } from "kysely";
import { inParts } from "./in-parts.ts";
import type { Db } from "./database.ts";
import { reading, writing } from "./handle.ts";
import { seqOfInstance } from "./runs.ts";

/** What one step of a run has produced, as list-steps shows it. */
export interface StepOutputs {
  readonly runId: string;
  readonly stepNumber: number;
  readonly outputs: string;
}

/**
 * Records the steps before `fromStep` of a rerun as skipped, each with what it produced in the origin's run on the same node;
 * steps that produced nothing are left out. One statement; it reads both instances once.
 */
export async function copyStepOutputs(
  tx: Db,
  rerun: {
    readonly instanceId: string;
    readonly originInstanceId: string;
    readonly fromStep: number;
    readonly now: number;
  },
): Promise<void> {
  const { instanceId, originInstanceId, fromStep, now } = rerun;
  const reason = `the run starts from step ${fromStep}`;
  // Unique index of runs by position, primary key of steps; the runs of both instances meet by their nodes.
  await sql`
    INSERT INTO steps (run_seq, step_number, status, attempt_count, exit_code, reason, interpreter_path,
      interpreter_version, started_at, finished_at, output_bytes, output_dropped_bytes, updated_at, inputs, outputs)
    SELECT again.seq, steps.step_number, 'skipped', 0, NULL, ${reason}, '', '', NULL, NULL, 0, 0, ${sql.lit(now)}, '',
      steps.outputs
    FROM runs AS again
    JOIN runs AS origin ON origin.instance_seq = ${seqOfInstance(originInstanceId)} AND origin.node_id = again.node_id
    JOIN steps ON steps.run_seq = origin.seq
    WHERE again.instance_seq = ${seqOfInstance(instanceId)} AND steps.step_number < ${sql.lit(fromStep)}
      AND steps.outputs <> ''
    ORDER BY again.seq, steps.step_number, origin.seq
    ON CONFLICT (run_seq, step_number) DO NOTHING`.execute(writing(tx));
}

/** What the steps of these runs have produced, in order; runs that are unknown or have produced nothing are left out. */
export async function listStepOutputs(db: Db, runIds: readonly string[]): Promise<StepOutputs[]> {
  const found: StepOutputs[] = [];
  for (const part of inParts(runIds)) {
    // Unique index on runs.id, primary key of steps.
    const rows = await reading(db)
      .selectFrom("runs")
      .innerJoin("steps", "steps.run_seq", "runs.seq")
      .select(["runs.id as runId", "steps.step_number as stepNumber", "steps.outputs as outputs"])
      .where("runs.id", "in", part)
      .where("steps.outputs", "<>", "")
      .orderBy("steps.step_number")
      .execute();
    found.push(...rows);
  }
  return found;
}
