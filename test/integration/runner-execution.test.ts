import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { assignment, isAlive, setup, shell, until, type RunnerFixture } from "./runner-fixture.ts";

let fixture: RunnerFixture;

beforeEach(async () => {
  fixture = await setup();
});

afterEach(async () => {
  await fixture.dispose();
});

test("executes a step and reports it with its output", async () => {
  const { server } = fixture;
  await fixture.agent();
  const run = assignment(["echo hello\necho oops >&2"]);

  server.assign(run);
  const result = await server.result(run.runId);

  expect(result).toMatchObject({ status: "success", reason: "", token: 1 });
  expect(result.steps).toEqual([
    expect.objectContaining({
      stepNumber: 1,
      status: "success",
      attemptCount: 1,
      exitCode: 0,
      interpreterVersion: "1.0.0",
      outputBytes: 11,
      outputDroppedBytes: 0,
    }),
  ]);
  expect(server.text(run.runId)).toBe("hello\n");
  expect(server.text(run.runId, { stream: "stderr" })).toBe("oops\n");
});

test("starts from a later step and records those before it as skipped", async () => {
  const { server } = fixture;
  await fixture.agent();
  const run = { ...assignment(["exit 1", "exit 1", "echo three"]), fromStep: 3 };

  server.assign(run);
  const result = await server.result(run.runId);

  expect(result.status).toBe("success");
  expect(result.steps.map(({ status, reason }) => [status, reason])).toEqual([
    ["skipped", "the run starts from step 3"],
    ["skipped", "the run starts from step 3"],
    ["success", ""],
  ]);
  expect(server.text(run.runId, { stepNumber: 3 })).toBe("three\n");
});

test("tells in order: accepted, started, output, result", async () => {
  const { server } = fixture;
  await fixture.agent();
  const run = assignment(["echo hello"]);

  server.assign(run);
  await server.result(run.runId);

  const told = server.messages.filter((message) => "runId" in message && message.type !== "step");
  expect(told.map((message) => message.type)).toEqual(["accepted", "started", "output", "result"]);
});

test("stops at the first failing line and skips the steps after it", async () => {
  const { server } = fixture;
  await fixture.agent();
  const run = assignment(["echo one\nexit 3\necho two", "echo never"]);

  server.assign(run);
  const result = await server.result(run.runId);

  expect(result).toMatchObject({ status: "failure", reason: 'step 1 "step": exit code 3' });
  expect(result.steps.map((step) => step.status)).toEqual(["failure", "skipped"]);
  expect(server.text(run.runId)).toBe("one\n");
});

test("goes on after a failed step whose failures are ignored", async () => {
  const { server } = fixture;
  await fixture.agent();
  const ignored = shell("false");
  const run = assignment([
    { ...ignored, failureBehavior: { ...ignored.failureBehavior, action: "retryThenIgnore" } },
    "echo after",
  ]);

  server.assign(run);
  const result = await server.result(run.runId);

  expect(result.status).toBe("success");
  expect(result.steps.map((step) => step.status)).toEqual(["failure", "success"]);
  expect(server.text(run.runId, { stepNumber: 2 })).toBe("after\n");
});

test("runs in the home directory, with its inputs and without the agent's own environment", async () => {
  const { server, directory } = fixture;
  const environment = { PATH: process.env["PATH"], HOME: directory, AGENT_SECRET: "hidden" };
  await fixture.agent({ environment });
  const script =
    'pwd\necho "$GREETING|$AGENT_SECRET|$COURIER_STEP_NUMBER|$COURIER_ATTEMPT"\n[ "$COURIER_RUN_ID" ]';
  const run = assignment([{ ...shell(script), inputs: { "env.GREETING": "hi there" } }]);

  server.assign(run);
  await server.result(run.runId);

  expect(server.text(run.runId)).toBe(`${directory}\nhi there||1|1\n`);
});

