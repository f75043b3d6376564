import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished, test } from "vitest";
import { startTimeOf } from "../host/process-table.ts";
import { cookieOf, maskedDirectory } from "./run-directory.ts";
import { sweepRunDirectories } from "./sweep-run-directories.ts";

interface Leader {
  readonly pid: number;
  readonly startTime: string;
}

function setup(): { readonly runs: string; readonly add: (name: string, state?: string) => void } {
  const runs = mkdtempSync(join(tmpdir(), "courier-sweep-"));
  onTestFinished(() => rmSync(runs, { recursive: true }));
  return {
    runs,
    add: (name, state) => {
      mkdirSync(join(runs, name));
      if (state !== undefined) writeFileSync(join(runs, name, "state"), state);
    },
  };
}

/** A process in a session of its own, killed after the test at the latest. */
async function startProcess(
  env: Readonly<Record<string, string>> = {},
): Promise<Leader & { readonly kill: () => Promise<void> }> {
  const child = spawn("sleep", ["300"], { detached: true, stdio: "ignore", env: { ...env } });
  const ended = once(child, "exit");
  onTestFinished(() => void child.kill("SIGKILL"));
  const pid = child.pid ?? 0;
  return {
    pid,
    startTime: (await startTimeOf(pid)) ?? "",
    kill: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

function stateOf(word: "pid" | "ready", { pid, startTime }: Leader): string {
  return `${word} ${pid} boot ${startTime}\n`;
}

test("removes what no run needs and no process runs in, with its masked copies", async () => {
  const { runs, add } = setup();
  add("ended", "pid 1 boot 1\nexit 0\n");
  add("prepared");
  add("kept");
  mkdirSync(maskedDirectory(join(runs, "gone")));

  await sweepRunDirectories(runs, new Set(["kept"]));

  expect(readdirSync(runs)).toEqual(["kept"]);
});

test("removes one whose wrapper was killed before it could write down an end", async () => {
  const { runs, add } = setup();
  const wrapper = await startProcess();
  const step = await startProcess();
  add("alone", stateOf("pid", wrapper));
  add("shared", `${stateOf("ready", wrapper)}step ${step.pid} ${step.startTime}\n`);
  await wrapper.kill();
  await step.kill();

  await sweepRunDirectories(runs, new Set());

  expect(readdirSync(runs)).toEqual([]);
});

it.runIf(process.platform === "linux")(
  "leaves those in which something lives: the wrapper, the step, or what has the attempt's cookie",
  async () => {
    const { runs, add } = setup();
    const killed = await startProcess();
    await killed.kill();
    const wrapper = await startProcess();
    add("wrapper", stateOf("pid", wrapper));
    const step = await startProcess();
    add("step", `${stateOf("ready", killed)}step ${step.pid} ${step.startTime}\n`);
    const { name, value } = cookieOf("daemon");
    await startProcess({ [name]: value });
    add("daemon", stateOf("pid", killed));

    await sweepRunDirectories(runs, new Set());

    expect(readdirSync(runs).toSorted()).toEqual(["daemon", "step", "wrapper"]);
  },
);
