import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { promisify } from "node:util";

/** One process of this machine. `startTime` tells it from a later one with the same pid. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parentPid: number;
  readonly groupId: number;
  /** 0 where the platform does not tell. */
  readonly sessionId: number;
  readonly startTime: string;
  readonly isZombie: boolean;
}

/** Every process of this machine that this user may see. */
export async function listProcesses(): Promise<readonly ProcessEntry[]> {
  return process.platform === "linux" ? listFromProc() : await listFromPs();
}

/** Start time of one process, or undefined when there is none (a zombie has ended, too). */
export async function startTimeOf(pid: number): Promise<string | undefined> {
  const entry =
    process.platform === "linux"
      ? readStat(pid)
      : parsePs(await runPs(["-o", psColumns, "-p", `${pid}`]))[0];
  return entry === undefined || entry.isZombie ? undefined : entry.startTime;
}

/** Pids of all processes whose environment holds `assignment` (`NAME=value`). */
export async function pidsWithEnvironment(assignment: string): Promise<ReadonlySet<number>> {
  if (process.platform !== "linux") return await pidsWithEnvironmentFromPs(assignment);
  const needle = Buffer.from(assignment);
  return new Set(procPids().filter((pid) => readProc(pid, "environ")?.includes(needle) === true));
}

/** Whether a process's environment holds `text`; only on Linux. One that may not be looked at does not. */
export function hasEnvironment(pid: number, text: string): boolean {
  return readProc(pid, "environ")?.includes(text) === true;
}

function listFromProc(): readonly ProcessEntry[] {
  return procPids().flatMap((pid) => readStat(pid) ?? []);
}

function procPids(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** /proc is memory: reading it synchronously blocks for microseconds only. */
function readProc(pid: number, name: string): Buffer | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`);
  } catch {
    // The process ended meanwhile, or belongs to somebody else: either way it is not ours.
    return undefined;
  }
}

/** Fields by proc(5); the command's name may hold spaces and parentheses, so count from the last one. */
function readStat(pid: number): ProcessEntry | undefined {
  const text = readProc(pid, "stat")?.toString("latin1");
  if (text === undefined) return undefined;
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, parentPid, groupId, sessionId] = fields;
  return {
    pid,
    parentPid: Number(parentPid),
    groupId: Number(groupId),
    sessionId: Number(sessionId),
    startTime: fields[19] ?? "",
    isZombie: state === "Z" || state === "X",
  };
}

const psColumns = "pid=,ppid=,pgid=,stat=,lstart=";

async function listFromPs(): Promise<readonly ProcessEntry[]> {
  return parsePs(await runPs(["-A", "-o", psColumns]));
}

function parsePs(text: string): readonly ProcessEntry[] {
  return text.split("\n").flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.+?)\s*$/.exec(line);
    if (match === null) return [];
    const [, pid, parentPid, groupId, state = "", startTime = ""] = match;
    return {
      pid: Number(pid),
      parentPid: Number(parentPid),
      groupId: Number(groupId),
      sessionId: 0,
      startTime,
      isZombie: state.startsWith("Z"),
    };
  });
}

async function pidsWithEnvironmentFromPs(assignment: string): Promise<ReadonlySet<number>> {
  const lines = (await runPs(["-A", "-E", "-ww", "-o", "pid=,command="])).split("\n");
  return new Set(
    lines.filter((line) => line.includes(assignment)).map((line) => Number.parseInt(line, 10)),
  );
}

async function runPs(argv: readonly string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)("ps", argv, { maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  } catch (error) {
    // `ps -p` of a process that is gone prints nothing and exits 1.
    if (error instanceof Error && "code" in error && error.code === 1) return "";
    throw error;
  }
}
