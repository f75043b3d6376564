import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "@courier/core";
import { expect, onTestFinished, test } from "vitest";
import { endedDirectoriesMax, endedOutputBytesMax } from "../limits.ts";
import { silentLogger } from "../logger.ts";
import { EndedDirectories } from "./ended-directories.ts";
import { maskedDirectory } from "./run-directory.ts";

/** A clock of which all timers are over when the test says so. */
function setup(): {
  readonly ended: EndedDirectories;
  readonly add: (name: string, output?: string) => string;
  readonly left: () => number;
  readonly timeIsOver: () => void;
} {
  const directory = mkdtempSync(join(tmpdir(), "courier-ended-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const timers = new Set<() => void>();
  const clock: Clock = {
    now: () => 0,
    monotonicMs: () => 0,
    setTimer: (_delayMs, callback) => {
      timers.add(callback);
      return { cancel: () => void timers.delete(callback) };
    },
  };
  const ended = new EndedDirectories({ clock, logger: silentLogger });
  return {
    ended,
    add: (name, output = "") => {
      const path = join(directory, name);
      mkdirSync(path, { recursive: true });
      writeFileSync(join(path, "stdout"), output);
      ended.add(path);
      return path;
    },
    left: () => readdirSync(directory).length,
    timeIsOver: () => {
      for (const callback of timers) callback();
    },
  };
}

/** A directory is removed in the background; the limit is the test's own. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise(setImmediate);
}

test("keeps directories until nothing has ended for a while", async () => {
  const { add, left, timeIsOver } = setup();
  add("1");
  add("2");
  const before = left();

  timeIsOver();

  expect(before).toBe(2);
  await until(() => left() === 0);
});

test("removes one with much output at once", async () => {
  const { add, left } = setup();
  add("small");

  const large = add("large", "x".repeat(endedOutputBytesMax + 1));

  await until(() => !existsSync(large));
  expect(left()).toBe(1);
});

test("removes one of a step with secrets at once", async () => {
  const { add, left } = setup();
  add("plain");

  mkdirSync(maskedDirectory(add("secret")));
  const secret = add("secret");

  // What was masked lies beside it.
  await until(() => left() === 1);
  expect(existsSync(secret)).toBe(false);
});

test("removes the oldest when there are too many", async () => {
  const { add, left } = setup();
  const oldest = add("oldest");

  for (let count = 1; count <= endedDirectoriesMax; count += 1) add(`${count}`);

  await until(() => !existsSync(oldest));
  expect(left()).toBe(endedDirectoriesMax);
});

test("removes nothing after it was stopped", async () => {
  const { ended, add, left, timeIsOver } = setup();
  add("1");

  await ended.stop();
  timeIsOver();

  expect(left()).toBe(1);
});
