import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A file system of its own, a few megabytes large. */
export interface SmallDisk {
  /** A directory on it. */
  readonly directory: string;
  /** Takes every byte that is left. */
  fill(): void;
  /** Gives them back. */
  free(): void;
  /** Unmounts it. */
  dispose(): void;
}

/** Why there can be no small disk here; undefined when there can. */
export function whyNoSmallDisk(): string | undefined {
  if (process.platform !== "linux") return "a small disk needs Linux";
  if (process.getuid?.() !== 0) return "mounting a small disk needs root";
  try {
    mountSmallDisk().dispose();
    return undefined;
  } catch {
    // A container without the capability: root by name only.
    return "mounting is not allowed here";
  }
}

/** Mounts a small disk in a temporary directory. */
export function mountSmallDisk(): SmallDisk {
  const mountPoint = mkdtempSync(join(tmpdir(), "courier-disk-"));
  try {
    const options = ["-t", "tmpfs", "-o", "size=8m,mode=0755", "tmpfs", mountPoint];
    execFileSync("/bin/mount", options, { stdio: "ignore" });
  } catch (error) {
    rmSync(mountPoint, { recursive: true });
    throw error;
  }
  const directory = join(mountPoint, "data");
  const filler = join(mountPoint, "filler");
  mkdirSync(directory, { mode: 0o711 });
  return {
    directory,
    fill: () => fill(filler),
    free: () => rmSync(filler),
    dispose: () => {
      execFileSync("/bin/umount", [mountPoint], { stdio: "ignore" });
      rmSync(mountPoint, { recursive: true });
    },
  };
}

function fill(path: string): void {
  const file = openSync(path, "w");
  try {
    for (const size of [65_536, 4096, 1]) writeWhilePossible(file, Buffer.alloc(size));
  } finally {
    closeSync(file);
  }
}

function writeWhilePossible(file: number, block: Buffer): void {
  try {
    while (writeSync(file, block) > 0);
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error) || error.code !== "ENOSPC") throw error;
  }
}
