import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { join } from "node:path";

import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest";

import { jobTemplate } from "./cli-templates.ts";
import { withEnoughTime } from "./enough-time.ts";
import { programPath, startStack, textAt, valueAt, type Finished, type Stack } from "./stack.ts";

let stack: Stack;

beforeAll(async () => {
  stack = await startStack({ runnerNames: ["web-1", "web-2"] });
});

afterEach(async () => {
  await stack.endLeftovers();
});

afterAll(async () => {
  await stack.stop();
});

let jobs = 0;

function addAndWait(lines: readonly string[], flags: readonly string[] = []): string[] {
  jobs += 1;
  const template = jobTemplate({ name: `wait ${jobs}`, nodes: ["web-1"], lines });
  const body = JSON.stringify(template);
  return ["scheduler", "jobs", "add-job", "--body", body, "--wait", ...flags];
}

interface OnTerminal {
  readonly code: number | null;
  /** All that the terminal was sent. */
  readonly shown: string;
  /** What standard output got, which is no terminal. */
  readonly out: unknown;
}

/** Gives a command a terminal of its own; part of every Linux distribution. */
const terminalProgram = "script";

/** Runs courier-cli on a terminal; calls `onShown` when it shows a text. */
async function onTerminal(
  args: readonly string[],
  reaction?: { readonly text: string; readonly onShown: () => Promise<void> },
): Promise<OnTerminal> {
  const command = [process.execPath, programPath("courier-cli"), ...args]
    .map((word) => `'${word.replaceAll("'", `'\\''`)}'`)
    .join(" ");
  const env = { COURIER_URL: stack.url, COURIER_TOKEN: stack.adminToken, TERM: "xterm" };
  const terminal = spawn(terminalProgram, ["-qec", `${command} > out.json`, "/dev/null"], {
    cwd: stack.directory,
    env: { PATH: process.env["PATH"], SHELL: "/bin/sh", LC_ALL: "C.UTF-8", ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let shown = "";
  let reacted: Promise<void> | undefined;
  terminal.stdout.setEncoding("utf8").on("data", (part: string) => {
    shown += part;
    if (reaction !== undefined && shown.includes(reaction.text)) reacted ??= reaction.onShown();
  });
  const [code] = (await once(terminal, "close")) as [number | null];
  await reacted;
  const out: unknown = JSON.parse(await readFile(join(stack.directory, "out.json"), "utf8"));
  return { code, shown, out };
}

/** Waits for a job that does not end, with a limit that sufficed to hear of its instance. */
async function waitInVain(flags: readonly string[] = []): Promise<Finished> {
  return withEnoughTime(async (seconds) => {
    const limit = ["--timeout", String(seconds), ...flags];
    const finished = await stack.cli(addAndWait(["sleep 600"], limit));
    const instance = valueAt(JSON.parse(finished.stdout), ["item", "instance", "id"]);
    return instance === undefined ? undefined : finished;
  });
}

/** Any id will do where no service answers. */
const instanceId = "0193b1c0-0000-7000-8000-000000000001";

const watching = "-> 200 (stream)";

describe("add-job --wait", () => {
  it("exits with 1 and says what happened when the instance does not succeed", async () => {
    const { code, stdout, stderr } = await stack.cli(addAndWait(["exit 3"]));

    expect(code).toBe(1);
    const item = valueAt(JSON.parse(stdout), ["item"]);
    expect(valueAt(item, ["instance", "status"])).toBe("failure");
    expect(Object.keys(item as object)).toEqual([
      "exceptionReasons",
      "id",
      "nextExecutionTime",
      "instance",
    ]);
    expect(stderr).toMatch(/^instance [0-9a-f-]{36} ended failure.*\(1 failure\)\n/);
    expect(stderr).toMatch(/\n {2}1 node: step 1 "[^"]+": exit code 3 \(web-1\)\n$/);
  });

  it.each([
    ["the result, also with errors", "", "2>&1 | true"],
    ["the events", "--output-events jsonl", "2>/dev/null | true"],
  ])("never exits with 0 when nobody reads %s", async (_what, flag, pipe) => {
    const [, , , , body = ""] = addAndWait(["exit 3"]);
    // What it writes is longer than nothing, and its reader is gone before it starts to.
    const command = `"$0" "$1" scheduler jobs add-job --body "$2" --wait ${flag} ${pipe}; echo "\${PIPESTATUS[0]}"`;

    const shell = spawnSync(
      "bash",
      ["--norc", "-c", command, process.execPath, programPath("courier-cli"), body],
      {
        env: { PATH: process.env["PATH"], COURIER_URL: stack.url, COURIER_TOKEN: stack.adminToken },
        encoding: "utf8",
      },
    );

    expect(shell.stdout).toBe("1\n");
  });

  it("starts nothing when its report cannot be written", async () => {
    const flags = addAndWait(["true"], ["--junit", join(stack.directory, "missing", "report.xml")]);

    const { code, stdout, stderr } = await stack.cli(flags);

    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("cannot write the JUnit report");
    const added = await stack.cli(flags.slice(0, 5));
    expect(added.code).toBe(0);
  });

  it("exits with 7 when the time is over, and the work goes on", async () => {
    const { code, stdout, stderr } = await waitInVain();

    expect(code).toBe(7);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "WAIT_TIMED_OUT" } });
    const instance = textAt(JSON.parse(stdout), ["item", "instance", "id"]);
    const answer = await stack.json(["state", "instance", "cancel", "--instanceId", instance]);
    expect(valueAt(answer, ["item"])).toMatchObject({ id: instance, status: "cancelling" });
    const watched = await stack.cli(["state", "instance", "watch", "--instanceId", instance]);
    expect(watched.code).toBe(1);
    expect(textAt(JSON.parse(watched.stdout), ["item", "status"])).toBe("canceled");
  });

  it("cancels on timeout when asked to, and waits for the nodes to confirm", async () => {
    const { code, stdout, stderr } = await waitInVain(["--cancel-on-timeout"]);

    expect(code).toBe(7);
    expect(stderr).toMatch(/^the time is over, cancelling\n/);
    expect(stderr).toContain("ended canceled");
    expect(stderr).not.toContain("goes on");
    expect(textAt(JSON.parse(stdout), ["item", "instance", "status"])).toBe("canceled");
  });

  it("exits with 130 on Ctrl-C and says how to stop what goes on", async () => {
    const cli = stack.startCli(addAndWait(["sleep 600"], ["--verbose"]));
    await cli.wrote("stderr", watching);

    cli.child.kill("SIGINT");

    const { code, stderr } = await cli.finished;
    expect(code).toBe(130);
    const advice =
      /interrupted: instance (\S+) goes on; stop it with: courier-cli (state instance cancel --instanceId \1)\n/;
    const [, instance, words] = advice.exec(stderr) ?? [];
    const canceled = await stack.json(words?.split(" ") ?? []);
    expect(textAt(canceled, ["item", "id"])).toBe(instance);
  });

  it("names the instance also when nothing has been heard of it yet", async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void silent.close());
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    const watch = ["state", "instance", "watch", "--instanceId", instanceId];
    const env = { COURIER_URL: `http://127.0.0.1:${port}` };
    const cli = stack.startCli(watch, { env });
    const [connection] = (await once(silent, "connection")) as [Socket];

    cli.child.kill("SIGINT");
    const interrupted = await cli.finished;
    const late = await stack.cli([...watch, "--timeout", "1"], { env });

    connection.destroy();
    expect(interrupted).toMatchObject({ code: 130, stdout: "" });
    expect(interrupted.stderr).toContain(
      `interrupted: instance ${instanceId} goes on; stop it with: courier-cli state instance cancel --instanceId ${instanceId}\n`,
    );
    expect(late).toMatchObject({ code: 7, stdout: "" });
    expect(JSON.parse(late.stderr)).toMatchObject({
      error: {
        code: "WAIT_TIMED_OUT",
        message: `nothing was heard of instance ${instanceId} until the time to wait was over; it goes on`,
      },
    });
  });

  it("survives a service that is killed and comes back, and says so", async () => {
    const flag = join(stack.directory, "go-on");
    const lines = [`while [ ! -e '${flag}' ]; do sleep 0.1; done`];
    const cli = stack.startCli(addAndWait(lines, ["--verbose"]));
    await cli.wrote("stderr", watching);

    await stack.stopServer("SIGKILL");
    await cli.wrote("stderr", "trying again until it is back");
    await stack.startServer();
    await writeFile(flag, "");

    const { code, stdout, stderr } = await cli.finished;
    expect(stderr).toContain("connected again\n");
    expect(textAt(JSON.parse(stdout), ["item", "instance", "status"])).toBe("success");
    expect(code).toBe(0);
  });

  it("prints every transition once, also over the death of the service", async () => {
    const flag = join(stack.directory, "go-on-with-events");
    const lines = [`while [ ! -e '${flag}' ]; do sleep 0.1; done`];
    const flags = ["--verbose", "--output-events", "jsonl"];
    const cli = stack.startCli(addAndWait(lines, flags));
    await cli.wrote("stdout", '"event":"run"');

    await stack.stopServer("SIGKILL");
    await cli.wrote("stderr", "trying again until it is back");
    // The run ends while nobody listens.
    await writeFile(flag, "");
    await stack.startServer();

    const { code, stdout } = await cli.finished;
    const events = stdout.trimEnd().split("\n");
    const told = events.map((line) => {
      const event: unknown = JSON.parse(line);
      return `${String(valueAt(event, ["event"]))} ${String(valueAt(event, ["status"]))}`;
    });
    expect(told).toEqual([
      ...["instance pending", "instance running", "group running"],
      ...["run dispatched", "run running", "run success"],
      ...["group success", "instance success"],
    ]);
    expect(code).toBe(0);
  });

  it("takes --output-events with --wait only, and only jsonl", async () => {
    const body = JSON.stringify(jobTemplate({ name: "events", nodes: ["web-1"], lines: ["true"] }));
    const add = ["scheduler", "jobs", "add-job", "--body", body, "--output-events"];

    const withoutWait = await stack.cli([...add, "jsonl"]);
    const unknown = await stack.cli([...add, "xml", "--wait"]);

    expect(withoutWait.code).toBe(2);
    expect(withoutWait.stderr).toContain("--output-events only makes sense with --wait");
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain("Allowed choices are jsonl");
  });

  it("writes a JUnit report", async () => {
    const flags = ["--junit", join(stack.directory, "report.xml")];

    const { code } = await stack.cli(addAndWait(["exit 1"], flags));

    expect(code).toBe(1);
    const xml = await readFile(join(stack.directory, "report.xml"), "utf8");
    expect(xml).toMatch(/<testsuites name="instance [0-9a-f-]{36}" tests="1" failures="1"/);
  });

  it("adds a job once for one idempotency key", async () => {
    const args = addAndWait(["true"], ["--idempotency-key", "key-1"]);

    const [first, second] = [await stack.json(args), await stack.json(args)];

    expect(textAt(second, ["item", "id"])).toBe(textAt(first, ["item", "id"]));
  });

  // BSD's `script` takes other arguments.
  it.skipIf(process.platform !== "linux")(
    "shows bars on a terminal and leaves stdout to the data",
    async () => {
      const { code, shown, out } = await onTerminal(addAndWait(["true"]));

      expect(code).toBe(0);
      expect(shown).toMatch(/group 0 \[█{12}\] 1\/1 .*success.*: 1 success/);
      expect(textAt(out, ["item", "instance", "status"])).toBe("success");
    },
  );

  it.skipIf(process.platform !== "linux")(
    "says on a terminal what is waited for, and what failed",
    async () => {
      const gate = join(stack.directory, "go-on-to-fail");
      const wait = `while [ ! -e '${gate}' ]; do sleep 0.1; done`;
      const lines = ["echo web: disk 97% full >&2", wait, "exit 9"];
      const { code, shown } = await onTerminal(addAndWait(lines), {
        text: "(last 1 run",
        onShown: async () => writeFile(gate, ""),
      });

      expect(code).toBe(1);
      expect(shown).toContain("1 node: step 1");
      expect(shown).toMatch(/exit code 9, 'web: disk 97% full' \(/);
    },
  );
});

