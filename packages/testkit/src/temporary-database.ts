import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Database, type DatabaseOptions, openDatabase } from "@courier/store";
import { findPostgresBinaries, sharedPostgresUrl } from "./temporary-postgres.ts";

/** A fresh database of one test. */
export interface TemporaryDatabase {
  readonly database: Database;
  /** What it was opened with, to open it again. */
  readonly options: DatabaseOptions;
  /** Closes it and removes its data. */
  readonly dispose: () => Promise<void>;
}

/** The kinds of database that the store knows. */
export type DatabaseKind = "sqlite" | "postgres";

/** Why a kind of database cannot be tested here; undefined when it can. Under CI nothing is left out. */
export function whyUnavailable(kind: DatabaseKind): string | undefined {
  if (kind === "sqlite" || process.env["CI"] !== undefined) return undefined;
  return findPostgresBinaries() === undefined ? "PostgreSQL is not installed" : undefined;
}

/** An empty, migrated database: a directory of its own, or a schema of its own on the test run's PostgreSQL server. */
export async function temporaryDatabase(kind: DatabaseKind): Promise<TemporaryDatabase> {
  return kind === "sqlite" ? await temporarySqlite() : await temporaryPostgresSchema();
}

async function temporarySqlite(): Promise<TemporaryDatabase> {
  const dataDir = await mkdtemp(join(tmpdir(), "courier-store-"));
  const options = { dataDir };
  const database = await openDatabase(options);
  return {
    database,
    options,
    dispose: async () => {
      await database.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function temporaryPostgresSchema(): Promise<TemporaryDatabase> {
  const databaseUrl = await sharedPostgresUrl();
  const schemaName = `test_${randomUUID().replaceAll("-", "")}`;
  const options = { databaseUrl, schemaName, poolSize: 4 };
  const database = await openDatabase(options);
  return {
    database,
    options,
    // The schema goes with the server.
    dispose: async () => await database.close(),
  };
}
