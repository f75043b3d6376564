import type { Generated, Insertable, Selectable } from "kysely";
import type { ExceptionRuleRow } from "../exception-rules.ts";
import type { Columns } from "./columns.ts";

/** Table `exception_rules`. */
export interface ExceptionRulesTable {
  seq: Generated<number>;
  id: string;
  name: string;
  description: string;
  rrule: string;
  duration: number;
  time_zone: string;
  anchored_at: number;
  created_at: number;
  updated_at: number;
  updated_by: string;
}

/** Columns of `exception_rules`. */
export const exceptionRulesColumns: Columns<ExceptionRulesTable> = {
  seq: "integer",
  id: "text",
  name: "text",
  description: "text",
  rrule: "text",
  duration: "integer",
  time_zone: "text",
  anchored_at: "integer",
  created_at: "integer",
  updated_at: "integer",
  updated_by: "text",
};

/** Table `exception_state`: one row. */
export interface ExceptionStateTable {
  id: number;
  version: number;
  since: number;
}

/** Columns of `exception_state`. */
export const exceptionStateColumns: Columns<ExceptionStateTable> = {
  id: "integer",
  version: "integer",
  since: "integer",
};

/** A rule as the database returns it. */
export function toExceptionRuleRow(row: Selectable<ExceptionRulesTable>): ExceptionRuleRow {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    rrule: row.rrule,
    duration: row.duration,
    timeZone: row.time_zone,
    anchoredAt: row.anchored_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    updatedBy: row.updated_by,
  };
}

/** A rule as the database takes it. */
export function fromExceptionRuleRow(row: ExceptionRuleRow): Insertable<ExceptionRulesTable> {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    rrule: row.rrule,
    duration: row.duration,
    time_zone: row.timeZone,
    anchored_at: row.anchoredAt,
    created_at: row.createdAt,
    updated_at: row.updatedAt,
    updated_by: row.updatedBy,
  };
}
