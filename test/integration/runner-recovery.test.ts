import { appendFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CanonicalBackoff } from "@courier/schema";
import { afterEach, beforeEach, expect, test } from "vitest";
import { assignment, isAlive, setup, shell, type RunnerFixture } from "./runner-fixture.ts";

let fixture: RunnerFixture;

beforeEach(async () => {
  fixture = await setup();
});

afterEach(async () => {
  await fixture.dispose();
});

/** A step that tells its pid, then waits until the test writes a line into the gate. */
function gated(script = "true"): { readonly script: string; open(): void } {
  const gate = join(fixture.directory, `gate-${Math.random()}`);
  return {
    script: `mkfifo ${gate}\necho pid $$\nread line < ${gate}\n${script}`,
    open: () => writeFileSync(gate, "go\n"),
  };
}

async function pidOf(runId: string): Promise<number> {
  await fixture.server.waitFor(
    (message) => message.type === "output" && message.runId === runId && message.offset === 0,
  );
  return Number(/pid (\d+)/.exec(fixture.server.text(runId))?.[1]);
}

test("a step survives kill -9 of its agent; the next one reports its output and exit code", async () => {
  const { server, witness } = fixture;
  const first = fixture.runner();
  await first.ready;
  const step = gated(`echo after >> ${witness}\necho late\nexit 5`);
  const run = assignment([step.script]);
  server.assign(run);
  const pid = await pidOf(run.runId);

  await first.kill("SIGKILL");
  const aliveBetween = isAlive(pid);
  const hello = server.nextHello();
  const second = fixture.runner();
  await second.ready;
  step.open();
  const result = await server.result(run.runId);

  expect(aliveBetween).toBe(true);
  expect((await hello).runs).toEqual([{ runId: run.runId, token: 1, state: "running" }]);
  expect(result.steps[0]).toMatchObject({ status: "failure", exitCode: 5, attemptCount: 1 });
  expect(server.text(run.runId)).toBe(`pid ${pid}\nlate\n`);
  expect(fixture.readWitness()).toBe("after\n");
});

test("a step that ended while no agent was there is reported, and the run goes on", async () => {
  const { server, witness } = fixture;
  const first = fixture.runner();
  await first.ready;
  const step = gated(`echo one >> ${witness}`);
  const run = assignment([step.script, `echo two >> ${witness}`]);
  server.assign(run);
  const pid = await pidOf(run.runId);

  await first.kill("SIGKILL");
  step.open();
  while (isAlive(pid)) await new Promise(setImmediate);
  const second = fixture.runner();
  await second.ready;
  const result = await server.result(run.runId);

  expect(result).toMatchObject({ status: "success" });
  expect(fixture.readWitness()).toBe("one\ntwo\n");
});

test("SIGTERM ends the agent with exit code 0 and leaves the step running", async () => {
  const { server } = fixture;
  const first = fixture.runner();
  await first.ready;
  const step = gated();
  const run = assignment([step.script]);
  server.assign(run);
  const pid = await pidOf(run.runId);

  await first.kill("SIGTERM");
  const aliveBetween = isAlive(pid);
  const second = fixture.runner();
  await second.ready;
  step.open();

  expect(await first.exited).toEqual({ code: 0, signal: null });
  expect(aliveBetween).toBe(true);
  expect(await server.result(run.runId)).toMatchObject({ status: "success" });
});

test("a stop that comes after the restart ends the step that the old agent started", async () => {
  const { server } = fixture;
  const first = fixture.runner();
  await first.ready;
  const step = gated();
  const run = assignment([step.script]);
  server.assign(run);
  const pid = await pidOf(run.runId);

  await first.kill("SIGKILL");
  const second = fixture.runner();
  await second.ready;
  server.stopRun(run.runId);
  const result = await server.result(run.runId);

  expect(result).toMatchObject({ status: "canceled" });
  expect(isAlive(pid)).toBe(false);
});

test("the wrapper ends a step at its time limit when no agent is there", async () => {
  const { server } = fixture;
  const first = fixture.runner();
  await first.ready;
  const step = shell("setsid sleep 300 &\necho pid $$ $!\nsleep 300");
  const run = assignment([{ ...step, limits: { ...step.limits, timeoutSeconds: 1 } }]);
  server.assign(run);
  const pid = await pidOf(run.runId);
  const daemon = Number(server.text(run.runId).trim().split(" ")[2]);

  await first.kill("SIGKILL");
  while (isAlive(pid) || isAlive(daemon)) await new Promise((resolve) => setTimeout(resolve, 20));
  const second = fixture.runner();
  await second.ready;
  const result = await server.result(run.runId);

  expect(result).toMatchObject({ status: "timeout" });
  expect(result.steps[0]?.reason).toContain("exceeded its time limit of 1 s");
});

