import { ansibleInterpreter } from "./ansible-interpreter.ts";
import { chefClientInterpreter } from "./chef-client-interpreter.ts";
import { customInterpreter, type CustomInterpreterEntry } from "./custom-interpreter.ts";
import { inspecInterpreter } from "./inspec-interpreter.ts";
import { InstalledInterpreters } from "./installed-interpreters.ts";
import { restartInterpreter } from "./restart-interpreter.ts";
import { shellInterpreter } from "./shell-interpreter.ts";

/** All interpreters that this program knows, and those that the node's owner added. */
export function nodeInterpreters(options: {
  readonly searchPath: readonly string[];
  readonly restart: {
    readonly isAllowed: boolean;
    readonly shutdownPath?: string | undefined;
    readonly refusal?: string | undefined;
  };
  readonly custom: readonly CustomInterpreterEntry[];
}): InstalledInterpreters {
  const { searchPath, restart, custom } = options;
  return new InstalledInterpreters([
    shellInterpreter({ platform: process.platform, searchPath }),
    restartInterpreter({ ...restart, searchPath }),
    ansibleInterpreter(searchPath),
    inspecInterpreter(searchPath),
    chefClientInterpreter(searchPath),
    ...custom.map(customInterpreter),
  ]);
}
