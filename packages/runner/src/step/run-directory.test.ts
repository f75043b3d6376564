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

const wrapper = { pid: 12, bootId: "boot", startTime: "345", isReady: false };
const ready = { ...wrapper, isReady: true };
const step = { pid: 13, startTime: "346" };

function running(begun: typeof step | undefined): object {
  return { kind: "running", wrapper: ready, step: begun, timedOut: false };
}

test.each([
  ["", { kind: "opening" }],
  ["pid 12 bo", { kind: "opening" }],
  ["\0\0\0\0\n", { kind: "opening" }],
  ["pid 12 boot 345\n", { kind: "running", wrapper, step: undefined, timedOut: false }],
  ["pid 12 boot 345\nexit 1", { kind: "running", wrapper, step: undefined, timedOut: false }],
  ["pid 12 boot 345\nexit \n", { kind: "running", wrapper, step: undefined, timedOut: false }],
  ["pid 12 boot 345\nexit 0\n", { kind: "exited", wrapper, exitCode: 0, timedOut: false }],
  [
    "pid 12 boot 345\ntimeout\nexit 143\n",
    { kind: "exited", wrapper, exitCode: 143, timedOut: true },
  ],
  ["ready 12 boot 345\nstep 13 3", running(undefined)],
  ["ready 12 boot 345\nstep 13 346\n", running(step)],
  [
    "ready 12 boot 345\nstep 13 346\nexit 0\n",
    { kind: "exited", wrapper: ready, exitCode: 0, timedOut: false },
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
