import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Where tools are installed that a service's short PATH often lacks. */
const usualDirectories = [
  "/bin",
  "/usr/bin",
  "/sbin",
  "/usr/sbin",
  "/usr/local/bin",
  "/opt/homebrew/bin",
  "/opt/chef/bin",
  "/opt/chef-workstation/bin",
  "/opt/inspec/bin",
  "/hab/bin",
];

/** The directories in which tools are looked for: those of PATH first. */
export function searchPathOf(pathVariable: string | undefined): readonly string[] {
  const own = (pathVariable ?? "").split(delimiter).filter((directory) => directory !== "");
  return [...new Set([...own, ...usualDirectories])];
}

/** Path of the first of `names` that can be executed; an earlier name wins wherever it lies. */
export function findExecutable(
  names: readonly string[],
  searchPath: readonly string[],
): string | undefined {
  return names
    .flatMap((name) => searchPath.map((directory) => join(directory, name)))
    .find(isExecutable);
}

/** Whether there is a file at `path` that this process may execute. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(realpathSync(path)).isFile();
  } catch {
    // Not there or not executable: the next candidate.
    return false;
  }
}
