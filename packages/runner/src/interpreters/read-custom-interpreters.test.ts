import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CourierError } from "@courier/core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readCustomInterpreters } from "./read-custom-interpreters.ts";

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "courier-custom-"));
  file = join(directory, "interpreters.json");
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

test("starts relative paths at the file's directory", () => {
  writeFileSync(
    file,
    '{"interpreters": {"a/b": {"path": "run", "version": "1.0"}, "c": {"path": "/c", "version": "2"}}}',
  );

  expect(readCustomInterpreters(file)).toEqual([
    { name: "a/b", path: join(directory, "run"), version: "1.0" },
    { name: "c", path: "/c", version: "2" },
  ]);
});

test.each([
  ["{", "cannot be read as JSON"],
  ["[]", 'has no object "interpreters"'],
  ['{"interpreters": []}', 'has no object "interpreters"'],
  ['{"interpreters": {"a/b": {"version": "1"}}}', '"interpreters"."a/b" needs "path", a text'],
  ['{"interpreters": {"a/b": {"path": "x"}}}', '"interpreters"."a/b" needs "version", a text'],
  ['{"interpreters": {"a b": {"path": "x", "version": "1"}}}', "give a name such as"],
  [
    '{"interpreters": {"chef-platform/shell-interpreter": {"path": "x", "version": "1"}}}',
    "this name belongs to a built-in interpreter",
  ],
])("refuses %s", (text, message) => {
  writeFileSync(file, text);

  const read = (): unknown => readCustomInterpreters(file);

  expect(read).toThrow(CourierError);
  expect(read).toThrow(message);
});

test("names the file that is not there", () => {
  expect(() => readCustomInterpreters(file)).toThrow(`interpreters file ${file} cannot be read`);
});