describe("state run logs", () => {
  async function runOf(lines: readonly string[]): Promise<string> {
    const added = await stack.json(addAndWait(lines));
    const instance = textAt(added, ["item", "instance", "id"]);
    const runs = await stack.json([
      ...["state", "instance", "list-instance-runs", "--instanceId", instance],
    ]);
    return textAt(runs, ["items", 0, "runId"]);
  }

  it("gives back each stream byte for byte", async () => {
    const run = await runOf(["printf 'a\\377\\000b\\n'", "printf 'e\\376' >&2"]);

    const { code, stdoutBytes, stderrBytes } = await stack.cli([
      "state",
      "run",
      "logs",
      "--run-id",
      run,
    ]);

    expect(code).toBe(0);
    expect(stdoutBytes).toEqual(Buffer.from([0x61, 0xff, 0x00, 0x62, 0x0a]));
    expect(stderrBytes).toEqual(Buffer.from([0x65, 0xfe]));
  });

  it("marks where output beyond the quota was dropped", async () => {
    const run = await runOf(["head -c 20000000 /dev/zero | tr '\\0' x"]);

    const { code, stdoutBytes, stderr } = await stack.cli(["state", "run", "logs", "--runId", run]);

    expect(code).toBe(0);
    const dropped = /^\[courier: (\d+) bytes dropped here\]\n$/.exec(stderr)?.[1];
    expect(Number(dropped) + stdoutBytes.length).toBe(20_000_000);
  });

  it("follows a run until it ends", async () => {
    const flag = join(stack.directory, "finish");
    const lines = ["echo begin", `while [ ! -e '${flag}' ]; do sleep 0.1; done`, "echo end"];
    const template = jobTemplate({ name: "followed", nodes: ["web-1"], lines });
    const instance = await stack.startJob(template);
    const list = await stack.json([
      ...["state", "instance", "list-instance-runs", "--instanceId", instance],
    ]);

    const follow = stack.startCli([
      "state",
      "run",
      "logs",
      "-f",
      "--runId",
      textAt(list, ["items", 0, "runId"]),
    ]);
    await follow.wrote("stdout", "begin\n");
    await writeFile(flag, "");

    expect(await follow.finished).toMatchObject({ code: 0, stdout: "begin\nend\n", stderr: "" });
    const watched = await stack.cli(["state", "instance", "watch", "--instanceId", instance]);
    expect(watched.code).toBe(0);
  });

  it("ends quietly when its reader goes away", async () => {
    const run = await runOf(["head -c 3000000 /dev/zero | tr '\\0' x"]);
    const command = `"$0" "$1" state run logs --runId "$2" | head -c 10; echo " \${PIPESTATUS[0]}"`;

    const shell = spawnSync(
      "bash",
      ["--norc", "-c", command, process.execPath, programPath("courier-cli"), run],
      {
        env: { PATH: process.env["PATH"], COURIER_URL: stack.url, COURIER_TOKEN: stack.adminToken },
        encoding: "utf8",
      },
    );

    expect(shell).toMatchObject({ stdout: "xxxxxxxxxx 0\n", stderr: "" });
  });
});
