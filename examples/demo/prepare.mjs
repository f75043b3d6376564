// Makes a fresh clone runnable: npm packages and the build, each only when needed.

import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { checkNodeVersion, isInstalled } from "../../test/run/prerequisites.mjs";

/** The repository's root directory. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Installs and builds; throws with one sentence when that is not possible. */
export async function prepare() {
  const problem = checkNodeVersion(process.versions.node);
  if (problem !== undefined) throw new Error(problem);
  if (!isInstalled(root)) {
    console.log("Installing packages (npm ci) …");
    run(npmCommand("ci", "--no-audit", "--no-fund"));
  }
  console.log("Building …");
  const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
  run([process.execPath, compiler, "-b", "packages/server", "packages/runner", "packages/cli"]);
}

/** npm by the file that runs us now, so that no PATH decides which one it is. */
function npmCommand(...args) {
  const npm = process.env.npm_execpath;
  return npm === undefined ? ["npm", ...args] : [process.execPath, npm, ...args];
}

function run([command, ...args]) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ["ignore", 2, 2] });
  if (error !== undefined) throw new Error(`${command}: ${error.message}`);
  if (status !== 0) throw new Error(`${[command, ...args].join(" ")} exited with ${status}`);
}
