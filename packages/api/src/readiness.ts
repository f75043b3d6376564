import { CourierError, type Clock, type Timer } from "@courier/core";
import type { Database } from "@courier/store";
import { readyTimeoutMs } from "./limits.ts";

/** Asks the store whether it answers, within a bounded time; callers at the same time share one question. */
export class Readiness {
  readonly #db: Database;
  readonly #clock: Clock;
  #asking: Promise<void> | undefined;

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** Resolves when the store answers; rejects with STORE_UNAVAILABLE when it does not, or not in time. */
  async check(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #ask(): Promise<void> {
    let timer: Timer | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = this.#clock.setTimer(readyTimeoutMs, () =>
        reject(
          new CourierError(
            "STORE_UNAVAILABLE",
            `the database did not answer within ${readyTimeoutMs} ms`,
          ),
        ),
      );
    });
    try {
      await Promise.race([this.#db.ping(), timeout]);
    } finally {
      timer?.cancel();
    }
  }
}
