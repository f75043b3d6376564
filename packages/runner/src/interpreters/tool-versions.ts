import { execFile } from "node:child_process";
import { realpathSync, statSync } from "node:fs";
import { promisify } from "node:util";
import { toolVersionTimeoutMs } from "../limits.ts";

/** Versions of installed tools, asked for once per installed file, because asking executes it. */
export class ToolVersions {
  readonly #known = new Map<string, Promise<string | undefined>>();

  /** Undefined when the tool does not tell. */
  async versionOf(path: string, flag: string): Promise<string | undefined> {
    const identity = fileIdentity(path);
    const asked = this.#known.get(identity) ?? ask(path, flag);
    this.#known.set(identity, asked);
    return await asked;
  }
}

/** Changes when a file is replaced, as an upgrade does. */
function fileIdentity(path: string): string {
  const real = realpathSync(path);
  const { mtimeMs, size, ino } = statSync(real);
  return `${real} ${mtimeMs} ${size} ${ino}`;
}

async function ask(path: string, flag: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(path, [flag], {
      timeout: toolVersionTimeoutMs,
      killSignal: "SIGKILL",
    });
    return /\d+(?:\.\d+)+/.exec(stdout.slice(0, 4096))?.[0];
  } catch {
    // A tool that cannot even tell its version has none to filter by; a step that uses it will say what is wrong.
    return undefined;
  }
}
