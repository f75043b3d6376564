import type { CourierError } from "@courier/core";

import { isRetryable, retryDelayMs, type Pace } from "./retry-policy.ts";

/** Tells that a stream broke, and that it is back; in pairs, once per outage. */
export type OutageEvent =
  | { readonly kind: "interrupted"; readonly error: CourierError }
  | { readonly kind: "resumed" };

/** The patience of one stream reader: which failures it survives, and how long it waits before it tries again. */
export class Outage {
  readonly #options: { readonly pace: Pace; readonly signal: AbortSignal };
  #failureCount = 0;
  #isPatient: boolean;

  /** `isPatient`: survive also before the first success; otherwise the first connection must succeed. */
  constructor(options: {
    readonly pace: Pace;
    readonly signal: AbortSignal;
    readonly isPatient: boolean;
  }) {
    this.#options = options;
    this.#isPatient = options.isPatient;
  }

  /** Notes that data flows. Yields `resumed` when an outage ends with it. */
  *end(): Generator<OutageEvent, void, undefined> {
    this.#isPatient = true;
    if (this.#failureCount === 0) return;
    this.#failureCount = 0;
    yield { kind: "resumed" };
  }

  /** Throws what cannot be survived; else yields `interrupted` for the first failure and waits before the next attempt. */
  async *survive(error: unknown): AsyncGenerator<OutageEvent, void, undefined> {
    const { pace, signal } = this.#options;
    signal.throwIfAborted();
    if (!this.#isPatient || !isRetryable(error)) throw error;
    this.#failureCount += 1;
    if (this.#failureCount === 1) yield { kind: "interrupted", error };
    await pace.delay(retryDelayMs(this.#failureCount, error, pace.random), signal);
  }
}
