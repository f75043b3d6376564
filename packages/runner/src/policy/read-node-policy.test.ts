import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readNodePolicy } from "./read-node-policy.ts";

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "courier-policy-"));
  file = join(directory, "policy.json");
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

test("reads what there is, and anchors commands at both ends", () => {
  writeFileSync(file, '{"users": ["deploy"], "commands": ["uptime|df -h"]}');

  const policy = readNodePolicy(file);

  expect(Object.keys(policy)).toEqual(["users", "commands"]);
  const [regex] = policy.commands ?? [];
  const allowed = ["uptime", "df -h", "uptime; rm -rf /", "sudo df -h", "df -h\nreboot"];
  expect(allowed.map((line) => regex?.isFoundIn(line))).toEqual([true, true, false, false, false]);
});

test.each([
  ["{", "cannot be read as JSON"],
  ["[]", "is not a JSON object"],
  ['{"user": []}', 'unknown key "user"; there are interpreters, users, directories, commands'],
  ['{"users": "root"}', '"users" must be a list of texts'],
  ['{"users": [""]}', '"users" must be a list of texts'],
  ['{"directories": ["srv"]}', '"directories": "srv" is not absolute'],
  ['{"commands": ["("]}', '"commands": "(": '],
])("refuses %s", (text, problem) => {
  writeFileSync(file, text);

  expect(() => readNodePolicy(file)).toThrow(problem);
});
