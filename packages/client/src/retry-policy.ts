import { CourierError } from "@courier/core";

import { attemptsMax, retryAfterMaxMs, retryDelayBaseMs, retryDelayMaxMs } from "./limits.ts";
import { ServiceError } from "./service-error.ts";

/** What waiting and dice are to the client; tests supply their own. */
export interface Pace {
  /** Resolves after `ms`, rejects with the signal's reason when it aborts first. */
  readonly delay: (ms: number, signal: AbortSignal) => Promise<void>;
  /** In [0, 1). */
  readonly random: () => number;
}

/** Runs `work` until it succeeds, fails for good, or `attemptsMax` is reached. */
export async function withRetries<T>(
  work: () => Promise<T>,
  options: { readonly pace: Pace; readonly signal: AbortSignal },
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isRetryable(error) || attempt >= attemptsMax) throw error;
      await options.pace.delay(retryDelayMs(attempt, error, options.pace.random), options.signal);
    }
  }
}

/** Whether the same request may succeed later. */
export function isRetryable(error: unknown): error is CourierError {
  return error instanceof CourierError && error.retryable;
}

/** Exponential with full jitter, capped; a Retry-After of the service is a lower bound. `attempt` is 1-based. */
export function retryDelayMs(attempt: number, error: unknown, random: () => number): number {
  const ceiling = Math.min(retryDelayMaxMs, retryDelayBaseMs * 2 ** (attempt - 1));
  const jittered = Math.round(random() * ceiling);
  const asked = error instanceof ServiceError ? (error.retryAfterMs ?? 0) : 0;
  return Math.max(jittered, Math.min(asked, retryAfterMaxMs));
}
