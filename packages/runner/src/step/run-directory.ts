import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  writeFileSync,
  type Stats,
} from "node:fs";
import { rm, rmdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { hasCode } from "@courier/core";
import type { OutputStream } from "@courier/protocol";

/** Names one start of one attempt; no two starts ever share a directory. */
export interface AttemptKey {
  readonly runId: string;
  readonly token: number;
  /** 1-based. */
  readonly stepNumber: number;
  /** 1-based. */
  readonly attempt: number;
  /** 1-based; counts up only when an earlier launch provably never began. */
  readonly launch: number;
}

/** What a run directory says. */
export type AttemptState =
  /** The wrapper has not begun, or never will. */
  | { readonly kind: "absent" }
  /** The agent claimed the directory before a wrapper did: nothing was or will be executed in it. */
  | { readonly kind: "abandoned" }
  /** Created, its first line not written yet. */
  | { readonly kind: "opening" }
  | {
      readonly kind: "running";
      readonly wrapper: WrapperIdentity;
      readonly step: StepIdentity | undefined;
      readonly timedOut: boolean;
    }
  | {
      readonly kind: "exited";
      readonly wrapper: WrapperIdentity;
      readonly exitCode: number;
      readonly timedOut: boolean;
    };

/** Who the wrapper is. */
export interface WrapperIdentity {
  readonly pid: number;
  readonly bootId: string;
  readonly startTime: string;
  /** It carries one attempt after the other; each is led by a process of its own. */
  readonly isReady: boolean;
}

/** The first process of an attempt of a ready wrapper, which leads its process group. */
export interface StepIdentity {
  readonly pid: number;
  /** `0` when it had ended before it could be asked. */
  readonly startTime: string;
}

/** Name of a launch's directory, and its cookie. */
export function attemptName(key: AttemptKey): string {
  return `${key.runId}.${key.token}.${key.stepNumber}.${key.attempt}.${key.launch}`;
}

/** The environment variable by which everything that a launch, given by `attemptName`, starts is found again. */
export function cookieOf(name: string): { readonly name: string; readonly value: string } {
  // The semicolon ends it, so that launch 1 is not found in launch 10.
  return { name: "COURIER_COOKIE", value: `${name};` };
}

/**
 * Creates a run directory, which its owner alone may read: a script may hold secrets. One that an agent left behind
 * which died before the attempt was journalled is used: nothing was launched in it. One in which something was claimed
 * is refused.
 */
export function createRunDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (!hasCode(error, "EEXIST") || readAttemptState(path).kind !== "absent") throw error;
  }
  mkdirSync(artifactsPath(path), { recursive: true });
}

/** Creates a run directory with the usual files, all empty; only `state` is left out. */
export function createEmptyRunDirectory(path: string): void {
  createRunDirectory(path);
  for (const name of emptyFiles) writeFileSync(join(path, name), "", { mode: 0o644 });
}

/** Writes an attempt's files into its directory, which is empty or has the usual files, empty as well. */
export function fillRunDirectory(path: string, files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(path, name), content, { mode: 0o644 });
  }
}

const emptyFiles = ["script", "stdout", "stderr"];

/** Removes a run directory; one that is gone already is fine. */
export async function removeRunDirectory(path: string): Promise<void> {
  const files = ["script", "state", "stdout", "stderr"].map((name) => join(path, name));
  try {
    await Promise.all([
      ...files.map(async (file) => await unlink(file)),
      // Fails when there is something in it.
      rmdir(artifactsPath(path)),
    ]);
    await rmdir(path);
  } catch {
    // Not the usual four files and an empty directory: half prepared, half removed, or the step left some of its own.
    await rm(path, { recursive: true, force: true });
  }
  await rm(maskedDirectory(path), { recursive: true, force: true });
}

/** Reads the state file. A last line without its newline is not there yet. */
export function readAttemptState(path: string): AttemptState {
  const text = readText(join(path, "state"));
  if (text === undefined) return { kind: "absent" };
  const lines = text.slice(0, text.lastIndexOf("\n") + 1).split("\n");
  if (lines[0] === "abandoned") return { kind: "abandoned" };
  const wrapper = parseWrapper(lines[0] ?? "");
  if (wrapper === undefined) return { kind: "opening" };
  const timedOut = lines.includes("timeout");
  const exitCode = lines.map(parseExit).find((code) => code !== undefined);
  if (exitCode === undefined) {
    const step = lines.map(parseStep).find((found) => found !== undefined);
    return { kind: "running", wrapper, step, timedOut };
  }
  return { kind: "exited", wrapper, exitCode, timedOut };
}

/** Claims a directory in which no wrapper has begun; false when one has. */
export function abandonAttempt(path: string): boolean {
  try {
    writeFileSync(join(path, "state"), "abandoned\n", { flag: "wx" });
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    // Without the directory no wrapper can claim it either.
    if (hasCode(error, "ENOENT")) return true;
    throw error;
  }
}

/** Where an attempt's step leaves what is to be kept. */
export function artifactsPath(path: string): string {
  return join(path, "artifacts");
}

/**
 * How output files are opened: the step's user owns the directory, and must not make the agent read another file by a link, or wait
 * for a pipe.
 */
export const outputFlags: number = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Path of an output file. */
export function outputPath(path: string, stream: OutputStream): string {
  return join(path, stream);
}

/** Size of an output file, bytes; 0 when it does not exist (yet). */
export function outputSize(path: string, stream: OutputStream): number {
  return fileSize(outputPath(path, stream));
}

/** Size of a file, bytes; 0 when it does not exist (yet). */
export function fileSize(path: string): number {
  const stats: Stats | undefined = statSync(path, { throwIfNoEntry: false });
  return stats?.size ?? 0;
}

/** Beside a run directory, where the step's user cannot change anything: the masked copies of its output. */
export function maskedDirectory(path: string): string {
  return `${path}${maskedSuffix}`;
}

/** The run directory that a directory of masked copies belongs to; the path itself for any other. */
export function runDirectoryOf(path: string): string {
  return path.endsWith(maskedSuffix) ? path.slice(0, -maskedSuffix.length) : path;
}

const maskedSuffix = ".masked";

/** The first bytes of an output file as text; empty when it does not exist. */
export function readOutput(path: string, stream: OutputStream, bytesMax: number): string {
  const size = Math.min(outputSize(path, stream), bytesMax);
  if (size === 0) return "";
  const buffer = Buffer.alloc(size);
  const file = openSync(outputPath(path, stream), outputFlags);
  try {
    return buffer.toString("utf8", 0, readSync(file, buffer, 0, size, 0));
  } finally {
    closeSync(file);
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

function parseWrapper(line: string): WrapperIdentity | undefined {
  const match = /^(pid|ready) (\d+) (\S+) (.+)$/.exec(line);
  if (match === null) return undefined;
  const [, kind, pid, bootId = "", startTime = ""] = match;
  return { pid: Number(pid), bootId, startTime: startTime.trim(), isReady: kind === "ready" };
}

function parseStep(line: string): StepIdentity | undefined {
  const match = /^step (\d+) (\d+)$/.exec(line);
  if (match === null) return undefined;
  const [, pid, startTime = ""] = match;
  return { pid: Number(pid), startTime };
}

function parseExit(line: string): number | undefined {
  const match = /^exit (\d{1,3})$/.exec(line);
  return match === null ? undefined : Number(match[1]);
}
