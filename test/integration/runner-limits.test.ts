import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Assignment, RunResult } from "@courier/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { assignment, setup, shell, type RunnerFixture } from "./runner-fixture.ts";

let fixture: RunnerFixture;

beforeEach(async () => {
  fixture = await setup();
});

afterEach(async () => {
  await fixture.dispose();
});

/** A directory with the files of a delegated cgroup: the kernel of the machine that tests run on may have none to give. */
function standIn(controllers: string): string {
  const directory = join(fixture.directory, "cgroup");
  mkdirSync(directory);
  writeFileSync(join(directory, "cgroup.controllers"), controllers);
  writeFileSync(join(directory, "cgroup.subtree_control"), "");
  return directory;
}

async function execute(cgroupDirectory: string, run: Assignment): Promise<RunResult> {
  await fixture.agent({ cgroupDirectory });
  fixture.server.assign(run);
  return await fixture.server.result(run.runId);
}

const limited = { limits: { cores: 0, cpu: 0.01, timeoutSeconds: 0 } };

test("a step with limits is in its cgroup before it begins", async () => {
  const directory = standIn("cpu memory");
  const seen = `cat ${directory}/courier-step-*/cpu.max ${directory}/courier-step-*/cgroup.procs`;
  // The parent of the script is the wrapper, which everything of the step descends from.
  const run = assignment([shell(`${seen}; echo " $PPID"`, limited)]);

  const result = await execute(directory, run);

  expect(result.steps[0]).toMatchObject({ status: "success", reason: "" });
  const [, quota, pid, wrapper] = /^(\d+) 100000(\d+) (\d+)\n$/.exec(
    fixture.server.text(run.runId),
  ) ?? ["", "", "", ""];
  expect(Number(quota)).toBeGreaterThanOrEqual(1000);
  expect(pid).toBe(wrapper);
});

test("where no quota can be set the step runs, and its reason says so", async () => {
  const directory = standIn("memory");
  const run = assignment([shell("echo ran", limited), shell("echo free")]);

  const result = await execute(directory, run);

  expect(fixture.server.text(run.runId)).toBe("ran\n");
  expect(result.status).toBe("success");
  expect(result.steps.map(({ status, reason }) => [status, reason])).toEqual([
    [
      "success",
      `its limits "cpu" and "cores" are not in force: cgroup ${directory} has no cpu controller`,
    ],
    ["success", ""],
  ]);
});

/** Ends when the kernel has held it back, where it has a quota. */
const untilThrottled = [
  `mount=$(awk '/ - cgroup2 / { print $5; exit }' /proc/self/mountinfo)`,
  `group=$mount$(sed -n 's/^0:://p' /proc/self/cgroup)`,
  `case $group in */courier-step-*) cat "$group/cpu.max" ;; *) exit 0 ;; esac`,
  `until grep -q "^nr_throttled [1-9]" "$group/cpu.stat"; do :; done`,
].join("\n");

test("the kernel gives a step no more than its quota", async ({ skip }) => {
  const { server } = fixture;
  await fixture.agent();
  const run = assignment([
    shell(untilThrottled, { limits: { cores: 1, cpu: 0.05, timeoutSeconds: 60 } }),
  ]);

  server.assign(run);
  const [step] = (await server.result(run.runId)).steps;
  if (step?.status === "success" && step.reason !== "") skip(step.reason);

  expect(step).toMatchObject({ status: "success", reason: "" });
  expect(server.text(run.runId)).toBe("5000 100000\n");
});

test("a limited step still begins once at most when its agent is killed", async () => {
  const { server, witness } = fixture;
  const first = fixture.runner();
  await first.ready;
  const gate = join(fixture.directory, "gate");
  const run = assignment([
    shell(`echo began >> ${witness}\nmkfifo ${gate}\necho here\nread line < ${gate}`, limited),
  ]);
  server.assign(run);
  await server.waitFor((message) => message.type === "output" && message.runId === run.runId);

  await first.kill("SIGKILL");
  const second = fixture.runner();
  await second.ready;
  writeFileSync(gate, "go\n");
  const result = await server.result(run.runId);

  expect(result.status).toBe("success");
  expect(fixture.readWitness()).toBe("began\n");
  expect(existsSync(gate) && readFileSync(witness, "utf8")).toBe("began\n");
});
