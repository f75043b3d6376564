import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { abandonAttempt, readAttemptState } from "./run-directory.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "run-directory-"));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

const wrapper = { pid: 12, bootId: "boot", startTime: "345" };

test.each([
  ["", { kind: "opening" }],
  ["pid 12 bo", { kind: "opening" }],
  ["\0\0\0\0\n", { kind: "opening" }],
  ["pid 12 boot 345\n", { kind: "running", wrapper, timedOut: false }],
  ["pid 12 boot 345\nexit 1", { kind: "running", wrapper, timedOut: false }],
  ["pid 12 boot 345\nexit \n", { kind: "running", wrapper, timedOut: false }],
  ["pid 12 boot 345\nexit 0\n", { kind: "exited", wrapper, exitCode: 0, timedOut: false }],
  [
    "pid 12 boot 345\ntimeout\nexit 143\n",
    { kind: "exited", wrapper, exitCode: 143, timedOut: true },
  ],
  ["abandoned\n", { kind: "abandoned" }],
])("reads the state file %j", (text, expected) => {
  writeFileSync(join(directory, "state"), text);

  expect(readAttemptState(directory)).toEqual(expected);
});

test("an attempt without a state file can be claimed once", () => {
  expect(readAttemptState(directory)).toEqual({ kind: "absent" });
  expect(abandonAttempt(directory)).toBe(true);
  expect(abandonAttempt(directory)).toBe(false);
});

test("an attempt whose wrapper has begun cannot be claimed", () => {
  writeFileSync(join(directory, "state"), "");

  expect(abandonAttempt(directory)).toBe(false);
});
