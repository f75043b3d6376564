import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { isUnderWay } from "./attempt-tree.ts";
import { removeRunDirectory, runDirectoryOf } from "./run-directory.ts";

/**
 * Removes what no run of the journal needs: left by an agent that died between an acknowledgement and the removal.
 * A directory whose step still runs stays (its journal was moved away): it is the only trace of that step.
 */
export async function sweepRunDirectories(
  runsDirectory: string,
  kept: ReadonlySet<string>,
): Promise<void> {
  for (const name of await readdir(runsDirectory)) {
    const path = join(runsDirectory, runDirectoryOf(name));
    const isNeeded = kept.has(runDirectoryOf(name)) || (await isUnderWay(path));
    if (!isNeeded) await removeRunDirectory(path);
  }
}
