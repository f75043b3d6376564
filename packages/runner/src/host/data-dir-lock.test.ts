import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lockDataDir } from "./data-dir-lock.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "lock-"));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

test("belongs to one owner at a time", async () => {
  const first = await lockDataDir(directory, "boot");
  const second = await lockDataDir(directory, "boot");
  if (first.ok) first.lock.release();
  const third = await lockDataDir(directory, "boot");

  expect(first.ok).toBe(true);
  expect(second).toEqual({
    ok: false,
    reason: expect.stringContaining(`another courier-runner (pid ${process.pid})`),
  });
  expect(third.ok).toBe(true);
});

test.each([
  ["whose process is gone", { pid: 2 ** 22 + 1, startTime: "1", bootId: "boot" }],
  [
    "whose pid belongs to another process now",
    { pid: process.pid, startTime: "1", bootId: "boot" },
  ],
  ["from before a reboot", { pid: process.pid, startTime: "1", bootId: "earlier" }],
])("takes over a lock %s", async (_name, owner) => {
  writeFileSync(join(directory, "lock"), JSON.stringify(owner));

  const result = await lockDataDir(directory, "boot");

  expect(result.ok).toBe(true);
  expect(readdirSync(directory)).toEqual(["lock"]);
});

test("takes over a lock that a power cut left empty", async () => {
  writeFileSync(join(directory, "lock"), "");

  expect((await lockDataDir(directory, "boot")).ok).toBe(true);
});

test("takes over a lock although another agent died while it did so", async () => {
  const dead = JSON.stringify({ pid: 2 ** 22 + 1, startTime: "1", bootId: "boot" });
  writeFileSync(join(directory, "lock"), dead);
  writeFileSync(join(directory, "lock.takeover"), dead);

  const first = await lockDataDir(directory, "boot");
  const second = await lockDataDir(directory, "boot");

  expect([first.ok, second.ok]).toEqual([true, false]);
  expect(readdirSync(directory)).toEqual(["lock"]);
});

test.each([
  ["that a power cut left empty", ""],
  ["whose owner is dead", JSON.stringify({ pid: 2 ** 22 + 1, startTime: "1", bootId: "boot" })],
])("of many at once exactly one gets a lock %s", async (_name, text) => {
  writeFileSync(join(directory, "lock"), text);

  const results = await Promise.all(
    Array.from({ length: 20 }, async () => await lockDataDir(directory, "boot")),
  );

  expect(results.filter((result) => result.ok)).toHaveLength(1);
});
