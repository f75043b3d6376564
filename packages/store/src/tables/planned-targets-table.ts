import type { Columns } from "./columns.ts";

/** Table `planned_targets`. `targets` is JSON: node ids, by group. */
export interface PlannedTargetsTable {
  job_id: string;
  targets: string;
}

/** Columns of `planned_targets`. */
export const plannedTargetsColumns: Columns<PlannedTargetsTable> = {
  job_id: "text",
  targets: "text",
};
