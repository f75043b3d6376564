import type { SelectType } from "kysely";

/**
 * A table's columns as data, so that a test can compare the database with the types. The kinds follow from the types:
 * a column that is missing here, or is nullable in only one of the two places, does not compile.
 */
export type Columns<Table> = {
  readonly [Column in keyof Table]: ColumnKind<SelectType<Table[Column]>>;
};

/** Storage class of a column; `?` marks a nullable one. */
export type ColumnKind<Value> = null extends Value
  ? `${BaseKind<NonNullable<Value>>}?`
  : BaseKind<Value>;

type BaseKind<Value> = [Value] extends [number]
  ? "integer"
  : [Value] extends [Uint8Array]
    ? "blob"
    : "text";

/** The names of a table's columns, in their order. */
export function columnNames<Table>(columns: Columns<Table>): readonly (keyof Table & string)[] {
  // The type of the columns allows no others.
  return Object.keys(columns) as (keyof Table & string)[];
}
