import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** A process that carries an attempt: the wrapper, or the shell that executes the script. */
export interface AttemptProcess {
  readonly pid: number;
  readonly kind: "wrapper" | "script";
  /** Name of its run directory: run id, token, step number, attempt, launch. */
  readonly attempt: string;
}

/** The wrappers and scripts that run below a directory. */
export function attemptProcesses(directory: string): readonly AttemptProcess[] {
  return livingPids().flatMap((pid) => attemptProcess(directory, pid) ?? []);
}

/** What a process is now, if it carries an attempt below a directory. */
export function attemptProcess(directory: string, pid: number): AttemptProcess | undefined {
  const words = wordsOf(pid);
  const found = asWrapper(words) ?? asReadyWrapper(pid, words) ?? asScript(pid, words);
  if (found === undefined || !found.runDirectory.startsWith(directory)) return undefined;
  return { pid, kind: found.kind, attempt: basename(found.runDirectory) };
}

/** Everything that lives and that a run has started, wherever it went. */
export function pidsOfRun(runId: string): readonly number[] {
  const needle = `COURIER_COOKIE=${runId}.`;
  return livingPids().filter((pid) => readProc(pid, "environ").includes(needle));
}

/** Everything that lives and whose home is below a directory: agents, their steps, and what those started. */
export function pidsAtHomeBelow(directory: string): readonly number[] {
  const needle = `HOME=${directory}/`;
  return livingPids().filter((pid) =>
    readProc(pid, "environ")
      .split("\0")
      .some((entry) => entry.startsWith(needle)),
  );
}

/** What runs of the steps of agents whose data is below a directory; nothing where processes cannot be looked at. */
export function pidsOfStepsBelow(directory: string): readonly number[] {
  if (!existsSync("/proc")) return [];
  const needle = `COURIER_ARTIFACTS=${directory}/`;
  return livingPids().filter((pid) => readProc(pid, "environ").includes(needle));
}

/** Sends a signal; false when the process had ended. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    // It ended between the look and the signal.
    return false;
  }
}

/** Stops a process, and waits until it stands still; false when it has ended. */
export function stopProcess(pid: number): boolean {
  if (!signalProcess(pid, "SIGSTOP")) return false;
  for (;;) {
    const [, state] = /\) (\w) /.exec(readProc(pid, "stat")) ?? [];
    if (state === "T") return true;
    if (state === undefined || state === "Z" || state === "X") return false;
  }
}

interface Found {
  readonly kind: AttemptProcess["kind"];
  readonly runDirectory: string;
}

function asWrapper([, script = "", runDirectory = ""]: readonly string[]): Found | undefined {
  if (!script.endsWith("/courier-step.sh") || runDirectory === "--watchdog") return undefined;
  return { kind: "wrapper", runDirectory };
}

/** One that waits carries no attempt. */
function asReadyWrapper(pid: number, [, script = ""]: readonly string[]): Found | undefined {
  if (!script.endsWith("/courier-ready.sh")) return undefined;
  const runs = join(dirname(script), "runs");
  const runDirectory = namesIn(runs)
    .map((name) => join(runs, name))
    .find((path) => {
      const state = readText(join(path, "state"));
      return state.startsWith(`ready ${pid} `) && !state.includes("\nexit ");
    });
  return runDirectory === undefined ? undefined : { kind: "wrapper", runDirectory };
}

/** A shell forks before it executes a command: until then the copy looks as the script itself, but has it as its parent. */
function asScript(pid: number, words: readonly string[]): Found | undefined {
  const [, flag, script = ""] = words;
  if (flag !== "-e" || basename(script) !== "script") return undefined;
  if (wordsOf(parentOf(pid)).join("\0") === words.join("\0")) return undefined;
  return { kind: "script", runDirectory: dirname(script) };
}

function wordsOf(pid: number): readonly string[] {
  return readProc(pid, "cmdline").split("\0");
}

function parentOf(pid: number): number {
  const [, fields = ""] = readProc(pid, "stat").split(/\) \w /, 2);
  return Number.parseInt(fields, 10);
}

function livingPids(): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && !/\) [ZX] /.test(readProc(pid, "stat")));
}

function readProc(pid: number, name: string): string {
  return readText(`/proc/${pid}/${name}`);
}

function readText(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    // The process has ended meanwhile, or its directory is gone.
    return "";
  }
}

function namesIn(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    // The node has not been started yet.
    return [];
  }
}
