import { expect, test } from "vitest";
import { templateLengthMax } from "../limits.ts";
import type { TemplateFormat } from "./parsed-template.ts";
import { parseTemplate } from "./parse-template.ts";
import { locate } from "./position.ts";

async function placesOf(
  text: string,
  format: TemplateFormat,
): Promise<(pointer: string) => unknown> {
  const result = await parseTemplate(text, format);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  const index = await result.value.loadPositions();
  return (pointer) => {
    const key = locate(index, pointer, "key");
    const value = locate(index, pointer, "value");
    return [key.line, key.column, value.line, value.column];
  };
}

async function dataOf(text: string, format: TemplateFormat): Promise<unknown> {
  const result = await parseTemplate(text, format);
  return result.ok ? result.value.data : result.problems;
}

test("knows keys, values and list entries in JSON", async () => {
  const placeOf = await placesOf('{\n  "a": {"b/c": [10,\n   20]}\n}', "json");

  expect(placeOf("")).toEqual([1, 1, 1, 1]);
  expect(placeOf("/a")).toEqual([2, 3, 2, 8]);
  expect(placeOf("/a/b~1c")).toEqual([2, 9, 2, 16]);
  expect(placeOf("/a/b~1c/1")).toEqual([3, 4, 3, 4]);
});

test("knows keys, values and list entries in YAML", async () => {
  const placeOf = await placesOf("a:\n  b/c:\n    - 10\n    - 20\nd: x\n", "yaml");

  expect(placeOf("/a")).toEqual([1, 1, 2, 3]);
  expect(placeOf("/a/b~1c")).toEqual([2, 3, 3, 5]);
  expect(placeOf("/a/b~1c/1")).toEqual([4, 7, 4, 7]);
  expect(placeOf("/d")).toEqual([5, 1, 5, 4]);
});

test("knows what came through an alias and a merge key in YAML", async () => {
  const placeOf = await placesOf("base: &b { x: 1 }\nc: *b\nd:\n  <<: *b\n  y: 2\n", "yaml");

  expect(placeOf("/c/x")).toEqual([1, 12, 1, 15]);
  expect(placeOf("/d/x")).toEqual([1, 12, 1, 15]);
  expect(placeOf("/d/y")).toEqual([5, 3, 5, 6]);
  expect(await dataOf("base: &b { x: 1 }\nd:\n  <<: *b\n  y: 2\n", "yaml")).toEqual({
    base: { x: 1 },
    d: { x: 1, y: 2 },
  });
});

test("knows tables, lists of tables, dotted keys and inline tables in TOML", async () => {
  const text =
    'n = "x"\n[t]\nu.v = 1\n[[t.g]]\ni = { k = 5 }\n[[t.g]]\nl = [\n  7,\n]\n[t.g.sub]\nq = 1\n';
  const placeOf = await placesOf(text, "toml");

  expect(placeOf("/n")).toEqual([1, 1, 1, 5]);
  expect(placeOf("/t")).toEqual([2, 1, 2, 1]);
  expect(placeOf("/t/u")).toEqual([3, 1, 3, 1]);
  expect(placeOf("/t/u/v")).toEqual([3, 1, 3, 7]);
  expect(placeOf("/t/g/0")).toEqual([4, 1, 4, 1]);
  expect(placeOf("/t/g/0/i/k")).toEqual([5, 7, 5, 11]);
  expect(placeOf("/t/g/1/l/0")).toEqual([8, 3, 8, 3]);
  expect(placeOf("/t/g/1/sub/q")).toEqual([11, 1, 11, 5]);
});

test("shows what has no place of its own at what contains it", async () => {
  const placeOf = await placesOf('{\n  "a": {}\n}', "json");

  expect(placeOf("/a/missing/more")).toEqual([2, 3, 2, 3]);
});

test("skips a byte order mark", async () => {
  expect(await dataOf('\uFEFF{"a": 1}', "json")).toEqual({ a: 1 });
});

test.each([
  ["json", '{"a": 1, // no\n"b": 2}'],
  ["json", '{"a": 1,}'],
  ["json", '{"a": "tab\there"}'],
  ["json", '{"a": 01}'],
  ["json", '{"a": 1} {}'],
  ["yaml", "a: 1\n---\nb: 2\n"],
  ["yaml", "a: !!js/function x\n"],
  ["yaml", "a: *nowhere\n"],
  ["yaml", "? [a, b]\n: 1\n"],
  ["toml", "a = 1\na = 2\n"],
  ["toml", "a = \n"],
] as const)("refuses as %s: %j", async (format, text) => {
  const result = await parseTemplate(text, format);

  expect(result.ok).toBe(false);
});

test("refuses an alias bomb", async () => {
  const levels = Array.from({ length: 9 }, (_, level) =>
    level === 0
      ? "l0: &l0 [x, x, x, x, x, x, x, x, x]"
      : `l${level}: &l${level} [${`*l${level - 1}, `.repeat(8)}*l${level - 1}]`,
  );

  expect(await dataOf(levels.join("\n"), "yaml")).toMatchObject([
    { message: expect.stringContaining("aliases") },
  ]);
});

test.each(["json", "yaml", "toml"] as const)(
  "survives %s that nests a hundred thousand levels",
  async (format) => {
    const text = `${format === "toml" ? "a = " : ""}${"[".repeat(100_000)}`;

    const result = await parseTemplate(text, format);

    expect(result.ok).toBe(false);
  },
);

test("refuses a text beyond the limit and a text with NUL characters", async () => {
  const tooLong = " ".repeat(templateLengthMax + 1);

  expect(await dataOf(tooLong, "yaml")).toMatchObject([
    { line: 1, column: 1, message: expect.stringContaining("at most 1048576") },
  ]);
  expect(await dataOf("a: 1\nb: \0\n", "yaml")).toMatchObject([
    { line: 2, column: 4, message: expect.stringContaining("NUL") },
  ]);
});

test("reads YAML with as many keys as fit", async () => {
  const keys = Array.from({ length: 50_000 }, (_, index) => `key${index}: 1`);

  const result = await parseTemplate(keys.join("\n"), "yaml");

  expect(result.ok).toBe(true);
});

test("lists duplicate keys in the order of the file", async () => {
  expect(await dataOf("a: 1\nb:\n  c: 1\n  c: 2\na: 3\n", "yaml")).toMatchObject([
    { line: 4, message: 'duplicate key "c"' },
    { line: 5, message: 'duplicate key "a"' },
  ]);
});
