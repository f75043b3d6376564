import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CanonicalStep } from "@courier/schema";
import { afterEach, beforeEach, expect, test } from "vitest";
import { assignment, isAlive, setup, shell, until, type RunnerFixture } from "./runner-fixture.ts";

let fixture: RunnerFixture;

beforeEach(async () => {
  fixture = await setup();
});

afterEach(async () => {
  for (const pid of readyWrappers()) process.kill(pid, "SIGKILL");
  await fixture.dispose();
});

/** Pids of this fixture's ready wrappers. */
function readyWrappers(): readonly number[] {
  const script = join(fixture.dataDir, "courier-ready.sh");
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => isAlive(pid) && commandLine(pid).includes(script));
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    // It has ended meanwhile.
    return "";
  }
}

/** The only one that there is, once it is there. */
async function theWrapper(): Promise<number> {
  let found: readonly number[] = [];
  await until(() => {
    found = readyWrappers();
    return found.length === 1;
  });
  return found[0] ?? 0;
}

/** Waits until an attempt of the run has written the line to its state. */
async function stateSays(runId: string, line: RegExp): Promise<void> {
  await until(() => existsSync(statePath(runId)) && line.test(stateOf(runId)));
}

function stateOf(runId: string): string {
  return readFileSync(statePath(runId), "utf8");
}

function statePath(runId: string): string {
  const name = fixture.runDirectories().find((entry) => entry.startsWith(runId));
  return join(fixture.dataDir, "runs", name ?? "", "state");
}

function pids(text: string): readonly number[] {
  return text.trim().split(/\s+/).map(Number);
}

test("carries one attempt after the other, each in a process group of its own", async () => {
  const { server } = fixture;
  await fixture.agent();
  const wrapper = await theWrapper();
  const runs = [1, 2].map(() => assignment(["echo $PPID $$ $(ps -o pgid= $$)"]));

  server.assign(...runs);
  await Promise.all(runs.map((run) => server.result(run.runId)));

  const [first = [], second = []] = runs.map((run) => pids(server.text(run.runId)));
  expect(first).toEqual([wrapper, first[1], first[1]]);
  expect(second).toEqual([wrapper, second[1], second[1]]);
  expect(second[1]).not.toBe(first[1]);
});

test("a step finds the same in both kinds of wrappers", async () => {
  const { server, directory } = fixture;
  // Their directories are looked at afterwards.
  server.acksResults = false;
  const odd = join(directory, "a directory * of $(mine)\\");
  mkdirSync(odd);
  await fixture.agent();
  const look =
    'pwd; env | grep -v -e COOKIE -e RUN_ID -e INSTANCE_ID -e ARTIFACTS | sort; printf \'%s.\' "$ODD" "$EMPTY"; grep -e Sig -e NoNewPrivs /proc/self/status | grep -v -e SigQ -e SigPnd; umask; ulimit -a; ls /proc/$$/fd';
  const inputs = { dir: odd, "env.ODD": " a  *\n\n\\0101 ü\t$HOME 'x' \"\n", "env.EMPTY": "" };
  const step = shell(look, { inputs });
  const limited: CanonicalStep = { ...step, limits: { ...step.limits, timeoutSeconds: 100 } };
  const runs = [assignment([step]), assignment([limited])];

  server.assign(...runs);
  const results = await Promise.all(runs.map((run) => server.result(run.runId)));

  expect(results.map((result) => result.status)).toEqual(["success", "success"]);
  const [ready, own] = runs.map((run) => server.text(run.runId));
  expect(ready).toBe(own);
  const text = ` a  *\n\n\\0101 ü\t$HOME 'x' "\n..`;
  expect(ready).toContain(Buffer.from(text).toString("latin1"));
  expect(runs.map((run) => stateOf(run.runId).split(" ")[0])).toEqual(["ready", "pid"]);
});

test("ends what a step has hidden in another process group without its cookie, and nothing of an earlier step", async () => {
  const { server } = fixture;
  await fixture.agent();
  const hide = "set -m; (env -i sleep 300 & echo $!)";
  const earlier = assignment([hide]);
  const later = assignment([`${hide}; echo done; sleep 300`]);
  server.assign(earlier);
  await server.result(earlier.runId);
  server.assign(later);
  await until(() => server.text(later.runId).includes("done"));

  server.stopRun(later.runId);
  await server.result(later.runId);

  const [left = 0] = pids(server.text(earlier.runId));
  const [ended = 0] = pids(server.text(later.runId));
  expect({ left: isAlive(left), ended: isAlive(ended) }).toEqual({ left: true, ended: false });
  process.kill(left, "SIGKILL");
});

