import type { ColumnTypes } from "./migration.ts";

/** How SQLite spells them. STRICT: a column holds only what its type says. */
export const sqliteColumnTypes: ColumnTypes = {
  seq: "INTEGER PRIMARY KEY AUTOINCREMENT",
  int: "INTEGER",
  text: "TEXT",
  blob: "BLOB",
  end: ") STRICT",
  endClustered: ") STRICT, WITHOUT ROWID",
};

/** How PostgreSQL spells them. Collation "C" makes both databases compare and sort text alike. */
export const postgresColumnTypes: ColumnTypes = {
  seq: "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
  int: "BIGINT",
  text: 'TEXT COLLATE "C"',
  blob: "BYTEA",
  end: ")",
  endClustered: ")",
};
