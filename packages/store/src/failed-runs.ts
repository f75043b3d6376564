import type { RunOutcome } from "@courier/core";
import { sql } from "kysely";
import type { Db } from "./database.ts";
import type { GroupKey } from "./groups.ts";
import { reading } from "./handle.ts";
import { seqOfInstance } from "./runs.ts";

/** A run that did not succeed, with what its node said last. */
export interface FailedRun {
  readonly id: string;
  readonly nodeId: string;
  readonly nodeName: string;
  readonly status: RunOutcome;
  readonly reason: string;
  readonly finishedAt: number;
  /** The step that failed last; null: none did. */
  readonly stepNumber: number | null;
  /** The end of what the step's last attempt wrote to stderr; null: nothing. */
  readonly stderrTail: Uint8Array | null;
}

/** Where a list of failures goes on. */
export type FailedRunCursor = Pick<FailedRun, "finishedAt"> & { readonly seq: number };

/** A page of failures, and where the next one begins; undefined: there is none. */
export interface FailedRuns {
  readonly items: readonly FailedRun[];
  readonly next: FailedRunCursor | undefined;
}

/** Bytes of stderr that are read of a failed step. */
const stderrTailBytes = 2048;

/** Outcomes that are failures, as the condition of the index spells them. */
const failedStates = sql.raw("('failure', 'timeout', 'undeliverable', 'unknown', 'canceled')");

interface Row {
  readonly seq: number;
  readonly id: string;
  readonly node_id: string;
  readonly node_name: string | null;
  readonly status: RunOutcome;
  readonly reason: string;
  readonly finished_at: number;
  readonly step_number: number | null;
  readonly stderr_tail: Uint8Array | null;
}

/** Runs of a group that did not succeed, in the order in which they ended. */
export async function listFailedRuns(
  db: Db,
  options: GroupKey & { readonly after?: FailedRunCursor; readonly limit: number },
): Promise<FailedRuns> {
  const { after, limit } = options;
  const beyond =
    after === undefined
      ? sql``
      : sql`AND (runs.finished_at, runs.seq) > (${after.finishedAt}, ${after.seq})`;
  // Index runs_failed; for each run the primary key of steps and the unique index of output_chunks.
  const statement = sql<Row>`
    SELECT failed.*, nodes.name AS node_name,
      (SELECT CASE WHEN length(chunks.data) > ${sql.lit(stderrTailBytes)}
          THEN substr(chunks.data, length(chunks.data) - ${sql.lit(stderrTailBytes - 1)})
          ELSE chunks.data END
        FROM output_chunks AS chunks
        WHERE chunks.run_seq = failed.seq AND chunks.step_number = failed.step_number
          AND chunks.attempt = steps.attempt_count AND chunks.stream = 'stderr'
        ORDER BY chunks.byte_offset DESC LIMIT 1) AS stderr_tail
    FROM (
      SELECT runs.seq, runs.id, runs.node_id, runs.status, runs.reason, runs.finished_at,
        (SELECT max(ended.step_number) FROM steps AS ended
          WHERE ended.run_seq = runs.seq AND ended.status IN ('failure', 'timeout')) AS step_number
      FROM runs
      WHERE runs.instance_seq = ${seqOfInstance(options.instanceId)}
        AND runs.group_number = ${options.groupNumber}
        AND runs.status IN ${failedStates} ${beyond}
      ORDER BY runs.finished_at, runs.seq
      LIMIT ${limit}
    ) AS failed
    LEFT JOIN nodes ON nodes.id = failed.node_id
    LEFT JOIN steps ON steps.run_seq = failed.seq AND steps.step_number = failed.step_number
    ORDER BY failed.finished_at, failed.seq`;
  const { rows } = await statement.execute(reading(db));
  const last = rows.length === limit ? rows.at(-1) : undefined;
  return {
    items: rows.map(toFailedRun),
    next: last && { finishedAt: last.finished_at, seq: last.seq },
  };
}

function toFailedRun(row: Row): FailedRun {
  return {
    id: row.id,
    nodeId: row.node_id,
    nodeName: row.node_name ?? "",
    status: row.status,
    reason: row.reason,
    finishedAt: row.finished_at,
    stepNumber: row.step_number,
    stderrTail: row.stderr_tail,
  };
}
