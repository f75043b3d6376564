import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startTimeOf } from "./process-table.ts";

interface Owner {
  readonly pid: number;
  readonly startTime: string;
  readonly bootId: string;
}

/** The right to use a data directory. */
export interface DataDirLock {
  /** Idempotent. */
  release(): void;
}

/** Outcome of asking for a data directory. */
export type LockResult =
  | { readonly ok: true; readonly lock: DataDirLock }
  | { readonly ok: false; readonly reason: string };

/**
 * Takes a data directory for this process, creating it where needed. A lock whose owner is dead (its pid is gone, or
 * was given to a process with another start time, or the machine rebooted) is taken over.
 */
export async function lockDataDir(dataDir: string, bootId: string): Promise<LockResult> {
  mkdirSync(dataDir, { recursive: true, mode: 0o711 });
  const path = join(dataDir, "lock");
  const candidate = join(dataDir, `lock.${process.pid}.${Math.trunc(performance.now() * 1000)}`);
  const self = { pid: process.pid, startTime: (await startTimeOf(process.pid)) ?? "", bootId };
  writeFileSync(candidate, `${JSON.stringify(self)}\n`, { mode: 0o600 });
  try {
    if (tryLink(candidate, path)) return { ok: true, lock: lockAt(path) };
    const refusal = await setStaleLockAside(path, bootId);
    if (refusal !== undefined) return { ok: false, reason: refusal };
    if (tryLink(candidate, path)) return { ok: true, lock: lockAt(path) };
    return { ok: false, reason: takenJustNow(path) };
  } finally {
    rmSync(candidate, { force: true });
  }
}

function lockAt(path: string): DataDirLock {
  let isHeld = true;
  return {
    release: () => {
      if (isHeld) rmSync(path, { force: true });
      isHeld = false;
    },
  };
}

/** Links are atomic and never overwrite: of two processes exactly one succeeds. */
function tryLink(candidate: string, path: string): boolean {
  try {
    linkSync(candidate, path);
    return true;
  } catch (error) {
    if (isErrorOf(error, "EEXIST")) return false;
    throw error;
  }
}

/** Moves a dead owner's lock away; answers why not when the owner lives. */
async function setStaleLockAside(path: string, bootId: string): Promise<string | undefined> {
  const seen = readLock(path);
  if (seen === undefined) return undefined;
  const owner = parseOwner(seen);
  if (owner !== undefined && (await isAlive(owner, bootId))) return inUse(path, owner);
  const aside = `${path}.stale.${process.pid}`;
  if (!tryRename(path, aside)) return takenJustNow(path);
  const moved = readLock(aside);
  // Another process may have replaced the stale lock between the look and the move: then it is theirs, give it back.
  if (moved !== seen) tryLink(aside, path);
  rmSync(aside, { force: true });
  return moved === seen ? undefined : takenJustNow(path);
}

/** False when there is nothing to move: another process that found the same stale lock was faster. */
function tryRename(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (isErrorOf(error, "ENOENT")) return false;
    throw error;
  }
}

function takenJustNow(path: string): string {
  return `data directory lock ${path} was taken by another process just now`;
}

function inUse(path: string, owner: Owner): string {
  return `another courier-runner (pid ${owner.pid}) uses this data directory: it holds ${path}; stop it or choose another --data-dir`;
}

async function isAlive(owner: Owner, bootId: string): Promise<boolean> {
  return owner.bootId === bootId && (await startTimeOf(owner.pid)) === owner.startTime;
}

function readLock(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isErrorOf(error, "ENOENT")) return undefined;
    throw error;
  }
}

function isErrorOf(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

/** A lock that a power cut left empty has no owner. */
function parseOwner(text: string): Owner | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return undefined;
    if (!("pid" in value) || !("startTime" in value) || !("bootId" in value)) return undefined;
    const { pid, startTime, bootId } = value;
    if (typeof pid !== "number" || typeof startTime !== "string") return undefined;
    return typeof bootId === "string" ? { pid, startTime, bootId } : undefined;
  } catch {
    // Not JSON: torn by a power cut, so the machine rebooted and the owner is gone.
    return undefined;
  }
}
