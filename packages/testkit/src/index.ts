export { FakeClock } from "./fake-clock.ts";
export type { DatabaseKind, TemporaryDatabase } from "./temporary-database.ts";
export { temporaryDatabase, whyUnavailable } from "./temporary-database.ts";
export type { PostgresServer } from "./temporary-postgres.ts";
export { findPostgresBinaries, startPostgresServer } from "./temporary-postgres.ts";