test("kill -9 of the wrapper ends the step and is named in the report", async () => {
  const { server } = fixture;
  await fixture.agent();
  const step = gated();
  const run = assignment([step.script]);
  server.assign(run);
  const pid = await pidOf(run.runId);

  process.kill(wrapperPid(run.runId), "SIGKILL");
  const result = await server.result(run.runId);

  expect(result.status).toBe("failure");
  expect(result.steps[0]?.reason).toContain("wrapper process was killed (SIGKILL)");
  expect(isAlive(pid)).toBe(false);
});

test("what a wrapper did that was killed while no agent was there is unknown", async () => {
  const { server } = fixture;
  const first = fixture.runner();
  await first.ready;
  const step = gated();
  const run = assignment([{ ...shell(step.script), retryCount: 5 }]);
  server.assign(run);
  const pid = await pidOf(run.runId);

  await first.kill("SIGKILL");
  process.kill(wrapperPid(run.runId), "SIGKILL");
  const second = fixture.runner();
  await second.ready;
  const result = await server.result(run.runId);

  expect(result.status).toBe("unknown");
  expect(result.reason).toContain("vanished while the agent was away");
  expect(isAlive(pid)).toBe(false);
});

test("what a step did before the node rebooted is unknown, and it is not executed again", async () => {
  const { server, witness } = fixture;
  const first = fixture.runner();
  await first.ready;
  const step = gated();
  const run = assignment([{ ...shell(`echo ran >> ${witness}\n${step.script}`), retryCount: 5 }]);
  server.assign(run);
  const pid = await pidOf(run.runId);

  await first.kill("SIGKILL");
  process.kill(pid, "SIGKILL");
  process.kill(wrapperPid(run.runId), "SIGKILL");
  pretendAnotherBoot();
  const second = fixture.runner();
  await second.ready;
  const result = await server.result(run.runId);

  expect(result.status).toBe("unknown");
  expect(result.reason).toContain("rebooted");
  expect(fixture.readWitness()).toBe("ran\n");
});

test("an attempt that was journalled but never begun is begun once", async () => {
  const { server, witness } = fixture;
  const first = fixture.runner();
  await first.ready;
  const step = gated();
  const blocker = assignment([step.script]);
  const run = assignment([`echo ran >> ${witness}`]);
  server.assign(blocker, run);
  await pidOf(blocker.runId);
  await first.kill("SIGKILL");
  const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  const { runId } = run;
  const intent = { type: "attempt", runId, token: 1, at: 1, stepNumber: 1, attempt: 1, launch: 1 };
  appendFileSync(journalPath(), `${JSON.stringify({ ...intent, bootId })}\n`);

  const second = fixture.runner();
  await second.ready;
  const result = await server.result(runId);
  step.open();

  expect(result).toMatchObject({ status: "success" });
  expect(result.steps[0]).toMatchObject({ attemptCount: 1 });
  expect(fixture.readWitness()).toBe("ran\n");
});

test("what an agent prepared but did not journal is taken over, what it did not remove is removed", async () => {
  const { server, witness, dataDir } = fixture;
  const run = assignment([`echo ran >> ${witness}`]);
  const runs = join(dataDir, "runs");
  const first = await fixture.agent();
  await first.stop("restart");
  mkdirSync(join(runs, `${run.runId}.2.1.1.1`));
  writeFileSync(join(runs, `${run.runId}.2.1.1.1`, "state"), "pid 1 boot 1\nexit 0\n");
  await fixture.agent();
  const swept = fixture.runDirectories();
  mkdirSync(join(runs, `${run.runId}.1.1.1.1`));

  server.assign(run);
  const result = await server.result(run.runId);

  expect(swept).toEqual([]);
  expect(result).toMatchObject({ status: "success" });
  expect(fixture.readWitness()).toBe("ran\n");
});

test("a torn last line of the journal is cut off", async () => {
  const { server, witness } = fixture;
  server.acksResults = false;
  const first = fixture.runner();
  await first.ready;
  const run = assignment([`echo ran >> ${witness}`]);
  server.assign(run);
  await server.result(run.runId);
  await first.kill("SIGKILL");
  appendFileSync(journalPath(), '{"type":"acked","runId":"');

  const hello = server.nextHello();
  const second = fixture.runner();
  await second.ready;

  expect((await hello).runs).toEqual([{ runId: run.runId, token: 1, state: "ended" }]);
  expect(fixture.readWitness()).toBe("ran\n");
});

