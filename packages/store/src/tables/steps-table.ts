import type { StepStatus } from "@courier/core";
import type { AttemptArtifacts } from "@courier/protocol";
import type { Selectable } from "kysely";
import type { StepRow } from "../steps.ts";
import type { Columns } from "./columns.ts";

type Artifacts = readonly AttemptArtifacts[];

/** Table `steps`. */
export interface StepsTable {
  run_seq: number;
  step_number: number;
  status: StepStatus;
  attempt_count: number;
  exit_code: number | null;
  reason: string;
  interpreter_path: string;
  interpreter_version: string;
  started_at: number | null;
  finished_at: number | null;
  output_bytes: number;
  output_dropped_bytes: number;
  updated_at: number;
  /** Variables that the step got and produced, JSON objects with sensitive values masked; empty when there are none. */
  inputs: string;
  outputs: string;
  /** JSON, what the attempts left; null for almost all. */
  artifacts: string | null;
}

/** Columns of `steps`. */
export const stepsColumns: Columns<StepsTable> = {
  run_seq: "integer",
  step_number: "integer",
  status: "text",
  attempt_count: "integer",
  exit_code: "integer?",
  reason: "text",
  interpreter_path: "text",
  interpreter_version: "text",
  started_at: "integer?",
  finished_at: "integer?",
  output_bytes: "integer",
  output_dropped_bytes: "integer",
  updated_at: "integer",
  inputs: "text",
  outputs: "text",
  artifacts: "text?",
};

/** A step as the database returns it. */
export function toStepRow(row: Selectable<StepsTable>, runId: string): StepRow {
  return {
    runId,
    stepNumber: row.step_number,
    status: row.status,
    attemptCount: row.attempt_count,
    exitCode: row.exit_code,
    reason: row.reason,
    interpreterPath: row.interpreter_path,
    interpreterVersion: row.interpreter_version,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    outputBytes: row.output_bytes,
    outputDroppedBytes: row.output_dropped_bytes,
    updatedAt: row.updated_at,
    inputs: row.inputs,
    outputs: row.outputs,
    // Written by `artifactsText` from what the frame schema admitted.
    ...(row.artifacts === null ? {} : { artifacts: JSON.parse(row.artifacts) as Artifacts }),
  };
}

/** What the column `artifacts` holds. */
export function artifactsText(artifacts: Artifacts | undefined): string | null {
  return artifacts === undefined ? null : JSON.stringify(artifacts);
}
