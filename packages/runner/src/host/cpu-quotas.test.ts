import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CpuQuotas } from "./cpu-quotas.ts";
import { mountPoint } from "./own-cgroup.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "courier-cgroup-"));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

/** A directory with the files of a cgroup that was delegated. */
function delegate(controllers: string): void {
  writeFileSync(join(directory, "cgroup.controllers"), `${controllers}\n`);
  writeFileSync(join(directory, "cgroup.subtree_control"), "\n");
}

test("gives each step a cgroup with its share of the processors, and admits processes to it", () => {
  delegate("cpuset cpu memory");
  const quotas = new CpuQuotas(directory);

  const quota = quotas.create("run.1", 1.5);
  const refusal = quota.kind === "ready" ? quota.admit(4711) : quota.reason;

  expect(refusal).toBeUndefined();
  expect(readFileSync(join(directory, "cgroup.subtree_control"), "utf8")).toBe("+cpu");
  expect(readFileSync(join(directory, "courier-step-run.1", "cpu.max"), "utf8")).toBe(
    "150000 100000",
  );
  expect(readFileSync(join(directory, "courier-step-run.1", "cgroup.procs"), "utf8")).toBe("4711");
});

test("asks for no less than the kernel takes", () => {
  delegate("cpu");

  new CpuQuotas(directory).create("x", 0.000_01);

  expect(readFileSync(join(directory, "courier-step-x", "cpu.max"), "utf8")).toBe("1000 100000");
});

test("removes the cgroups that an earlier agent left, and each one with its step", () => {
  delegate("cpu");
  mkdirSync(join(directory, "courier-step-old"));
  mkdirSync(join(directory, "other"));
  const quotas = new CpuQuotas(directory);

  expect(quotas.problem).toBeUndefined();
  expect(existsSync(join(directory, "courier-step-old"))).toBe(false);
  expect(existsSync(join(directory, "other"))).toBe(true);
  mkdirSync(join(directory, "courier-step-now"));
  quotas.remove("now");
  expect(existsSync(join(directory, "courier-step-now"))).toBe(false);
});

test("says why there can be no quota", () => {
  expect(new CpuQuotas(directory).problem).toContain("ENOENT");
  delegate("memory pids");
  expect(new CpuQuotas(directory).create("x", 1)).toEqual({
    kind: "refused",
    reason: `cgroup ${directory} has no cpu controller`,
  });
});

test("finds the mount among others", () => {
  const mountinfo = String.raw`25 1 0:22 / /sys rw - sysfs sysfs rw
31 25 0:27 / /sys/fs/cgroup/my\040dir rw,nosuid shared:9 - cgroup2 cgroup2 rw`;

  expect(mountPoint(mountinfo)).toBe("/sys/fs/cgroup/my dir");
  expect(mountPoint("25 1 0:22 / /sys rw - sysfs sysfs rw")).toBeUndefined();
});
