import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { CanonicalBackoff } from "@courier/schema";
import { afterEach, beforeEach, expect, test } from "vitest";
import { assignment, isAlive, setup, shell, until, type RunnerFixture } from "./runner-fixture.ts";

let fixture: RunnerFixture;

beforeEach(async () => {
  fixture = await setup();
});

afterEach(async () => {
  await fixture.dispose();
});

/** The pids that a step printed. */
function pids(text: string): number[] {
  return text.trim().split(/\s+/).map(Number);
}

async function outputSeen(runId: string, pattern: RegExp): Promise<void> {
  await fixture.server.waitFor(
    (message) =>
      message.type === "output" &&
      message.runId === runId &&
      pattern.test(Buffer.from(message.data, "base64").toString()),
  );
}

test("ends the whole tree of a running step: children, other groups, daemons that left the session", async () => {
  const { server } = fixture;
  await fixture.agent();
  // The daemon tells its pids by a pipe, so that all of them are there when the step says so.
  const pipe = join(fixture.directory, "pipe");
  const daemon = `sleep 300 & echo $! $$ > ${pipe}; wait`;
  const run = assignment([
    `mkfifo ${pipe}\nsleep 300 & a=$!\nsetsid sleep 300 & b=$!\n(setsid sh -c '${daemon}' &)\nread c d < ${pipe}\necho $$ $a $b $c $d done\nwait`,
  ]);
  server.assign(run);
  await outputSeen(run.runId, /done/);
  const started = pids(server.text(run.runId).replace("done", ""));

  server.stopRun(run.runId);
  const result = await server.result(run.runId);

  expect(result).toMatchObject({ status: "canceled", reason: "stopped: it was canceled" });
  expect(result.steps[0]).toMatchObject({ status: "canceled", exitCode: 143 });
  expect(started).toHaveLength(5);
  expect(started.filter(isAlive)).toEqual([]);
});

test("ends a step that ignores SIGTERM", async () => {
  const { server } = fixture;
  await fixture.agent();
  const run = assignment(["trap '' TERM\necho $$\nwhile :; do sleep 1; done"]);
  server.assign(run);
  await outputSeen(run.runId, /\d/);

  server.stopRun(run.runId);
  const result = await server.result(run.runId);

  expect(result.steps[0]).toMatchObject({ status: "canceled", exitCode: 137 });
  expect(pids(server.text(run.runId)).filter(isAlive)).toEqual([]);
});

test("ends a child that ignores SIGTERM, has left the session and has no environment", async () => {
  const { server } = fixture;
  await fixture.agent();
  // Nothing but its parent, which does not ignore SIGTERM, says whose it is.
  const child = `trap "" TERM; echo $$; while :; do sleep 1; done`;
  const run = assignment([`env -i setsid -w sh -c '${child}'`]);
  server.assign(run);
  await outputSeen(run.runId, /\d/);

  server.stopRun(run.runId);
  const result = await server.result(run.runId);

  expect(result).toMatchObject({ status: "canceled" });
  expect(pids(server.text(run.runId)).filter(isAlive)).toEqual([]);
});

test("ends a step that has stopped itself", async () => {
  const { server } = fixture;
  await fixture.agent();
  const run = assignment(["echo $$\nkill -STOP $$"]);
  server.assign(run);
  await outputSeen(run.runId, /\d/);
  const [pid = 0] = pids(server.text(run.runId));
  await until(() => /\) T /.test(readFileSync(`/proc/${pid}/stat`, "latin1")));

  server.stopRun(run.runId);

  expect(await server.result(run.runId)).toMatchObject({ status: "canceled" });
});

test("ends a tree that forks all the time", async () => {
  const { server, directory } = fixture;
  await fixture.agent();
  const script = `trap '' TERM\necho go\nf() { echo x >> ${join(directory, "forks")}; sleep 0.05; f & }\nf\nwhile :; do sleep 1; done`;
  const run = assignment([script]);
  server.assign(run);
  await outputSeen(run.runId, /go/);

  server.stopRun(run.runId);
  const result = await server.result(run.runId);

  expect(result).toMatchObject({ status: "canceled" });
  expect(result.steps[0]?.reason).not.toContain("survived");
});

test("passes on that the group's time is over", async () => {
  const { server } = fixture;
  await fixture.agent();
  const run = assignment(["echo $$\nsleep 300", "true"]);
  server.assign(run);
  await outputSeen(run.runId, /\d/);

  server.stopRun(run.runId, "timeout");
  const result = await server.result(run.runId);

  expect(result.status).toBe("timeout");
  expect(result.steps.map((step) => step.status)).toEqual(["timeout", "skipped"]);
});