test("passes variables on unchanged whatever their names are", async () => {
  const { server } = fixture;
  await fixture.agent();
  const names = ["dir", "boot", "limit", "grace", "shell", "stat", "start", "watchdog", "code"];
  const inputs = Object.fromEntries(names.map((name) => [`env.${name}`, `my ${name}`]));
  const script = names.map((name) => `echo "$${name}"`).join("\n");
  const run = assignment([{ ...shell(script), inputs }]);

  server.assign(run);
  const result = await server.result(run.runId);

  expect(result.status).toBe("success");
  expect(server.text(run.runId)).toBe(names.map((name) => `my ${name}\n`).join(""));
});

test("runs in the directory that inputs.dir names", async () => {
  const { server, directory } = fixture;
  await fixture.agent();
  const run = assignment([{ ...shell("pwd"), inputs: { dir: directory } }]);

  server.assign(run);
  await server.result(run.runId);

  expect(server.text(run.runId)).toBe(`${directory}\n`);
});

test("says whose home is missing, and what to do", async () => {
  const { server } = fixture;
  await fixture.agent({ environment: { ...process.env, HOME: "/no/such/home" } });
  const run = assignment([shell("pwd")]);

  server.assign(run);
  const result = await server.result(run.runId);

  expect(result.reason).toMatch(
    /directory "\/no\/such\/home" does not exist: it is the home of user "\w+", give another one in the step's inputs as "dir"$/,
  );
});

test.each([
  [{ inputs: { dir: "/no/such/directory" } }, 'directory "/no/such/directory" does not exist'],
  [
    { command: { windows: ["dir"] } },
    `the command has no form for ${process.platform}, only for windows`,
  ],
  [{ inputs: { user: "no-such-user" } }, 'user "no-such-user" does not exist on this node'],
  [
    { interpreter: { name: "x/y", skill: { minVersion: "", maxVersion: "" } } },
    expect.stringContaining('interpreter "x/y" is not installed on this node; it has "'),
  ],
  [
    {
      interpreter: {
        name: "chef-platform/shell-interpreter",
        skill: { minVersion: "2.0.0", maxVersion: "" },
      },
    },
    'version 1.0.0 of interpreter "chef-platform/shell-interpreter" is outside of [2.0.0, any]',
  ],
])("starts nothing when a check before the step fails: %j", async (overrides, reason) => {
  const { server, witness } = fixture;
  await fixture.agent();
  const run = assignment([{ ...shell(`echo ran >> ${witness}`), retryCount: 2, ...overrides }]);

  server.assign(run);
  const result = await server.result(run.runId);

  expect(result).toMatchObject({ status: "failure", startedAt: null });
  expect(result.steps[0]).toMatchObject({ status: "failure", attemptCount: 0, reason });
  expect(fixture.readWitness()).toBe("");
});

