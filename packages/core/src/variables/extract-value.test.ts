import type { CanonicalOutputFieldRule } from "@courier/schema";
import { expect, test } from "vitest";
import { extractValue, type Extraction } from "./extract-value.ts";

function extract(
  rule: Partial<CanonicalOutputFieldRule>,
  text: string | undefined,
  problem = "",
): Extraction {
  const whole: CanonicalOutputFieldRule = {
    ...{ sourceType: "output", source: "stdout", extractMethod: "content", expression: "" },
    ...{ required: true, sensitive: false },
    ...rule,
  };
  return extractValue(whole, { text, problem });
}

const regEx = (expression: string): Partial<CanonicalOutputFieldRule> => ({
  extractMethod: "regEx",
  expression,
});
const jsonPath = (expression: string): Partial<CanonicalOutputFieldRule> => ({
  extractMethod: "jsonPath",
  expression,
});

test.each<[Partial<CanonicalOutputFieldRule>, string, string]>([
  [{}, "false\n", "false\n"],
  [{}, "", ""],
  [regEx("value\\d"), "a value1 value2", "value1"],
  [regEx("version: (\\S+) (\\S+)"), "x\nversion: 1.2 rc\n", "1.2"],
  [regEx("(?:a|b)c"), "bc", "bc"],
  [regEx("^b$"), "b", "b"],
  [regEx("(?m)^b$"), "a\nb\nc", "b"],
  [jsonPath("$.a.b"), '{"a":{"b":"text"}}', "text"],
  [jsonPath("$.a[1]"), '{"a":[1,2.5]}', "2.5"],
  [jsonPath("$.a"), '{"a":[1, {"b": null}]}', '[1,{"b":null}]'],
  [jsonPath("$.a"), '{"a":null}', "null"],
  [jsonPath("$.a"), '{"a": 1.10 }', "1.10"],
  [jsonPath("$.a[0]"), '{"a":[12345678901234567890, 1]}', "12345678901234567890"],
  [jsonPath("$.a"), '{"a":1e400}', "1e400"],
  [
    jsonPath("$.a"),
    '{"a": [ 1.0, -0, "\\u00e9 \\" ]", {"b" :\n12345678901234567890} ] }',
    '[1.0,-0,"é \\" ]",{"b":12345678901234567890}]',
  ],
  [jsonPath("$"), " true ", "true"],
  [jsonPath("$['\"]']"), '{"\\u0022]": 1.0, "b": 2}', "1.0"],
  // The last one counts, as everywhere.
  [jsonPath("$.a"), '{"a":[1], "a":[2.0], "b":3}', "[2.0]"],
  [jsonPath("$..c"), '{"b":{"x":[{}, {"c":7.50}]}}', "7.50"],
  [jsonPath("$[?search(@.b, 'x+$')].c"), '[{"b":"xa","c":1},{"b":"ax","c":2.0}]', "2.0"],
])("%j finds in %j", (rule, text, expected) => {
  expect(extract(rule, text)).toEqual({ kind: "found", text: expected });
});

test.each<[Partial<CanonicalOutputFieldRule>, string | undefined, string]>([
  [regEx("x+"), "abc", '"x+" matches nothing'],
  // The group takes no part in the match.
  [regEx("a(b)?"), "ac", '"a(b)?" matches nothing'],
  [jsonPath("$.a"), "{}", '"$.a" selects nothing'],
  [jsonPath("$.a"), "{", "the source is not JSON"],
  [{}, undefined, "no such file"],
])("%j finds nothing in %j", (rule, text, reason) => {
  expect(extract(rule, text, text === undefined ? reason : "")).toEqual({
    kind: "nothing",
    reason,
  });
});

test.each<[Partial<CanonicalOutputFieldRule>, string, string]>([
  [{}, "x".repeat(65_537), "has 65537 bytes; a value has at most 65536"],
  [{}, "€".repeat(21_846), "has 65538 bytes; a value has at most 65536"],
  [{ sensitive: true }, "x".repeat(16_385), "has 16385 bytes; a sensitive value has at most 16384"],
  [{}, "a\uFFFDb", "is not valid UTF-8 text"],
  [{}, "a\0b", "contains a NUL byte, which no variable can hold"],
  [
    jsonPath("$[?count($[*]) == 1]"),
    JSON.stringify(Array.from({ length: 2000 }, () => 1)),
    '"$[?count($[*]) == 1]" is too costly: more than to look at 1000000 values',
  ],
  [
    jsonPath("$[?@..a == 1]"),
    "[]",
    'is not a JSONPath: expected a path to one value; value() or count() takes one to several at character 4: "@..a == 1]"',
  ],
])("%j refuses what cannot be a value", (rule, text, reason) => {
  expect(extract(rule, text)).toEqual({ kind: "refused", reason });
});

test("a value that is deeper than the call stack is taken as it is", () => {
  const deep = `${"[".repeat(30_000)}1.0${"]".repeat(30_000)}`;

  expect(extract(jsonPath("$"), deep)).toEqual({ kind: "found", text: deep });
  expect(extract(jsonPath("$..[?@ == 1]"), deep)).toEqual({ kind: "found", text: "1.0" });
});

test("a source that was read in part gives only what a regular expression finds in it", () => {
  const problem = "stdout is larger than 4 MiB";

  expect(extract({}, "head", problem)).toEqual({ kind: "refused", reason: problem });
  expect(extract(jsonPath("$"), "{}", problem)).toEqual({ kind: "refused", reason: problem });
  expect(extract(regEx("x"), "head", problem)).toEqual({ kind: "refused", reason: problem });
  expect(extract(regEx("ea"), "head", problem)).toEqual({ kind: "found", text: "ea" });
});

test("a hostile expression is not searched further than its cost allows", () => {
  const text = `c!${"ab".repeat(500_000)}`;

  const extraction = extract(regEx("(?:.*a){80}(.*)c$"), text);

  expect(extraction.kind).toBe("refused");
  // Work is instructions times characters: what was searched is the bound by the pattern's size, not the text.
  const searched = Number(/first (\d+) characters/.exec(JSON.stringify(extraction))?.[1]);
  expect(searched).toBeGreaterThan(1000);
  expect(searched).toBeLessThan(text.length / 5);
});
