import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseLatency } from "./latency.ts";
import { normalQuantile } from "./normal-quantile.ts";

function at(text: string, p: number): number {
  const parsed = parseLatency(text);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.latency.at(p);
}

describe("a latency", () => {
  test.each([
    ["5s", 0.5, 5000],
    ["5", 0.5, 5000],
    ["250ms", 0.99, 250],
    ["1.5m", 0.01, 90_000],
    ["2s..30s", 0.5, 16_000],
    ["2s .. 1h", 0.25, 901_500],
    ["0s..0s", 0.5, 0],
    ["p50=5s,p99=60s", 0.5, 5000],
    ["p50=5s,p99=60s", 0.99, 60_000],
    ["p99=60s, p50=5s, p90=10s", 0.9, 10_000],
    ["p50=5s,p99=60s,max=70s", 0.9999, 70_000],
  ])("%s at %d is %d ms", (text, p, ms) => {
    expect(at(text, p)).toBeCloseTo(ms, 3);
  });

  test.each([
    ["", "expected 5s, 2s..30s or p50=5s,p99=60s (units ms, s, m, h)"],
    ["fast", "expected 5s, 2s..30s or p50=5s,p99=60s (units ms, s, m, h)"],
    ["1s..2s..3s", "expected 5s, 2s..30s or p50=5s,p99=60s (units ms, s, m, h)"],
    ["-5s", "expected 5s, 2s..30s or p50=5s,p99=60s (units ms, s, m, h)"],
    ["p50=5s,q99=6s", "expected 5s, 2s..30s or p50=5s,p99=60s (units ms, s, m, h)"],
    ["30s..2s", "the range ends before it begins"],
    ["p50=5s", "it takes two percentiles, such as p50=5s,p99=60s"],
    ["p50=5s,p50=6s", "a percentile is given twice"],
    ["p50=5s,p99=1s", "a higher percentile cannot be faster"],
    ["p50=5s,p99=60s,max=10s", "a higher percentile cannot be faster"],
    ["p0=1s,p50=5s", "percentiles are more than 0 and less than 100"],
  ])("%j is refused", (text, why) => {
    expect(parseLatency(text)).toEqual({
      ok: false,
      message: `${JSON.stringify(text)} is no latency: ${why}`,
    });
  });

  test("never gets faster as p grows", () => {
    const anyP = fc.double({ min: 1e-9, max: 1 - 1e-9, noNaN: true });
    const texts = fc.constantFrom("5s", "2s..30s", "p50=5s,p99=60s", "p10=1s,p50=5s,p90=5s,max=9s");
    fc.assert(
      fc.property(texts, anyP, anyP, (text, a, b) => {
        const [low, high] = [at(text, Math.min(a, b)), at(text, Math.max(a, b))];

        expect(low).toBeLessThanOrEqual(high * (1 + 1e-9));
        expect(low).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

test.each([
  [0.5, 0],
  [0.975, 1.959964],
  [0.99, 2.326348],
  [0.01, -2.326348],
  [0.001, -3.090232],
])("the normal quantile of %d is %d", (p, z) => {
  expect(normalQuantile(p)).toBeCloseTo(z, 6);
});
