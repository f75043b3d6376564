import { expect, test } from "vitest";
import { parseJsonPath } from "./parse-json-path.ts";

/** The reason for which a path is refused; empty when it is not. */
function problem(expression: string): string {
  const parsed = parseJsonPath(expression);
  return parsed.ok ? "" : parsed.reason;
}

// Table 15 of RFC 9535, but for the functions that it makes up.
test.each([
  ["$[?length(@) < 3]", ""],
  [
    "$[?length(@.*) < 3]",
    'expected a path to one value; value() or count() takes one to several at character 11: "@.*) < 3]"',
  ],
  ["$[?count(@.*) == 1]", ""],
  ["$[?count(1) == 1]", 'count() expects a path, @ or $ at character 10: "1) == 1]"'],
  ["$[?match(@.timezone, 'Europe/.*')]", ""],
  [
    "$[?match(@.timezone, 'Europe/.*') == true]",
    'match() holds or not, and is not compared at character 35: "== true]"',
  ],
  ['$[?value(@..color) == "red"]', ""],
  [
    "$[?value(@..color)]",
    'value() gives a value, expected ==, !=, <, <=, > or >= at character 19: "]"',
  ],
])("the type of %s is judged as the RFC does: %j", (expression, reason) => {
  expect(problem(expression)).toBe(reason);
});

test.each([
  ["$[?length(@)]", 'length() gives a value, expected ==, !=, <, <=, > or >= at character 13: "]"'],
  [
    "$[?!count(@.*)]",
    'count() gives a value, expected ==, !=, <, <=, > or >= at character 15: "]"',
  ],
  [
    "$[?1 == search(@, 'a')]",
    "expected a value, and search() gives none at character 9: \"search(@, 'a')]\"",
  ],
  [
    "$[?length(match(@, 'a')) > 1]",
    "expected a value, and match() gives none at character 11: \"match(@, 'a')) > 1]\"",
  ],
  ["$[?length(@.a == @.b) > 1]", 'expected ")" at character 15: "== @.b) > 1]"'],
  [
    "$[?@..a == 1]",
    'expected a path to one value; value() or count() takes one to several at character 4: "@..a == 1]"',
  ],
  [
    "$[?1 == @['a','b']]",
    "expected a path to one value; value() or count() takes one to several at character 9: \"@['a','b']]\"",
  ],
  [
    "$[?length() > 1]",
    'expected @, $, a function, a text in quotes, a number, true, false or null at character 11: ") > 1]"',
  ],
  ["$[?length(@, @) > 1]", 'expected ")" at character 12: ", @) > 1]"'],
  ["$[?match(@.a)]", 'expected "," at character 13: ")]"'],
  [
    "$[?lenght(@) > 1]",
    'there is no function lenght(), did you mean length()? at character 4: "lenght(@) > 1]"',
  ],
  ["$[?sum(@.*) > 1]", 'there is no function sum() at character 4: "sum(@.*) > 1]"'],
  [
    "$[?length (@) > 1]",
    'expected @, $, a function, a text in quotes, a number, true, false or null at character 4: "length (@) > 1]"',
  ],
  [
    "$.a.length()",
    'a function stands in a filter around what it is about, as in [?length(@.name) > 3] at character 11: "()"',
  ],
  [
    "$[?match(@, '[a')]",
    'expected an I-Regexp (RFC 9485): cannot read "[a" at character 13: "\'[a\')]"',
  ],
  [
    String.raw`$[?search(@, '\\d')]`,
    String.raw`expected an I-Regexp (RFC 9485): it has no \d, write [0-9] at character 14: "'\\\\d')]"`,
  ],
  [
    "$[?match(@, '[b-a]')]",
    "expected an I-Regexp (RFC 9485): error parsing regexp: invalid character class range: `b-a` at character 13: \"'[b-a]')]\"",
  ],
  [
    "$[?match(@, '((a{99}){99}){2}')]",
    "expected an I-Regexp (RFC 9485): it repeats too much at character 13: \"'((a{99}){99}){2}')]\"",
  ],
  [
    String.raw`$['\d']`,
    String.raw`a backslash is written \\, and there is no \d at character 3: "'\\d']"`,
  ],
  [
    String.raw`$['\ud800']`,
    String.raw`half of a surrogate pair is no character at character 3: "'\\ud800']"`,
  ],
  [
    `$[?${"length(".repeat(30)}`,
    `filters nest at most 20 deep at character 143: ${JSON.stringify("(length(length(lengt")}`,
  ],
])("%s is refused: %s", (expression, reason) => {
  expect(problem(expression)).toBe(reason);
});

test("what is no text is a pattern that matches nothing, not a mistake", () => {
  expect(problem("$[?match(@, 1)]")).toBe("");
});
