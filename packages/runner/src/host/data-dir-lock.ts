import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hasCode } from "@courier/core";
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
    const refusal = await acquire(path, { candidate, bootId });
    return refusal === undefined
      ? { ok: true, lock: lockAt(path) }
      : { ok: false, reason: refusal };
  } finally {
    rmSync(candidate, { force: true });
  }
}

interface Applicant {
  /** A file that names this process: what becomes the lock. */
  readonly candidate: string;
  readonly bootId: string;
}

/** Makes the candidate the lock at `path`; answers why not when it belongs to another process. */
async function acquire(path: string, applicant: Applicant): Promise<string | undefined> {
  const { candidate, bootId } = applicant;
  if (tryLink(candidate, path)) return undefined;
  const seen = readLock(path);
  if (seen === undefined) return tryLink(candidate, path) ? undefined : takenJustNow(path);
  const owner = parseOwner(seen);
  if (owner !== undefined && (await isAlive(owner, bootId))) return inUse(path, owner);
  return await takeOver(path, { seen, applicant });
}

/** A dead owner's lock is replaced only by who has the lock of its replacement, else two may replace each other's. */
async function takeOver(
  path: string,
  { seen, applicant }: { readonly seen: string; readonly applicant: Applicant },
): Promise<string | undefined> {
  const guard = `${path}.takeover`;
  if ((await acquire(guard, applicant)) !== undefined) return takenJustNow(path);
  try {
    if (readLock(path) !== seen) return takenJustNow(path);
    replace(path, applicant.candidate);
    return undefined;
  } finally {
    rmSync(guard, { force: true });
  }
}

/** Atomic: there is a lock all the time. The candidate is kept, because it may be needed for another one. */
function replace(path: string, candidate: string): void {
  const successor = `${candidate}.next`;
  linkSync(candidate, successor);
  renameSync(successor, path);
}

function takenJustNow(path: string): string {
  return `data directory lock ${path} was taken by another process just now`;
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
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
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
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
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
