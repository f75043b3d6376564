import { describe, expect, test } from "vitest";
import { Evaluation } from "./evaluation.ts";
import type { JsonPath } from "./json-path.ts";
import { parseJsonPath } from "./parse-json-path.ts";

function parse(expression: string): JsonPath {
  const parsed = parseJsonPath(expression);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.path;
}

function selectAll(expression: string, document: unknown): readonly unknown[] {
  return [...new Evaluation(document).select(parse(expression))].map(({ value }) => value);
}

describe("the examples of RFC 9535 for", () => {
  // Section 2.3.5.3, table 11.
  test.each([
    ["$.absent1 == $.absent2", true],
    ["$.absent1 <= $.absent2", true],
    ["$.absent == 'g'", false],
    ["$.absent1 != $.absent2", false],
    ["$.absent != 'g'", true],
    ["1 <= 2", true],
    ["1 > 2", false],
    ["13 == '13'", false],
    ["'a' <= 'b'", true],
    ["'\uff5e' < '\u{1f600}'", true],
    ["'\u{1f600}' < '\uff5e'", false],
    ["'a\u{1f600}' < 'a\u{1f601}'", true],
    ["'a' < 'ab'", true],
    ["'ab' < 'a'", false],
    ["'a' < 'a'", false],
    ["'a' > 'b'", false],
    ["$.obj == $.arr", false],
    ["$.obj != $.arr", true],
    ["$.obj == $.obj", true],
    ["$.obj != $.obj", false],
    ["$.arr == $.arr", true],
    ["$.arr != $.arr", false],
    ["$.obj == 17", false],
    ["$.obj != 17", true],
    ["$.obj <= $.arr", false],
    ["$.obj < $.arr", false],
    ["$.obj <= $.obj", true],
    ["$.arr <= $.arr", true],
    ["1 <= $.arr", false],
    ["1 >= $.arr", false],
    ["1 > $.arr", false],
    ["1 < $.arr", false],
    ["true <= true", true],
    ["true > true", false],
  ])("comparisons: %s is %s", (comparison, expected) => {
    const document = { obj: { x: "y" }, arr: [2, 3] };

    expect(selectAll(`$[?${comparison}]`, document)).toHaveLength(expected ? 2 : 0);
  });

  // Section 2.3.5.3, table 12.
  const [j, k, kilo, list] = [{ b: "j" }, { b: "k" }, { b: "kilo" }, { b: {} }];
  const document = {
    a: [3, 5, 1, 2, 4, 6, j, k, list, kilo],
    o: { p: 1, q: 2, r: 3, s: 5, t: { u: 6 } },
    e: "f",
  };
  test.each<[string, readonly unknown[]]>([
    ["$.a[?@.b == 'kilo']", [kilo]],
    ["$.a[?(@.b == 'kilo')]", [kilo]],
    ["$.a[?@>3.5]", [5, 4, 6]],
    ["$.a[?@.b]", [j, k, list, kilo]],
    ["$[?@.*]", [document.a, document.o]],
    ["$[?@[?@.b]]", [document.a]],
    ["$.o[?@<3, ?@<3]", [1, 2, 1, 2]],
    ['$.a[?@<2 || @.b == "k"]', [1, k]],
    ['$.a[?match(@.b, "[jk]")]', [j, k]],
    ['$.a[?search(@.b, "[jk]")]', [j, k, kilo]],
    ["$.o[?@>1 && @<4]", [2, 3]],
    ["$.o[?@.u || @.x]", [{ u: 6 }]],
    ["$.a[?@.b == $.x]", [3, 5, 1, 2, 4, 6]],
    ["$.a[?@ == @]", document.a],
  ])("filters: %s selects %j", (expression, expected) => {
    expect(selectAll(expression, document)).toEqual(expected);
  });

  // Sections 2.4.4 to 2.4.8, with documents of ours.
  const rob = { author: "Robert", authors: ["R", "B"], date: "1974-05-12" };
  const bob = { author: "Bob", authors: [], date: "1974-05-123" };
  const red = { rgb: { color: "red" } };
  const twoReds = { rgb: { color: "red" }, other: { color: "red" } };
  test.each<[string, readonly unknown[]]>([
    ["$[?length(@.authors) >= 2]", [rob]],
    ["$[?count(@.*.color) >= 2]", [twoReds]],
    ['$[?match(@.date, "1974-05-..")]', [rob]],
    ['$[?search(@.author, "[BR]ob")]', [rob, bob]],
    ['$[?value(@..color) == "red"]', [red]],
  ])("functions: %s selects %j", (expression, expected) => {
    expect(selectAll(expression, [rob, bob, red, twoReds])).toEqual(expected);
  });
});

const clef = "\u{1D11E}";

test.each<[string, unknown, boolean]>([
  ["length(@) == 3", ["a☺", `a${clef}`].join(""), false],
  ["length(@) == 4", `a☺a${clef}`, true],
  ["length(@) == 0", "", true],
  ["length(@) == 2", { a: 1, b: [1, 2, 3] }, true],
  ["length(@) == length(@.absent)", 17, true],
  ["length(@) == length(@.absent)", null, true],
  ["length(@) == null", true, false],
  ["count(@..*) == 4", [[1], { a: 1 }], true],
  ["count(@['a','a']) == 2", { a: 1 }, true],
  ["count(@.absent) == 0", 1, true],
  ["value(@.*) == @.absent", [1, 1], true],
  ["value(@.*) == 1", [1], true],
  ["value(@.*) == null", [null], true],
  ["value(@.*) == @.absent", [], true],
  ["length(value(@..a)) == 2", { x: { a: "ab" } }, true],
  ["match(@, '.')", clef, true],
  ["match(@, '.')", "\u2028", true],
  ["match(@, '.')", "\r", false],
  ["search(@, 'a.c')", "a\nc", false],
  ["match(@, 'a|ab')", "ab", true],
  ["match(@, 'b')", "ab", false],
  ["search(@, '^b|c$')", "abc", true],
  ["search(@, '^b|a$')", "abc", false],
  [String.raw`match(@, '\\p{Lu}\\.\\P{Lu}')`, "Ж.ж", true],
  ["match(@, '[.]c')", "ac", false],
  ["match(@, 1)", "1", false],
  ["!match(@, @)", 1, true],
  ["match('ab', @.pattern)", { pattern: "[ab]+" }, true],
  ["match('ab', @.pattern)", { pattern: "[ab" }, false],
  [String.raw`search('a1', @.pattern)`, { pattern: String.raw`\d` }, false],
  [String.raw`@ == '\u263a\n\'\\'`, "☺\n'\\", true],
  ["@.a == @.b", { a: [1, { x: null }], b: [1, { x: null }] }, true],
  ["@.a == @.b", { a: { x: 1, y: 2 }, b: { y: 2, x: 1 } }, true],
  ["@.a == @.b", { a: [1, { x: null }], b: [1, { y: null }] }, false],
  ["@.a == @.b", JSON.parse('{"a":{"__proto__":{}},"b":{"c":{}}}'), false],
  ["@.a == @.b", { a: ["x"], b: { 0: "x" } }, false],
  ["@.a == @.b", { a: [], b: [undefined].slice(1) }, true],
])("%s of %j is %s", (filter, element, expected) => {
  expect(selectAll(`$[?${filter}]`, [element])).toEqual(expected ? [element] : []);
});
