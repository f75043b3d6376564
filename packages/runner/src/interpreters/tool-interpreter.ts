import type { CanonicalStep } from "@courier/schema";
import { findExecutable } from "./find-executable.ts";
import { platformInterpreterVersion, type Interpreter, type StepProcess } from "./interpreter.ts";
import { CommandProblem } from "./tool-arguments.ts";

/** An interpreter that drives one installed tool. `processOf` may throw a `CommandProblem`. */
export function toolInterpreter(options: {
  readonly name: string;
  readonly tool: string;
  readonly searchPath: readonly string[];
  processOf(command: CanonicalStep["command"], path: string): StepProcess;
}): Interpreter {
  const { name, tool, searchPath } = options;
  return {
    name,
    version: platformInterpreterVersion,
    tool,
    locate: () => findExecutable([tool], searchPath),
    processOf: ({ command }, path) => {
      try {
        return { ok: true, process: options.processOf(command, path) };
      } catch (error) {
        if (error instanceof CommandProblem) return { ok: false, reason: error.message };
        throw error;
      }
    },
  };
}
