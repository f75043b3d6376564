import { accessSync, constants, statSync } from "node:fs";
import { basename, delimiter, join } from "node:path";

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

/**
 * The same, remembering where the first of `names` was: it is not looked for again while it is there. Whatever else was
 * found is only used until there is something better.
 */
export function rememberingFinder(
  names: readonly string[],
  searchPath: readonly string[],
): () => string | undefined {
  let best: string | undefined;
  return () => {
    if (best !== undefined && isExecutable(best)) return best;
    const found = findExecutable(names, searchPath);
    best = found !== undefined && basename(found) === names[0] ? found : undefined;
    return found;
  };
}

/** Whether there is a file at `path` that this process may execute. */
export function isExecutable(path: string): boolean {
  try {
    // Most candidates are not there: that is to be no exception, for those are slow.
    if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return false;
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not executable, or not reachable: the next candidate.
    return false;
  }
}
