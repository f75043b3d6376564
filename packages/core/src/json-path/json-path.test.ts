import { expect, test } from "vitest";
import { parseJsonPath } from "./parse-json-path.ts";
import { selectFirst, type Selection } from "./select-first.ts";

const report: unknown = {
  version: "5.22",
  "odd name": 1,
  profiles: [
    {
      title: "cis",
      controls: [
        { id: "c-1", status: "passed", impact: 0.5, tags: ["a"] },
        { id: "c-2", status: "failed", impact: 0.7, tags: [] },
        { id: "c-3", status: "failed", impact: 1, waived: null },
      ],
    },
  ],
  count: 3,
  limit: 0.7,
};

function select(expression: string, document: unknown = report): Selection {
  const parsed = parseJsonPath(expression);
  if (!parsed.ok) throw new Error(parsed.reason);
  return selectFirst(parsed.path, document);
}

test.each<[string, unknown]>([
  ["$", report],
  ["$.version", "5.22"],
  ["$['odd name']", 1],
  ['$["version"]', "5.22"],
  ["$.profiles[0].title", "cis"],
  ["$.profiles[-1].controls[-1].id", "c-3"],
  ["$.profiles[*].controls[1].id", "c-2"],
  ["$.profiles.*.title", "cis"],
  ["$..id", "c-1"],
  ["$..controls[1:].id", "c-2"],
  ["$..controls[::-1].id", "c-3"],
  ["$..controls[5,1].id", "c-2"],
  ["$..controls[?(@.status=='failed')].id", "c-2"],
  ["$..controls[?@.status == 'failed' && @.impact > 0.7].id", "c-3"],
  ["$..controls[?!(@.status == 'passed')].id", "c-2"],
  ["$..controls[?(@.impact >= $.limit || @.id == 'c-9')].id", "c-2"],
  ["$..controls[?@.waived].id", "c-3"],
  ["$..controls[?@.waived == null].id", "c-3"],
  ["$..controls[?@.tags[0]].id", "c-1"],
  ["$..controls[?@.id != 'c-1'].impact", 0.7],
  ["$..controls[?length(@.tags) == 0].id", "c-2"],
  ["$..controls[?match(@.id, 'c-[3-9]')].id", "c-3"],
  ["$.profiles[?count(@.controls[?@.status == 'failed']) == 2].title", "cis"],
])("%s selects %j", (expression, expected) => {
  expect(select(expression)).toMatchObject({ kind: "found", value: expected });
});

test.each([
  "$.nothing",
  "$.profiles[7]",
  "$.version[0]",
  "$..controls[?@.x < 1]",
  "$.toString",
  "$.profiles.length",
])("%s selects nothing", (expression) => {
  expect(select(expression)).toEqual({ kind: "nothing" });
});

test.each([
  ["version", 'a path begins with "$" at character 1: "version"'],
  ["$.", 'expected a name or "*" at character 3: its end'],
  ["$[", "expected a name in quotes, a number, a slice, * or ? at character 3: its end"],
  ["$['a]", 'a text in quotes does not end at character 3: "\'a]"'],
  ["$.a b", 'cannot read at character 4: " b"'],
  ["$[?'a']", 'a filter compares something at character 7: "]"'],
  [
    `$[?${"(".repeat(50)}`,
    `filters nest at most 20 deep at character 24: ${JSON.stringify("(".repeat(20))}`,
  ],
])("%s is refused: %s", (expression, reason) => {
  expect(parseJsonPath(expression)).toEqual({ ok: false, reason });
});

test("a document may be deeper than the call stack", () => {
  let deep: unknown = { end: 1 };
  for (let level = 0; level < 50_000; level += 1) deep = [deep];

  expect(select("$..end", deep)).toMatchObject({ kind: "found", value: 1 });
});

test("a list may be longer than a call has arguments", () => {
  const long = Array.from({ length: 300_000 }, () => 0);

  expect(select("$..end", { long, last: { end: 1 } })).toMatchObject({ kind: "found", value: 1 });
});