test("ends a step at its own time limit, daemons included", async () => {
  const { server } = fixture;
  await fixture.agent();
  const step = shell("setsid sleep 300 &\necho $! $$\nsleep 300");
  const run = assignment([{ ...step, limits: { ...step.limits, timeoutSeconds: 1 } }]);

  server.assign(run);
  const result = await server.result(run.runId);

  expect(result.status).toBe("timeout");
  expect(result.reason).toBe(
    'step 1 "step": exceeded its time limit of 1 s; its process tree was ended',
  );
  expect(pids(server.text(run.runId)).filter(isAlive)).toEqual([]);
});

test("ends a queued run at once and never starts it", async () => {
  const { server, witness } = fixture;
  await fixture.agent();
  const running = assignment(["sleep 300"]);
  const queued = assignment([`echo ran >> ${witness}`]);
  server.assign(running, queued);
  await server.started(running.runId);

  server.stopRun(queued.runId);
  const result = await server.result(queued.runId);
  server.stopRun(running.runId);
  await server.result(running.runId);

  expect(result).toMatchObject({
    status: "canceled",
    reason: "stopped before it started: it was canceled",
    startedAt: null,
  });
  expect(fixture.readWitness()).toBe("");
});

test("ends a run in its retry wait at once", async () => {
  const { server, witness } = fixture;
  await fixture.agent();
  const step = shell(`echo ran >> ${witness}; false`, { retryCount: 3 });
  const strategy: CanonicalBackoff = { type: "linear", delaySeconds: 600, arguments: [] };
  const run = assignment([
    { ...step, failureBehavior: { action: "retryThenFail", retryBackoffStrategy: strategy } },
  ]);
  server.assign(run);
  await server.waitFor((message) => message.type === "step" && message.step.reason !== "");

  server.stopRun(run.runId);
  const result = await server.result(run.runId);

  expect(result).toMatchObject({
    status: "canceled",
    reason: "stopped while it waited for a retry: it was canceled",
  });
  expect(result.steps[0]).toMatchObject({ status: "canceled", attemptCount: 1 });
  expect(fixture.readWitness()).toBe("ran\n");
});

test("refuses a run whose stop overtook its assignment, also after a restart", async () => {
  const { server, witness } = fixture;
  const agent = await fixture.agent();
  const run = assignment([`echo ran >> ${witness}`]);
  server.acksResults = false;

  server.stopRun(run.runId);
  const result = await server.result(run.runId);
  await agent.stop("restart");
  await fixture.agent();
  server.assign(run);
  await server.waitFor((message) => message.type === "accepted" && message.runId === run.runId);
  const again = server.messages.filter((message) => message.type === "result");

  expect(result).toMatchObject({
    status: "canceled",
    reason: "stopped before it arrived: it was canceled",
    steps: [],
  });
  expect(again).toEqual([result, result]);
  expect(fixture.readWitness()).toBe("");
});

test("executes a run once however often it is assigned", async () => {
  const { server, witness } = fixture;
  const agent = await fixture.agent();
  const run = assignment([`echo ran >> ${witness}`]);

  server.assign(run, run);
  server.assign(run);
  await server.result(run.runId);
  server.assign(run);
  await agent.stop("restart");
  await fixture.agent();
  const accepted = server.next((message) => message.type === "accepted");
  server.assign(run);
  await accepted;
  const other = assignment(["true"]);
  server.assign(other);
  await server.result(other.runId);

  expect(fixture.readWitness()).toBe("ran\n");
});

test("ends the older execution before it executes a newer assignment of the same run", async () => {
  const { server, witness } = fixture;
  await fixture.agent();
  const older = assignment([`echo older $$ >> ${witness}; echo $$; sleep 300`]);
  const newer = { ...older, token: 2, steps: [shell(`echo newer >> ${witness}`)] };
  server.assign(older);
  await outputSeen(older.runId, /\d/);
  const [pid = 0] = pids(server.text(older.runId));

  server.assign(newer);
  const result = await server.result(older.runId, 2);
  server.assign(older);

  expect(result.status).toBe("success");
  expect(isAlive(pid)).toBe(false);
  expect(fixture.readWitness()).toBe(`older ${pid}\nnewer\n`);
});
