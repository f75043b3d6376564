import { ansibleInterpreter } from "./ansible-interpreter.ts";
import { chefClientInterpreter } from "./chef-client-interpreter.ts";
import { customInterpreter, type CustomInterpreterEntry } from "./custom-interpreter.ts";
import { inspecInterpreter } from "./inspec-interpreter.ts";
import { InstalledInterpreters } from "./installed-interpreters.ts";
import type { Interpreter } from "./interpreter.ts";
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
  /** Names of those that the node's owner allows; absent: all. */
  readonly allowed?: readonly string[] | undefined;
}): InstalledInterpreters {
  const { searchPath, restart, custom, allowed } = options;
  const all: readonly Interpreter[] = [
    shellInterpreter({ platform: process.platform, searchPath }),
    restartInterpreter({ ...restart, searchPath }),
    ansibleInterpreter(searchPath),
    inspecInterpreter(searchPath),
    chefClientInterpreter(searchPath),
    ...custom.map(customInterpreter),
  ];
  return new InstalledInterpreters(
    allowed === undefined
      ? all
      : all.map((entry) => (allowed.includes(entry.name) ? entry : forbidden(entry))),
  );
}

function forbidden(interpreter: Interpreter): Interpreter {
  const refusal = `this node's policy does not allow interpreter "${interpreter.name}"`;
  return { ...interpreter, refusal };
}
