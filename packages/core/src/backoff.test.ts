import type { CanonicalBackoff } from "@courier/schema";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { retryDelayMs, retryDelayMsMax } from "./backoff.ts";

const types = ["none", "linear", "exponential", "polynomial"] as const;

function strategy(
  type: CanonicalBackoff["type"],
  delaySeconds: number,
  ...strategyArguments: number[]
): CanonicalBackoff {
  return { type, delaySeconds, arguments: strategyArguments };
}

function firstFour(backoff: CanonicalBackoff): number[] {
  return [1, 2, 3, 4].map((retryNumber) => retryDelayMs(backoff, retryNumber) / 1000);
}

const anyStrategy = fc.record({
  type: fc.constantFrom(...types),
  delaySeconds: fc.double({ min: 0, max: 1e9, noNaN: true }),
  arguments: fc.array(fc.double({ noNaN: false }), { maxLength: 3 }),
});

describe("the table of semantics.md section 5", () => {
  test("waits not at all without a strategy, whatever the delay", () => {
    expect(firstFour(strategy("none", 5))).toEqual([0, 0, 0, 0]);
  });

  test("grows by the delay when linear", () => {
    expect(firstFour(strategy("linear", 3))).toEqual([3, 6, 9, 12]);
  });

  test("doubles when exponential", () => {
    expect(firstFour(strategy("exponential", 3))).toEqual([3, 6, 12, 24]);
  });

  test("squares when polynomial without a degree", () => {
    expect(firstFour(strategy("polynomial", 3))).toEqual([3, 12, 27, 48]);
  });

  test("takes the degree of a polynomial from its first argument", () => {
    expect(firstFour(strategy("polynomial", 1, 3, 5))).toEqual([1, 8, 27, 64]);
  });
});

describe("for every strategy", () => {
  test("stays a whole number of ms between nothing and one hour", () => {
    fc.assert(
      fc.property(anyStrategy, fc.integer({ min: 1, max: 100_000 }), (backoff, retryNumber) => {
        const delayMs = retryDelayMs(backoff, retryNumber);

        expect(Number.isInteger(delayMs)).toBe(true);
        expect(delayMs).toBeGreaterThanOrEqual(0);
        expect(delayMs).toBeLessThanOrEqual(retryDelayMsMax);
      }),
    );
  });

  test("never shrinks from one retry to the next", () => {
    fc.assert(
      fc.property(anyStrategy, fc.integer({ min: 1, max: 10_000 }), (backoff, retryNumber) => {
        expect(retryDelayMs(backoff, retryNumber + 1)).toBeGreaterThanOrEqual(
          retryDelayMs(backoff, retryNumber),
        );
      }),
    );
  });
});
