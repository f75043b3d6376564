import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SystemClock, type NodeAgent } from "@courier/runner";
import { restartInterpreterName, type Timer } from "@courier/core";
import type { Assignment, NodeMessage } from "@courier/protocol";
import type { CanonicalOutputFieldRule, CanonicalStep } from "@courier/schema";
import { afterEach, beforeEach, expect, test } from "vitest";
import { killAttempt, assignment, setup, shell, type RunnerFixture } from "./runner-fixture.ts";

let fixture: RunnerFixture;

beforeEach(async () => {
  fixture = await setup();
});

afterEach(async () => {
  await fixture.dispose();
});

/** A stand-in for the machine's `shutdown` that writes its arguments to the witness. */
function standIn(exitCode = 0): string {
  const path = join(fixture.directory, "shutdown");
  writeFileSync(path, `#!/bin/sh\necho "shutdown $*" >> ${fixture.witness}\nexit ${exitCode}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** An agent of one boot of the machine. */
async function boot(bootId: string, exitCode = 0): Promise<NodeAgent> {
  return await fixture.agent({ bootId, allowRestart: true, shutdownPath: standIn(exitCode) });
}

function restart(args?: { readonly time: number | string }): CanonicalStep {
  return {
    ...shell(""),
    interpreter: {
      name: restartInterpreterName,
      skill: { minVersion: "0.0.0", maxVersion: "2.0.0" },
    },
    command: { exec: "machine_reboot", ...(args === undefined ? {} : { args }) },
  };
}

function runOf(step: CanonicalStep): Assignment {
  const note = (text: string): string => `echo ${text} >> ${fixture.witness}`;
  return assignment([note("before"), step, note("after")]);
}

/** Half a minute passes at once on it. */
class HurriedClock extends SystemClock {
  readonly skipped: number[] = [];

  override setTimer(delayMs: number, callback: () => void): Timer {
    if (delayMs !== 30_000) return super.setTimer(delayMs, callback);
    this.skipped.push(delayMs);
    return super.setTimer(0, callback);
  }
}

function isStep(message: NodeMessage, runId: string, status: string): boolean {
  return message.type === "step" && message.runId === runId && message.step.status === status;
}

/** Resolves when the stand-in has been called. */
async function shutdownCalled(text = "shutdown"): Promise<void> {
  while (!fixture.readWitness().includes(text)) await new Promise(setImmediate);
}

test("reports a rebooting step as active and goes on with the next step after the boot", async () => {
  const { server } = fixture;
  const first = await boot("boot-1");
  const run = runOf(restart());
  const active = server.next((message) => isStep(message, run.runId, "active"));
  server.assign(run);
  expect(await active).toMatchObject({ step: { stepNumber: 2, attemptCount: 1 } });
  await shutdownCalled();

  await first.stop("the machine goes down");
  expect(fixture.readWitness()).toBe("before\nshutdown -r +1\n");
  await boot("boot-2");
  const result = await server.result(run.runId);

  expect(result.status).toBe("success");
  expect(result.steps.map((step) => [step.status, step.attemptCount])).toEqual([
    ["success", 1],
    ["success", 1],
    ["success", 1],
  ]);
  expect(fixture.readWitness()).toBe("before\nshutdown -r +1\nafter\n");
});

test("starts nothing more after the boot when a cancel waited for the node", async () => {
  const { server } = fixture;
  const first = await boot("boot-1");
  const run = runOf(restart());
  server.assign(run);
  await shutdownCalled();

  await first.stop("the machine goes down");
  const { runId, token } = run;
  server.orders.push({ type: "stop", runs: [{ runId, token, outcome: "canceled" }] });
  await boot("boot-2");

  expect((await server.result(runId)).status).toBe("canceled");
  expect(fixture.readWitness()).toBe("before\nshutdown -r +1\n");
});

test("goes on after the boot without a service that stays away for half a minute", async () => {
  const { server } = fixture;
  const first = await boot("boot-1");
  const run = runOf(restart());
  server.assign(run);
  await shutdownCalled();
  await first.stop("the machine goes down");
  await server.stop();

  const clock = new HurriedClock();
  const again = fixture.agent({ clock, bootId: "boot-2", shutdownPath: standIn() });
  await shutdownCalled("after");
  expect(clock.skipped).toEqual([30_000]);
  await server.start();
  await again;

  expect((await server.result(run.runId)).status).toBe("success");
  expect(fixture.readWitness()).toBe("before\nshutdown -r +1\nafter\n");
});

test("what was produced before a reboot is known after it, and masked", async () => {
  const { server } = fixture;
  const first = await boot("boot-1");
  const rule: CanonicalOutputFieldRule = {
    ...{ sourceType: "output", source: "stdout", extractMethod: "content", expression: "" },
    ...{ required: true, sensitive: true },
  };
  const make = shell("printf kept-value", { outputFieldRules: { A: rule } });
  const use = shell(`echo {{.A}} >> ${fixture.witness}\necho {{.A}}`);
  const run = assignment([make, restart(), use]);
  server.assign(run);
  await shutdownCalled();

  await first.stop("the machine goes down");
  await boot("boot-2");
  const result = await server.result(run.runId);

  expect(result.status).toBe("success");
  expect(fixture.readWitness()).toBe("shutdown -r +1\nkept-value\n");
  expect(server.text(run.runId, { stepNumber: 3 })).toBe("***\n");
});

test("does not take the restart of its agent for a boot, and asks once only", async () => {
  const { server } = fixture;
  const first = await boot("boot-1");
  const run = runOf(restart());
  server.assign(run);
  await shutdownCalled();
  await first.stop("upgrade");

  const again = server.next((message) => isStep(message, run.runId, "active"));
  const second = await boot("boot-1");
  await again;
  await second.stop("the machine goes down");
  await boot("boot-2");

  expect((await server.result(run.runId)).status).toBe("success");
  expect(fixture.readWitness()).toBe("before\nshutdown -r +1\nafter\n");
});

test("goes on after the boot when the machine went down before the command had ended", async () => {
  const { server, dataDir, witness } = fixture;
  const shutdownPath = standIn();
  writeFileSync(shutdownPath, `#!/bin/sh\necho "shutdown $*" >> ${witness}\nexec sleep 600\n`);
  const first = await fixture.agent({ bootId: "boot-1", allowRestart: true, shutdownPath });
  const run = runOf(restart({ time: "now" }));
  server.assign(run);
  await shutdownCalled();

  await first.stop("the machine goes down");
  const [launched] = fixture.runDirectories().filter((name) => name.includes(".2.1.1"));
  const state = readFileSync(join(dataDir, "runs", launched ?? "", "state"), "utf8");
  killAttempt(state);
  await boot("boot-2");
  const result = await server.result(run.runId);

  expect(result.status).toBe("success");
  expect(fixture.readWitness()).toBe("before\nshutdown -r now\nafter\n");
});

