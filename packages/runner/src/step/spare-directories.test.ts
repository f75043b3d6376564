import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "@courier/core";
import { expect, onTestFinished, test } from "vitest";
import { silentLogger } from "../logger.ts";
import { SpareDirectories } from "./spare-directories.ts";

interface Place {
  readonly spares: SpareDirectories;
  readonly directory: string;
  readonly path: (name: string) => string;
  readonly timeIsOver: () => void;
}

/** A clock of which all timers are over when the test says so. */
function setup(): Place {
  const directory = mkdtempSync(join(tmpdir(), "courier-spare-"));
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
  const own = join(directory, "spare");
  return {
    spares: new SpareDirectories({ directory: own, count: 1, clock, logger: silentLogger }),
    directory: own,
    path: (name) => join(directory, name),
    timeIsOver: () => {
      for (const callback of timers) callback();
    },
  };
}

test("gives one away and makes another when there is time", async () => {
  const { spares, path, timeIsOver } = setup();
  await spares.start();

  const taken = [spares.take(path("1")), spares.take(path("2"))];
  timeIsOver();
  taken.push(spares.take(path("3")));

  expect(taken).toEqual([true, false, true]);
  expect(readdirSync(path("3")).sort()).toEqual(["artifacts", "script", "stderr", "stdout"]);
});

test("takes nothing that an earlier agent has left", async () => {
  const { spares, directory, path } = setup();
  mkdirSync(join(directory, "1"), { recursive: true });
  writeFileSync(join(directory, "1", "state"), "pid 1 boot 1\n");
  await spares.start();

  spares.take(path("1"));

  expect(existsSync(join(path("1"), "state"))).toBe(false);
});

test("leaves alone what is there already", async () => {
  const { spares, path } = setup();
  await spares.start();
  mkdirSync(path("1"));
  writeFileSync(join(path("1"), "state"), "");

  expect(spares.take(path("1"))).toBe(false);
  expect(readdirSync(path("1"))).toEqual(["state"]);
});
