import { spawn, type ChildProcess } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Assignment } from "@courier/protocol";
import { NodeAgent, SystemClock, type NodeAgentOptions } from "@courier/runner";
import type { CanonicalStep } from "@courier/schema";
import { ProbeServer } from "./runner-probe-server.ts";

/** A server and a data directory, with agents started on it; everything is taken down by `dispose`. */
export interface RunnerFixture {
  readonly server: ProbeServer;
  readonly directory: string;
  readonly dataDir: string;
  /** Path of a file for steps to write to. */
  readonly witness: string;
  readWitness(): string;
  /** An agent in this process, connected. */
  agent(options?: Partial<NodeAgentOptions>): Promise<NodeAgent>;
  /** A real courier-runner process. */
  runner(...argv: string[]): RunnerProcess;
  runDirectories(): string[];
  dispose(): Promise<void>;
}

/** A courier-runner process. */
export interface RunnerProcess {
  readonly child: ChildProcess;
  /** Its `ready` line, parsed. */
  readonly ready: Promise<unknown>;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  stderr(): string;
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** Fresh for each test. */
export async function setup(): Promise<RunnerFixture> {
  const server = new ProbeServer();
  await server.start();
  const directory = mkdtempSync(join(tmpdir(), "courier-runner-"));
  // Steps of other users must be able to reach the run directory.
  chmodSync(directory, 0o711);
  const dataDir = join(directory, "data");
  const witness = join(directory, "witness");
  const agents: NodeAgent[] = [];
  const runners: RunnerProcess[] = [];
  return {
    server,
    directory,
    dataDir,
    witness,
    readWitness: () => readIfExists(witness),
    agent: async (options = {}) => {
      const { agent, ready } = newAgent({ url: server.url, dataDir, ...options });
      agents.push(agent);
      await agent.start();
      await ready;
      return agent;
    },
    runner: (...argv) => {
      const runner = startRunner(["--url", server.url, "--data-dir", dataDir, ...argv]);
      runners.push(runner);
      return runner;
    },
    runDirectories: () => readdirSync(join(dataDir, "runs")),
    dispose: async () => {
      await Promise.all(agents.map((agent) => agent.stop("test is over")));
      await Promise.all(runners.map((runner) => runner.kill("SIGKILL")));
      await server.stop();
      endSteps(join(dataDir, "runs"));
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Agents leave running steps alone: the test must not. The cookie's others end with the groups here. */
function endSteps(runs: string): void {
  if (!existsSync(runs)) return;
  for (const name of readdirSync(runs)) {
    const state = readIfExists(join(runs, name, "state"));
    if (!state.includes("\nexit ")) killAttempt(state);
  }
}

/** Kills the wrapper of an attempt and, where that is another one, the step's process group. */
export function killAttempt(state: string): void {
  for (const [, pid] of state.matchAll(/^(?:pid|ready|step) (\d+) /gm)) {
    if (isAlive(Number(pid))) process.kill(-Number(pid), "SIGKILL");
  }
}

/** An agent that is not started yet, and when it is connected. */
function newAgent(
  options: Partial<NodeAgentOptions> & { readonly url: string; readonly dataDir: string },
): { readonly agent: NodeAgent; readonly ready: Promise<void> } {
  let agent: NodeAgent | undefined;
  const ready = new Promise<void>((resolve, reject) => {
    agent = new NodeAgent({
      name: "node-1",
      enrollmentKey: "key",
      clock: new SystemClock(),
      random: Math.random,
      killGraceMs: 300,
      onReady: () => resolve(),
      onFatal: reject,
      ...options,
    });
  });
  if (agent === undefined) throw new Error("no agent");
  return { agent, ready };
}

function startRunner(argv: readonly string[]): RunnerProcess {
  const bin = new URL("../../packages/runner/bin/courier-runner.js", import.meta.url).pathname;
  const child = spawn(
    process.execPath,
    [bin, "start", "--name", "node-1", "--enrollment-key", "key", ...argv],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let stdout = "";
  let stderr = "";
  child.stderr.on("data", (data: Buffer) => {
    stderr += data.toString();
  });
  const ready = new Promise<unknown>((resolve) => {
    child.stdout.on("data", (data: Buffer) => {
      stdout += data.toString();
      if (stdout.includes("\n")) resolve(JSON.parse(stdout.slice(0, stdout.indexOf("\n"))));
    });
  });
  const exited = new Promise<{ readonly code: number | null; readonly signal: string | null }>(
    (resolve) => {
      // Not at its exit: what it wrote last may not have been read by then.
      child.on("close", (code, signal) => resolve({ code, signal }));
    },
  );
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await exited;
  };
  return { child, ready, exited, stderr: () => stderr, kill };
}

let assignmentCount = 0;

/** An assignment of shell steps. */
export function assignment(
  steps: readonly (string | Partial<CanonicalStep>)[],
  options: Partial<Assignment> = {},
): Assignment {
  assignmentCount += 1;
  return {
    runId: crypto.randomUUID(),
    token: 1,
    instanceId: crypto.randomUUID(),
    jobId: crypto.randomUUID(),
    jobName: `job-${assignmentCount}`,
    steps: steps.map((step) =>
      typeof step === "string" ? shell(step) : { ...shell(""), ...step },
    ),
    ...options,
  };
}

/** A canonical shell step with every default. */
export function shell(script: string, overrides: Partial<CanonicalStep> = {}): CanonicalStep {
  return {
    name: "step",
    description: "",
    interpreter: {
      name: "chef-platform/shell-interpreter",
      skill: { minVersion: "1.0.0", maxVersion: "" },
    },
    command: { linux: script.split("\n"), darwin: script.split("\n") },
    inputs: {},
    expectedInputs: {},
    outputFieldRules: {},
    conditions: [],
    retryCount: 0,
    failureBehavior: {
      action: "retryThenFail",
      retryBackoffStrategy: { type: "none", delaySeconds: 0, arguments: [] },
    },
    limits: { cores: 0, cpu: 1, timeoutSeconds: 0 },
    ...overrides,
  };
}

/** Looks until something is so, however long it takes: the limit is the test's own. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await delay(lookIntervalMs);
}

/** Short, and long enough to leave the processor to what is waited for. */
const lookIntervalMs = 5;

/** Whether a process lives (a zombie does not). */
export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return !/\) [ZX] /.test(stat);
  } catch {
    // No such process.
    return false;
  }
}

function readIfExists(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Nothing was written yet.
    return "";
  }
}