test("what was not acknowledged is sent again after the connection was lost", async () => {
  const { server } = fixture;
  server.acksOutput = false;
  await fixture.agent();
  const run = assignment(["echo hello"]);
  server.assign(run);
  await pidOf(run.runId);

  const again = server.next((message) => message.type === "output");
  server.dropConnections();
  await again;
  const before = server.messages.filter((message) => message.type === "result").length;
  server.acksOutput = true;
  server.dropConnections();
  const result = await server.result(run.runId);

  expect(before).toBe(0);
  expect(result.status).toBe("success");
  expect(server.text(run.runId)).toBe("hello\n");
});

test("a run that ends while the service is away is reported when it is back", async () => {
  const { server, witness } = fixture;
  await fixture.agent();
  const step = gated(`echo ran >> ${witness}`);
  const run = assignment([step.script]);
  server.assign(run);
  await pidOf(run.runId);

  await server.stop();
  step.open();
  while (fixture.readWitness() === "") await new Promise(setImmediate);
  await server.start();

  expect(await server.result(run.runId)).toMatchObject({ status: "success" });
});

test("a result is repeated until it is acknowledged", async () => {
  const { server } = fixture;
  server.acksResults = false;
  await fixture.agent();
  const run = assignment(["true"]);
  server.assign(run);
  await server.result(run.runId);

  const again = server.next((message) => message.type === "result");
  server.dropConnections();

  expect(await again).toMatchObject({ runId: run.runId, status: "success" });
});

test("a retry wait survives a restart and the attempt is not repeated", async () => {
  const { server, witness } = fixture;
  const first = fixture.runner();
  await first.ready;
  const step = shell(`echo attempt $COURIER_ATTEMPT >> ${witness}; false`, { retryCount: 1 });
  const strategy: CanonicalBackoff = { type: "linear", delaySeconds: 2, arguments: [] };
  const run = assignment([
    { ...step, failureBehavior: { action: "retryThenFail", retryBackoffStrategy: strategy } },
  ]);
  server.assign(run);
  await server.started(run.runId);
  while (!readFileSync(journalPath(), "utf8").includes('"type":"retry"')) {
    await new Promise(setImmediate);
  }

  await first.kill("SIGKILL");
  const second = fixture.runner();
  await second.ready;
  const result = await server.result(run.runId);

  expect(result.steps[0]).toMatchObject({ status: "failure", attemptCount: 2 });
  expect(fixture.readWitness()).toBe("attempt 1\nattempt 2\n");
});

test("kill -9 of the agent at any moment: each run has one outcome and is executed once", async () => {
  const { server, witness } = fixture;
  const runs = Array.from({ length: 30 }, (_, n) => assignment([`echo run ${n} >> ${witness}`]));
  let runner = fixture.runner();
  await runner.ready;
  server.assign(...runs);

  for (let kill = 1; kill <= 6; kill += 1) {
    const count = kill * 4;
    await server.waitFor(() => resultCount() >= count);
    await runner.kill("SIGKILL");
    runner = fixture.runner();
    await runner.ready;
    // As the service does for runs that the node's hello does not know.
    server.assign(...runs);
  }
  const results = await Promise.all(runs.map((run) => server.result(run.runId)));

  expect(results.filter((result) => result.status !== "success")).toEqual([]);
  const lines = fixture.readWitness().trim().split("\n").sort();
  expect(lines).toEqual(runs.map((_, n) => `run ${n}`).sort());

  function resultCount(): number {
    const ended = server.messages.filter((message) => message.type === "result");
    return new Set(ended.map((message) => message.runId)).size;
  }
});

function wrapperPid(runId: string): number {
  const runs = join(fixture.dataDir, "runs");
  const name = readdirSync(runs).find((entry) => entry.startsWith(runId)) ?? "";
  return Number(readFileSync(join(runs, name, "state"), "utf8").split(" ")[1]);
}

function journalPath(): string {
  return join(fixture.dataDir, "journal.jsonl");
}

/** The next agent finds a journal that was written before a reboot. */
function pretendAnotherBoot(): void {
  const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  const text = readFileSync(journalPath(), "utf8");
  writeFileSync(journalPath(), text.replaceAll(bootId, "00000000-0000-4000-8000-000000000000"));
}
