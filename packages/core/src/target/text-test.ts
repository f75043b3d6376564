import type { FilterOperator } from "@courier/schema";
import { assert } from "../assert.ts";
import { compileLinearRegex } from "../text/linear-regex.ts";

/** Whether what a node has under one name is as a constraint asks; an empty list means that it has nothing there. */
export type TextTest = (texts: readonly string[]) => boolean;

/**
 * The test of one constraint: the values are any-of. `!=` is the opposite of `=`, so it also holds for a node that has
 * nothing there. `MATCHES` finds the expression anywhere in the text. Upper and lower case differ (semantics.md section 8).
 */
export function compileTextTest(operator: FilterOperator, values: readonly string[]): TextTest {
  switch (operator) {
    case "=":
      return isAnyOf(values);
    case "!=": {
      const isOne = isAnyOf(values);
      return (texts) => !isOne(texts);
    }
    case "CONTAINS":
      return (texts) => texts.some((text) => values.some((value) => text.includes(value)));
    case "MATCHES":
      return isMatchedByAny(values);
    default:
      return operator;
  }
}

function isAnyOf(values: readonly string[]): TextTest {
  const wanted = new Set(values);
  return (texts) => texts.some((text) => wanted.has(text));
}

/** Remembers what it found: most nodes of a fleet share their values. */
function isMatchedByAny(patterns: readonly string[]): TextTest {
  const expressions = patterns.map((pattern) => {
    const compiled = compileLinearRegex(pattern);
    assert(compiled.ok, "a filter is checked before it is used");
    return compiled.regex;
  });
  const known = new Map<string, boolean>();
  const isMatched = (text: string): boolean => {
    const found = known.get(text) ?? expressions.some((regex) => regex.isFoundIn(text));
    known.set(text, found);
    return found;
  };
  return (texts) => texts.some(isMatched);
}