test.each([
  [{ time: "now" }, "shutdown -r now\n"],
  [{ time: 0 }, "shutdown -r now\n"],
  [{ time: 5 }, "shutdown -r +5\n"],
  [{ time: "7" }, "shutdown -r +7\n"],
])("asks for the reboot at the time that is given: %o", async (args, expected) => {
  const first = await boot("boot-1");
  fixture.server.assign(runOf(restart(args)));

  await shutdownCalled();
  await first.stop("the machine goes down");

  expect(fixture.readWitness()).toBe(`before\n${expected}`);
});

test("refuses to restart a node whose owner has not allowed it", async () => {
  const { server } = fixture;
  await fixture.agent({ shutdownPath: standIn() });
  const run = runOf(restart());

  server.assign(run);
  const result = await server.result(run.runId);

  expect(result).toMatchObject({
    status: "failure",
    reason:
      'step 2 "step": this node\'s policy refuses restarts: its courier-runner was started without --allow-restart',
  });
  expect(fixture.readWitness()).toBe("before\n");
});

test("fails when the machine refuses to reboot", async () => {
  const { server } = fixture;
  await boot("boot-1", 1);
  const run = runOf({ ...restart(), retryCount: 1 });

  server.assign(run);
  const result = await server.result(run.runId);

  expect(result.steps[1]).toMatchObject({
    status: "failure",
    attemptCount: 2,
    reason: "exit code 1",
  });
  expect(fixture.readWitness()).toBe("before\nshutdown -r +1\nshutdown -r +1\n");
});

test("takes the reboot back when the run is canceled before it", async () => {
  const { server } = fixture;
  await boot("boot-1");
  const run = runOf(restart({ time: 30 }));
  const active = server.next((message) => isStep(message, run.runId, "active"));
  server.assign(run);
  await active;
  await shutdownCalled();

  server.stopRun(run.runId);
  const result = await server.result(run.runId);
  await shutdownCalled("shutdown -c");

  expect(result.status).toBe("canceled");
  expect(result.steps.map((step) => step.status)).toEqual(["success", "canceled", "canceled"]);
});

test("fails when the node is still up long after it should have gone down", async () => {
  const { server } = fixture;
  const clock = new ImpatientClock();
  await fixture.agent({ bootId: "boot-1", allowRestart: true, shutdownPath: standIn(), clock });
  const run = runOf(restart({ time: "now" }));

  server.assign(run);
  const result = await server.result(run.runId);

  expect(result.steps[1]).toMatchObject({
    status: "failure",
    reason: "the node did not reboot within 15 minutes of the time that was asked for",
  });
  expect(existsSync(fixture.witness)).toBe(true);
});

/** The minutes for which the agent waits for the reboot pass at once. */
class ImpatientClock extends SystemClock {
  override setTimer(delayMs: number, callback: () => void): ReturnType<SystemClock["setTimer"]> {
    return super.setTimer(delayMs > 10 * 60_000 ? 0 : delayMs, callback);
  }
}
