import type { CanonicalCondition } from "@courier/schema";
import { assert, assertNever } from "../assert.ts";
import { compileLinearRegex, type LinearRegex } from "../text/linear-regex.ts";
import { compareValues } from "./compare-values.ts";
import { showValue } from "./show-value.ts";
import { mask, type Value } from "./value.ts";

/** Whether a condition holds; the reason is a sentence with the value that was compared. */
export type ConditionVerdict =
  | { readonly kind: "holds" }
  | { readonly kind: "fails"; readonly reason: string }
  /** The expression would cost too much on this value. */
  | { readonly kind: "tooCostly"; readonly reason: string };

/** Judges a condition. Without a value no operator holds, so that a negated condition does. */
export function judgeCondition(
  condition: CanonicalCondition,
  value: Value | undefined,
): ConditionVerdict {
  if (value !== undefined && isTooCostly(condition, value.text)) {
    const reason = `condition ${describeCondition(condition)} is too costly for a value of ${value.text.length} characters`;
    return { kind: "tooCostly", reason };
  }
  const isMet = value !== undefined && compare(condition, value.text);
  if (isMet !== condition.negate) return { kind: "holds" };
  const found = describeValue(condition.inputName, value);
  return {
    kind: "fails",
    reason: `condition ${describeCondition(condition)} does not hold: ${found}`,
  };
}

function isTooCostly({ operator, value: wanted }: CanonicalCondition, found: string): boolean {
  return operator === "matches" && found.length > expressionOf(wanted).textLengthMax;
}

function expressionOf(pattern: string): LinearRegex {
  const compiled = compileLinearRegex(pattern);
  assert(compiled.ok, "a condition is checked before it is used");
  return compiled.regex;
}

function compare({ operator, value: wanted }: CanonicalCondition, found: string): boolean {
  switch (operator) {
    case "eq":
      return found === wanted;
    case "gt":
      return compareValues(found, wanted) > 0;
    case "gte":
      return compareValues(found, wanted) >= 0;
    case "lt":
      return compareValues(found, wanted) < 0;
    case "lte":
      return compareValues(found, wanted) <= 0;
    case "matches":
      return expressionOf(wanted).isFoundIn(found);
    case "startsWith":
      return found.startsWith(wanted);
    case "endsWith":
      return found.endsWith(wanted);
    case "contains":
      return found.includes(wanted);
    default:
      return assertNever(operator, "operator");
  }
}

/** A condition in words: `not VERSION gte "1.2"`. */
export function describeCondition({
  inputName,
  operator,
  value,
  negate,
}: CanonicalCondition): string {
  return `${negate ? "not " : ""}${inputName} ${operator} ${showValue(value)}`;
}

function describeValue(name: string, value: Value | undefined): string {
  if (value === undefined) return `${name} has no value`;
  return `${name} is ${value.isSensitive ? mask : showValue(value.text)}`;
}
