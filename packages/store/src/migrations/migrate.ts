import { createHash } from "node:crypto";
import { CourierError } from "@courier/core";
import { migration0001 } from "./0001-initial.ts";
import { migration0002 } from "./0002-node-facts.ts";
import { migration0003 } from "./0003-node-sets.ts";
import { migration0004 } from "./0004-control.ts";
import { migration0005 } from "./0005-schedules.ts";
import { migration0006 } from "./0006-soak.ts";
import { migration0007 } from "./0007-job-control.ts";
import { migration0008 } from "./0008-step-values.ts";
import { migration0009 } from "./0009-failed-runs.ts";
import { migration0010 } from "./0010-planned-targets.ts";
import { migration0011 } from "./0011-evidence.ts";
import { migration0012 } from "./0012-budgets.ts";
import { migration0013 } from "./0013-approval.ts";
import type { ColumnTypes, Migration } from "./migration.ts";

/** All migrations in order; the position is the number. */
export const migrations: readonly Migration[] = [
  migration0001,
  migration0002,
  migration0003,
  migration0004,
  migration0005,
  migration0006,
  migration0007,
  migration0008,
  migration0009,
  migration0010,
  migration0011,
  migration0012,
  migration0013,
];

/** A migration that a database has gone through. */
export interface AppliedMigration {
  readonly number: number;
  readonly name: string;
  readonly checksum: string;
}

/** What a driver offers to `migrate`: statements of one transaction that holds the migration lock. */
export interface MigrationSession {
  execute(statement: string): Promise<void>;
  applied(): Promise<AppliedMigration[]>;
  record(migration: AppliedMigration): Promise<void>;
}

/** The table that tells which migrations a database has gone through. */
const migrationsTable =
  "CREATE TABLE IF NOT EXISTS schema_migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL)";

/** Brings the schema up to this build. Refuses one that is newer, and one whose past differs from this build's. */
export async function migrate(
  session: MigrationSession,
  options: { readonly types: ColumnTypes; readonly migrations: readonly Migration[] },
): Promise<void> {
  await session.execute(migrationsTable);
  const applied = await session.applied();
  verifyPast(applied, options);
  for (const migration of options.migrations.slice(applied.length)) {
    for (const statement of statementsOf(migration.sql(options.types))) {
      await session.execute(statement);
    }
    await session.record(describe(migration, options.types));
  }
}

function verifyPast(
  applied: readonly AppliedMigration[],
  options: { readonly types: ColumnTypes; readonly migrations: readonly Migration[] },
): void {
  const newest = applied.at(-1)?.number ?? 0;
  if (newest > options.migrations.length) {
    throw new CourierError(
      "STORE_UNAVAILABLE",
      `the database has schema ${newest}, this build knows schemas up to ${options.migrations.length}: start a newer courier-server`,
    );
  }
  for (const [index, past] of applied.entries()) {
    const migration = options.migrations[index];
    const known = migration && describe(migration, options.types);
    if (known?.number === past.number && known.checksum === past.checksum) continue;
    throw new CourierError(
      "STORE_UNAVAILABLE",
      `migration ${past.number} (${past.name}) of the database is not the one of this build: the database was made by another build`,
    );
  }
}

function describe(migration: Migration, types: ColumnTypes): AppliedMigration {
  const checksum = createHash("sha256").update(migration.sql(types)).digest("hex");
  return { number: migration.number, name: migration.name, checksum };
}

/** The statements of a migration's text. */
export function statementsOf(text: string): string[] {
  return text.split(/^;$/m).map((statement) => statement.trim());
}
