import { setImmediate } from "node:timers/promises";
import type { Session } from "../handle.ts";
import { transactionsPerCommit } from "../limits.ts";
import type { Mutex } from "../mutex.ts";
import type { SqliteConnection } from "./sqlite-connection.ts";

interface Waiting {
  /** Runs the caller's work and keeps its result. */
  readonly work: () => Promise<void>;
  readonly resolve: () => void;
  readonly reject: (cause: unknown) => void;
}

/**
 * Runs transactions one after the other and commits all that were waiting together: one fsync serves them all. Each has
 * a savepoint of its own, so that one that fails takes nothing of the others with it; nobody hears of a success before
 * the common commit.
 */
export class TransactionQueue {
  readonly #connection: SqliteConnection;
  readonly #session: Session;
  readonly #mutex: Mutex;
  #waiting: Waiting[] = [];
  #isRunning = false;

  constructor(connection: SqliteConnection, options: { session: Session; mutex: Mutex }) {
    this.#connection = connection;
    this.#session = options.session;
    this.#mutex = options.mutex;
  }

  /** Resolves with what `work` returned once it is committed; rejects, with nothing of it stored, otherwise. */
  async run<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
    const done: { result?: Result } = {};
    await new Promise<void>((resolve, reject) => {
      const keepResult = async (): Promise<void> => {
        done.result = await work(this.#session);
      };
      this.#waiting.push({ work: keepResult, resolve, reject });
      void this.#drain();
    });
    // Set by `keepResult` before anything is resolved; Result itself may be undefined.
    return done.result as Result;
  }

  async #drain(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    while (this.#waiting.length > 0) {
      // A commit blocks the event loop: first let everything that has arrived with this transaction join it.
      await setImmediate();
      await this.#mutex.run(async () => await this.#commitTogether());
    }
    this.#isRunning = false;
  }

  async #commitTogether(): Promise<void> {
    const batch = this.#waiting.splice(0, transactionsPerCommit);
    const succeeded: Waiting[] = [];
    try {
      this.#connection.exec("BEGIN IMMEDIATE");
      for (const waiting of batch) {
        if (await this.#runOne(waiting, batch.length)) succeeded.push(waiting);
      }
      this.#connection.exec("COMMIT");
      for (const { resolve } of succeeded) resolve();
    } catch (error) {
      this.#rollBack();
      // Those that failed on their own have been told why; a second rejection of theirs is ignored.
      for (const { reject } of batch) reject(error);
    }
  }

  /** Throws when the failure ended the whole transaction, as a full disk does. */
  async #runOne({ work, reject }: Waiting, batchSize: number): Promise<boolean> {
    if (batchSize === 1) {
      await work();
      return true;
    }
    this.#connection.exec("SAVEPOINT one");
    try {
      await work();
    } catch (error) {
      if (!this.#undoOne()) throw error;
      reject(error);
      return false;
    }
    this.#connection.exec("RELEASE one");
    return true;
  }

  #undoOne(): boolean {
    try {
      this.#connection.exec("ROLLBACK TO one; RELEASE one");
      return true;
    } catch {
      // The savepoint is gone, and with it the whole transaction; the error that did it tells more.
      return false;
    }
  }

  #rollBack(): void {
    try {
      this.#connection.exec("ROLLBACK");
    } catch {
      // Some failures (a full disk) have rolled back already, then ROLLBACK is refused; the first error tells more.
    }
  }
}