test("leaves its session to what a step left behind in its group", async () => {
  const { server } = fixture;
  await fixture.agent();
  const wrapper = await theWrapper();
  const run = assignment(["sleep 300 & echo $!", "echo $PPID"]);

  server.assign(run);
  const result = await server.result(run.runId);

  const [left = 0] = pids(server.text(run.runId));
  const [next] = pids(server.text(run.runId, { stepNumber: 2 }));
  expect(result.status).toBe("success");
  expect(isAlive(left)).toBe(true);
  expect(next).toBeGreaterThan(0);
  expect(next).not.toBe(wrapper);
  process.kill(left, "SIGKILL");
});

test("signals to the wrapper change nothing", async () => {
  const { server } = fixture;
  await fixture.agent();
  const before = assignment(["echo $PPID"]);
  server.assign(before);
  await server.result(before.runId);
  const [wrapper = 0] = pids(server.text(before.runId));
  process.kill(wrapper, "SIGTERM");
  const gate = join(fixture.directory, "gate");
  const run = assignment([`mkfifo ${gate}; echo $PPID; read line < ${gate}; kill -KILL $$`]);
  server.assign(run);
  await until(() => server.text(run.runId).endsWith("\n"));
  const [parent] = pids(server.text(run.runId));

  process.kill(wrapper, "SIGTERM");
  process.kill(wrapper, "SIGUSR1");
  writeFileSync(gate, "go\n");
  const result = await server.result(run.runId);

  expect(parent).toBe(wrapper);
  expect(result.steps[0]).toMatchObject({ status: "failure", exitCode: 137 });
});

test("signals that come as a step ends do not cost its outcome", async () => {
  const { server, witness } = fixture;
  await fixture.agent();
  const wrapper = await theWrapper();

  for (let round = 1; round <= 40; round += 1) {
    const gate = join(fixture.directory, `gate-${round}`);
    const waiting = `mkfifo ${gate}; echo ${round} >> ${witness}; read line < ${gate}`;
    const run = assignment([`${waiting}; kill -KILL $$`]);
    server.assign(run);
    await until(() => fixture.readWitness().endsWith(`${round}\n`));
    process.kill(wrapper, "SIGTERM");
    process.kill(wrapper, "SIGUSR1");
    writeFileSync(gate, "go\n");

    expect((await server.result(run.runId)).steps).toMatchObject([{ exitCode: 137 }]);
  }
});

test("a waiting wrapper that was killed is replaced", async () => {
  const { server } = fixture;
  await fixture.agent();
  process.kill(await theWrapper(), "SIGKILL");
  const run = assignment(["echo ran"]);

  server.assign(run);

  expect(await server.result(run.runId)).toMatchObject({ status: "success" });
  expect(server.text(run.runId)).toBe("ran\n");
});

test("an attempt is launched once more when its wrapper was killed before it began", async () => {
  const { server, witness } = fixture;
  await fixture.agent();
  const wrapper = await theWrapper();
  process.kill(wrapper, "SIGSTOP");
  const run = assignment([`echo ran >> ${witness}`]);
  server.assign(run);
  await server.started(run.runId);

  process.kill(wrapper, "SIGKILL");
  const result = await server.result(run.runId);

  expect(result).toMatchObject({ status: "success" });
  expect(result.steps[0]).toMatchObject({ attemptCount: 1 });
  expect(fixture.readWitness()).toBe("ran\n");
});

test("nothing starts after a stop that came before the wrapper began", async () => {
  const { server, witness } = fixture;
  await fixture.agent();
  const wrapper = await theWrapper();
  process.kill(wrapper, "SIGSTOP");
  const run = assignment([`echo ran >> ${witness}`]);
  server.assign(run);
  await server.started(run.runId);

  server.stopRun(run.runId);
  await stateSays(run.runId, /^abandoned\n/);
  process.kill(wrapper, "SIGCONT");
  const result = await server.result(run.runId);
  await until(() => !isAlive(wrapper));

  expect(result).toMatchObject({ status: "canceled" });
  expect(fixture.readWitness()).toBe("");
});

test("an attempt that waits in a wrapper when its agent is killed is executed once, by the next agent", async () => {
  const { server, witness } = fixture;
  const first = fixture.runner();
  await first.ready;
  const wrapper = await theWrapper();
  process.kill(wrapper, "SIGSTOP");
  const run = assignment([`echo ran >> ${witness}`]);
  server.assign(run);
  await server.started(run.runId);

  await first.kill("SIGKILL");
  await fixture.runner().ready;
  await stateSays(run.runId, /^abandoned\n/);
  process.kill(wrapper, "SIGCONT");
  const result = await server.result(run.runId);
  await until(() => !isAlive(wrapper));

  expect(result).toMatchObject({ status: "success" });
  expect(fixture.readWitness()).toBe("ran\n");
});

test("ends with its agent", async () => {
  const runner = fixture.runner();
  await runner.ready;
  const wrapper = await theWrapper();

  await runner.kill("SIGKILL");

  await until(() => !isAlive(wrapper));
});
