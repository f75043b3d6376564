import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

/** Identity of the operating system's boot, without spaces; changes with every reboot. */
export async function readBootId(): Promise<string> {
  if (process.platform === "linux") {
    return (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
  }
  const { stdout } = await promisify(execFile)("sysctl", ["-n", "kern.bootsessionuuid"]);
  return stdout.trim().toLowerCase();
}
