/** Connections to PostgreSQL that one process opens at most. */
export const poolSizeDefault = 10;

/** How long a connection to PostgreSQL may take to be made or to become free. */
export const connectTimeoutMs = 10_000;

/** How long PostgreSQL works on one statement before it gives up. */
export const statementTimeoutMs = 30_000;

/** How long the answer to a statement may take before the connection is given up: the server itself may be out of reach. */
export const answerTimeoutMs = 35_000;

/** How long a migration may take, and the wait for another process that migrates. */
export const migrationTimeoutMs = 3_600_000;

/** How long SQLite waits for a lock; only a backup tool or the like can hold one. */
export const busyTimeoutMs = 5_000;

/** How long a second process waits for a data directory: two that try at once get in each other's way for a moment, and one must win. */
export const lockWaitMs = 200;

/** Prepared statements that one SQLite connection keeps. */
export const preparedStatementsMax = 300;

/** Identifiers, ids or rows that one statement built by Kysely names at most. */
export const valuesPerStatement = 300;

/** Groups of so many runs are inserted together with others; a larger one has a statement of its own. */
export const smallGroupMax = 100;

/** Runs that retention deletes in one transaction. */
export const runsPerDeletion = 500;

/** Page cache of the SQLite connection that writes. It fills only when there is that much to do. */
export const cacheKibibytes: number = 64 * 1024;

/** Pages in SQLite's write-ahead log (4 KiB each) after which it is moved into the database: rarely enough for bursts. */
export const pagesPerCheckpoint = 8_000;

/** Transactions that one commit of SQLite serves at most. */
export const transactionsPerCommit = 100;

/** How often PostgreSQL is given a transaction that it ended because of another one (a deadlock). */
export const transactionAttemptsMax = 5;

/** Records of missed occurrences that are kept for one job. */
export const missedPerJobMax = 1_000;

/** Archives that a sweep looks at in one statement. */
export const archivesPerSweep = 200;
