import type { CanonicalBackoff } from "@courier/schema";
import { assert, assertNever } from "./assert.ts";

/** The longest wait between two attempts, ms. */
export const retryDelayMsMax: number = 60 * 60 * 1000;

/** What the polynomial strategy raises the retry's number to when `arguments` does not say. */
const polynomialDegreeDefault = 2;

/**
 * How long to wait before retry `retryNumber` (1-based), whole ms in [0, one hour].
 * Promises never to shrink as `retryNumber` grows; see semantics.md section 5.
 */
export function retryDelayMs(strategy: CanonicalBackoff, retryNumber: number): number {
  assert(Number.isInteger(retryNumber) && retryNumber >= 1, `retry number is ${retryNumber}`);
  const factor = growth(strategy, retryNumber);
  const delayMs = Math.round(strategy.delaySeconds * 1000 * factor);
  // 0 × ∞ is not a number: no delay stays no delay, however far the retries go.
  if (Number.isNaN(delayMs)) return 0;
  return Math.min(Math.max(delayMs, 0), retryDelayMsMax);
}

function growth(strategy: CanonicalBackoff, retryNumber: number): number {
  switch (strategy.type) {
    case "none":
      return 0;
    case "linear":
      return retryNumber;
    case "exponential":
      return 2 ** (retryNumber - 1);
    case "polynomial":
      return retryNumber ** degreeOf(strategy.arguments);
    default:
      return assertNever(strategy.type, "backoff type");
  }
}

/** A negative degree would make later retries come faster: it counts as 0. */
function degreeOf(strategyArguments: readonly number[]): number {
  const degree = strategyArguments[0] ?? polynomialDegreeDefault;
  return Number.isFinite(degree) ? Math.max(degree, 0) : polynomialDegreeDefault;
}
