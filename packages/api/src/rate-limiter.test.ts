import { describe, expect, it } from "vitest";
import { RateLimiter } from "./rate-limiter.ts";

describe("RateLimiter", () => {
  it("lets a burst pass and then says when to come back", () => {
    const limiter = new RateLimiter({ perSecond: 2, burst: 3 }, 10);

    const verdicts = [0, 0, 0, 0].map((now) => limiter.take("a", now));

    expect(verdicts.map((one) => one.ok)).toEqual([true, true, true, false]);
    expect(verdicts[3]).toEqual({ ok: false, retryAfterSeconds: 1 });
  });

  it("refills with time, never above the burst", () => {
    const limiter = new RateLimiter({ perSecond: 1, burst: 2 }, 10);
    limiter.take("a", 0);
    limiter.take("a", 0);

    const afterAnHour = [0, 1, 2].map(() => limiter.take("a", 3_600_000).ok);

    expect(afterAnHour).toEqual([true, true, false]);
  });

  it("keeps callers apart", () => {
    const limiter = new RateLimiter({ perSecond: 1, burst: 1 }, 10);
    limiter.take("a", 0);

    expect(limiter.take("b", 0).ok).toBe(true);
    expect(limiter.isExhausted("a", 0)).toBe(true);
    expect(limiter.isExhausted("a", 1000)).toBe(false);
  });

  it("never tracks more callers than its limit", () => {
    const limiter = new RateLimiter({ perSecond: 1, burst: 1 }, 10);
    limiter.take("first", 0);

    for (let index = 0; index < 20; index += 1) limiter.take(`caller-${index}`, 0);

    expect(limiter.take("first", 0).ok).toBe(true);
  });
});
