import type { CanonicalCondition, ConditionOperator } from "@courier/schema";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareValues } from "./compare-values.ts";
import { judgeCondition } from "./condition.ts";

function conditionOf(
  operator: ConditionOperator,
  value: string,
  negate = false,
): CanonicalCondition {
  return { inputName: "A", negate, operator, value };
}

function holds(found: string, operator: ConditionOperator, wanted: string): boolean {
  const value = { text: found, isSensitive: false };
  return judgeCondition(conditionOf(operator, wanted), value).kind === "holds";
}

test.each<[string, ConditionOperator, string, boolean]>([
  ["false\n", "eq", "false\n", true],
  ["false\n", "eq", "false", false],
  ["1.0", "eq", "1", false],
  ["10", "gt", "9", true],
  ["10\n", "gt", "9", true],
  ["1.10.0\n", "gt", "1.9.0", true],
  ["10", "gt", "10.0", false],
  ["10", "gte", "10.0", true],
  ["-1", "lt", "0.5\n", true],
  ["1e3", "lte", "1000", true],
  ["1.10.0", "gt", "1.9.9", true],
  ["v2.0.0-rc.10", "gt", "2.0.0-rc.9", true],
  ["2.0.0-rc.1", "lt", "2.0.0", true],
  ["2.0.0+build.7", "gte", "2.0.0", true],
  ["1.10.0", "gt", "1.9", true],
  // Both are numbers.
  ["1.10", "gt", "1.9", false],
  // One is a number, the other is not: text.
  ["10", "lt", "9a", true],
  ["b", "gt", "a", true],
  ["abc", "matches", "^a.c$", true],
  ["xabcx", "matches", "a.c", true],
  ["abc", "matches", "^b", false],
  ["abc", "startsWith", "ab", true],
  ["abc", "startsWith", "b", false],
  ["abc", "endsWith", "bc", true],
  ["abc\n", "endsWith", "bc", false],
  ["abc", "contains", "b", true],
  ["abc", "contains", "d", false],
])("%j %s %j: %j", (...row) => {
  const [found, operator, wanted, expected] = row;
  expect(holds(found, operator, wanted)).toBe(expected);
  const negated = judgeCondition(conditionOf(operator, wanted, true), {
    text: found,
    isSensitive: false,
  });
  expect(negated.kind === "holds").toBe(!expected);
});

describe("without a value", () => {
  test("no operator holds", () => {
    expect(judgeCondition(conditionOf("eq", ""), undefined)).toEqual({
      kind: "fails",
      reason: 'condition A eq "" does not hold: A has no value',
    });
  });

  test("a negated condition holds", () => {
    expect(judgeCondition(conditionOf("eq", "", true), undefined).kind).toBe("holds");
  });
});

test("names the condition and the value that was compared", () => {
  const value = { text: "true\n", isSensitive: false };

  expect(judgeCondition(conditionOf("eq", "true\n", true), value)).toEqual({
    kind: "fails",
    reason: String.raw`condition not A eq "true\n" does not hold: A is "true\n"`,
  });
});

test("masks a sensitive value", () => {
  const value = { text: "hunter2", isSensitive: true };

  expect(judgeCondition(conditionOf("eq", "1"), value)).toEqual({
    kind: "fails",
    reason: 'condition A eq "1" does not hold: A is ***',
  });
});

test("an expression that would cost too much is not tried", () => {
  const value = { text: "a".repeat(60_000), isSensitive: false };

  const verdict = judgeCondition(conditionOf("matches", "[ab]{1000}[ab]{500}c$"), value);

  expect(verdict.kind).toBe("tooCostly");
});

test("the order of values is antisymmetric, and numbers keep theirs", () => {
  const text = fc.oneof(fc.string(), fc.float({ noNaN: true }).map(String), fc.constant("1.2.3"));
  fc.assert(
    fc.property(text, text, (left, right) => {
      expect(Math.sign(compareValues(left, right)) + Math.sign(compareValues(right, left))).toBe(0);
    }),
  );
  fc.assert(
    fc.property(fc.integer(), fc.integer(), (left, right) => {
      expect(Math.sign(compareValues(`${left}`, `${right}`))).toBe(Math.sign(left - right));
    }),
  );
});
