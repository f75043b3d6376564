import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The directory of the cgroup (v2) that this process is in; undefined where there is none. */
export function findOwnCgroup(): string | undefined {
  const mount = mountPoint(readIfThere("/proc/self/mountinfo"));
  const path = /^0::(.+)$/m.exec(readIfThere("/proc/self/cgroup"))?.[1];
  return mount === undefined || path === undefined ? undefined : join(mount, path);
}

/** Where the cgroup2 file system is mounted. */
export function mountPoint(mountinfo: string): string | undefined {
  const line = mountinfo.split("\n").find((candidate) => / - cgroup2 /.test(candidate));
  // Spaces and the like in paths are octal escapes.
  return line
    ?.split(" ")[4]
    ?.replaceAll(/\\([0-7]{3})/g, (_escape, code: string) =>
      String.fromCharCode(Number.parseInt(code, 8)),
    );
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // No Linux, or no /proc.
    return "";
  }
}