test.runIf(process.getuid?.() === 0)("runs as another user when it may", async () => {
  const { server } = fixture;
  await fixture.agent();
  const run = assignment([
    { ...shell("id -un; echo $HOME"), inputs: { user: "nobody", dir: "/" } },
  ]);

  server.assign(run);
  const result = await server.result(run.runId);

  expect(result).toMatchObject({ status: "success" });
  expect(server.text(run.runId)).toMatch(/^nobody\n\//);
});

test("carries output that is not UTF-8 byte by byte", async () => {
  const { server } = fixture;
  await fixture.agent();
  const run = assignment(["printf '\\377\\376\\000\\200abc'"]);

  server.assign(run);
  await server.result(run.runId);

  expect(Buffer.from(server.text(run.runId), "latin1")).toEqual(
    Buffer.from([0xff, 0xfe, 0x00, 0x80, 0x61, 0x62, 0x63]),
  );
});

test("streams output while the step runs", async () => {
  const { server, directory } = fixture;
  await fixture.agent();
  const gate = join(directory, "gate");
  const run = assignment([`mkfifo ${gate}\necho early\nread line < ${gate}\necho "$line"`]);

  server.assign(run);
  await server.waitFor((message) => message.type === "output" && message.runId === run.runId);
  const sawResult = server.messages.some((message) => message.type === "result");
  await writeFile(gate, "late\n");
  await server.result(run.runId);

  expect(sawResult).toBe(false);
  expect(server.text(run.runId)).toBe("early\nlate\n");
});

test("keeps head and tail of 100 MB in bounded memory and says what it dropped", async () => {
  const { server } = fixture;
  await fixture.agent({ outputQuotaBytes: 1000 });
  const megabytes = 100;
  const run = assignment([
    `echo FIRST\nhead -c ${megabytes * 1024 * 1024} /dev/zero | tr '\\0' x\nprintf LAST`,
  ]);
  const before = process.memoryUsage.rss();

  server.assign(run);
  const result = await server.result(run.runId);

  const total = 6 + megabytes * 1024 * 1024 + 4;
  expect(result.steps[0]).toMatchObject({
    status: "success",
    outputBytes: total,
    outputDroppedBytes: total - 1000,
  });
  const [head, tail] = server.pieces(run.runId);
  expect(head?.offset).toBe(0);
  expect(head?.data.toString()).toMatch(/^FIRST\nx+$/);
  expect(head?.data.length).toBe(500);
  expect(tail?.offset).toBe(total - 500);
  expect(tail?.data.toString()).toMatch(/^x+LAST$/);
  expect(process.memoryUsage.rss() - before).toBeLessThan(50 * 1024 * 1024);
});

test("ends a step that writes more than the disk bound", async () => {
  const { server } = fixture;
  await fixture.agent({ spoolBytesMax: 1024 * 1024 });
  const run = assignment(["while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done"]);

  server.assign(run);
  const result = await server.result(run.runId);

  expect(result.status).toBe("failure");
  expect(result.steps[0]?.reason).toContain("wrote more than 1048576 bytes");
});

test("leaves the daemon of a successful step alone", async () => {
  const { server, witness } = fixture;
  await fixture.agent();
  const run = assignment([`setsid sleep 300 > /dev/null 2>&1 & echo $! > ${witness}`]);

  server.assign(run);
  const result = await server.result(run.runId);

  const pid = Number(fixture.readWitness());
  expect(result.status).toBe("success");
  expect(isAlive(pid)).toBe(true);
  process.kill(pid, "SIGKILL");
});

test("executes one run at a time, in order of arrival", async () => {
  const { server, witness } = fixture;
  await fixture.agent();
  // The first gives the second a second to begin beside it.
  const look = `for look in $(seq 20); do grep -q "begin 2" ${witness} || sleep 0.05; done`;
  const runs = [1, 2, 3].map((n) =>
    assignment([`echo begin ${n} >> ${witness}\n${look}\necho end ${n} >> ${witness}`]),
  );

  server.assign(...runs);
  await Promise.all(runs.map((run) => server.result(run.runId)));

  expect(fixture.readWitness()).toBe("begin 1\nend 1\nbegin 2\nend 2\nbegin 3\nend 3\n");
});

test("removes a run directory with much output once the result is acknowledged", async () => {
  const { server } = fixture;
  server.acksResults = false;
  await fixture.agent();
  const run = assignment(["head -c 100000 /dev/zero"]);

  server.assign(run);
  await server.result(run.runId);
  const before = fixture.runDirectories();
  server.send({ type: "ack", results: [run.runId], output: [] });
  await until(() => fixture.runDirectories().length === 0);

  expect(before).toEqual([`${run.runId}.1.1.1.1`]);
});

test("a script's own signals, traps and pid are its own", async () => {
  const { server } = fixture;
  await fixture.agent();
  const run = assignment(["trap 'echo trapped; exit 7' TERM\nkill -TERM $$\necho not reached"]);

  server.assign(run);
  const result = await server.result(run.runId);

  expect(result.steps[0]).toMatchObject({ status: "failure", exitCode: 7 });
  expect(server.text(run.runId)).toBe("trapped\n");
});

test("the run's data stays out of the process list", async () => {
  const { server } = fixture;
  await fixture.agent();
  const run = assignment([
    { ...shell("tr '\\0' ' ' < /proc/$PPID/cmdline"), inputs: { "env.TOKEN": "s3cret" } },
  ]);

  server.assign(run);
  await server.result(run.runId);

  expect(server.text(run.runId)).toContain("courier-ready.sh");
  expect(server.text(run.runId)).not.toContain("s3cret");
});
