import fc from "fast-check";
import { expect, test } from "vitest";
import { translateIRegexp } from "./i-regexp.ts";
import { compileIRegexp, compileLinearRegex } from "./linear-regex.ts";
import { estimateInstructions } from "./regex-size.ts";

test.each([
  ["", ""],
  ["ab|c", "ab|c"],
  ["(a|)", "(a|)"],
  ["a.b", String.raw`a[^\n\r]b`],
  [".{2,3}", String.raw`[^\n\r]{2,3}`],
  ["[.]", "[.]"],
  [String.raw`\.`, String.raw`\.`],
  [String.raw`\\.`, String.raw`\\[^\n\r]`],
  ["^a$", "^a$"],
  [String.raw`[^a-z\]\-A-]`, String.raw`[^a-z\]\-A-]`],
  [String.raw`[-\p{L}\P{Nd}]+`, String.raw`[-\p{L}\P{Nd}]+`],
  ["☺{3,}", "☺{3,}"],
])("%j means %j", (pattern, translated) => {
  expect(translateIRegexp(pattern)).toEqual({ ok: true, pattern: translated });
});

test.each([
  ["a**", 'cannot read "*"'],
  ["a+?", 'cannot read "?"'],
  ["|*", 'cannot read "*"'],
  ["{1}", 'cannot read "{1}"'],
  ["a]", 'cannot read "]"'],
  ["[a", 'cannot read "[a"'],
  ["[]", 'cannot read "[]"'],
  ["[[:alpha:]]", 'cannot read "[[:alpha:]]"'],
  ["[a-b-c]", 'cannot read "[a-b-c]"'],
  [String.raw`\p{Greek}`, String.raw`cannot read "\\p{Greek}"`],
  [String.raw`\p{Cs}`, String.raw`cannot read "\\p{Cs}"`],
  [String.raw`a\b`, String.raw`cannot read "\\b"`],
  [String.raw`\w+`, String.raw`it has no \w, write [a-zA-Z0-9_]`],
  ["(?i)a", "it has no (?, write ( alone"],
  ["a\uD800", String.raw`cannot read "\ud800"`],
  ["(a", 'a "(" is not closed'],
  ["a)", 'there is no "(" for a ")"'],
])("%j is none: %s", (pattern, reason) => {
  expect(translateIRegexp(pattern)).toEqual({ ok: false, reason });
});

test("a pattern that is too large is no mistake in it", () => {
  const tooLong = compileIRegexp("a".repeat(1001), { isWhole: true });

  expect(tooLong).toMatchObject({ ok: false, isTooLarge: true });
  expect(compileIRegexp(".".repeat(1000), { isWhole: true })).toMatchObject({ ok: true });
});

test("a pattern that repeats too much is not compiled to find that out", () => {
  // To compile one takes seconds.
  for (let count = 1000; count > 900; count -= 1) {
    const compiled = compileLinearRegex(`(x+x+){${count}}`.repeat(80));

    expect(compiled).toEqual({ ok: false, isTooLarge: true, reason: "it repeats too much" });
  }
});

const pieces = [
  ...["a", ".", "(", ")", "|", "*", "+", "?", "{3}", "{0,20}", "{7,}", "{0}", "[a-c]", "[^.]"],
  ...[
    "\\",
    "[",
    "]",
    "-",
    "^",
    "$",
    "(?i:",
    "(?P<n>",
    "[[:alpha:]]",
    "\\pN",
    "\\x{41}",
    "\\Qa{9}\\E",
  ],
  ...[String.raw`\p{L}`, String.raw`\.`, "[]a]", "☺", ",", "{", "}"],
];

test("what a pattern will cost is known before it is compiled", () => {
  const pattern = fc
    .array(fc.constantFrom(...pieces), { maxLength: 12 })
    .map((all) => all.join(""));
  fc.assert(
    fc.property(pattern, (text) => {
      const compiled = compileLinearRegex(text);
      if (!compiled.ok) return;

      // Each program has an instruction that matches, one that fails, and may have one that goes past an empty repeat.
      expect(compiled.regex.programSize).toBeLessThanOrEqual(2 * estimateInstructions(text) + 3);
    }),
    { numRuns: 3000 },
  );
});

test("an I-Regexp is compiled or refused, whatever it is", () => {
  const text = fc.oneof(
    fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((all) => all.join("")),
    fc.string({ unit: "binary" }),
  );
  fc.assert(
    fc.property(text, text, (pattern, searched) => {
      const compiled = compileIRegexp(pattern, { isWhole: false });
      if (compiled.ok) expect(typeof compiled.regex.isFoundIn(searched)).toBe("boolean");
      else expect(compiled.reason).not.toBe("");
    }),
    { numRuns: 2000 },
  );
});
