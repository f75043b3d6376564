import type { RateLimit } from "./limits.ts";

/** Whether a request may pass; if not, when to come back. */
export type RateVerdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly retryAfterSeconds: number };

interface Bucket {
  tokens: number;
  filledAtMs: number;
}

/** Token buckets, one per caller, on a monotonic clock that the caller passes in. */
export class RateLimiter {
  readonly #rate: RateLimit;
  readonly #callersMax: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(rate: RateLimit, callersMax: number) {
    this.#rate = rate;
    this.#callersMax = callersMax;
  }

  /** Takes one token from the caller's bucket. */
  take(caller: string, nowMs: number): RateVerdict {
    const bucket = this.#fill(caller, nowMs);
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1;
      return { ok: true };
    }
    const missing = 1 - bucket.tokens;
    return { ok: false, retryAfterSeconds: Math.ceil(missing / this.#rate.perSecond) };
  }

  /** Whether the caller's bucket is empty, without taking anything. */
  isExhausted(caller: string, nowMs: number): boolean {
    return this.#buckets.has(caller) && this.#fill(caller, nowMs).tokens < 1;
  }

  #fill(caller: string, nowMs: number): Bucket {
    const bucket = this.#buckets.get(caller);
    if (bucket === undefined) return this.#add(caller, nowMs);
    const gained = ((nowMs - bucket.filledAtMs) / 1000) * this.#rate.perSecond;
    bucket.tokens = Math.min(this.#rate.burst, bucket.tokens + gained);
    bucket.filledAtMs = nowMs;
    return bucket;
  }

  #add(caller: string, nowMs: number): Bucket {
    if (this.#buckets.size >= this.#callersMax) this.#forgetOldest();
    const bucket = { tokens: this.#rate.burst, filledAtMs: nowMs };
    this.#buckets.set(caller, bucket);
    return bucket;
  }

  /** The map is in order of first appearance; the oldest tenth starts afresh. */
  #forgetOldest(): void {
    let left = Math.ceil(this.#callersMax / 10);
    for (const caller of this.#buckets.keys()) {
      this.#buckets.delete(caller);
      left -= 1;
      if (left <= 0) return;
    }
  }
}
