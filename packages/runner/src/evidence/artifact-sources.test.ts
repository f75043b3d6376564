import fc from "fast-check";
import { expect, test } from "vitest";
import { isMatch } from "./artifact-sources.ts";

test.each([
  ["report.xml", "*.xml", true],
  ["report.xml", "r?port.*", true],
  ["report.xml", "*.json", false],
  ["report.xml", "report", false],
  ["aaab", "*a*b", true],
  ["", "*", true],
  ["", "?", false],
])("%s has the pattern %s: %s", (name, pattern, expected) => {
  expect(isMatch(name, pattern)).toBe(expected);
});

test("means the same as a regular expression", () => {
  const texts = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 8 });
  const patterns = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 8 });
  fc.assert(
    fc.property(texts, patterns, (name, pattern) => {
      const expression = pattern.replaceAll("*", ".*").replaceAll("?", ".");
      expect(isMatch(name, pattern)).toBe(new RegExp(`^${expression}$`).test(name));
    }),
  );
});
