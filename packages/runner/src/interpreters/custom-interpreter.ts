import type { CanonicalStep } from "@courier/schema";
import { isExecutable } from "./find-executable.ts";
import type { Interpreter } from "./interpreter.ts";

/** An executable of the node's owner that steps may use as an interpreter. */
export interface CustomInterpreterEntry {
  /** As templates name it. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  readonly version: string;
}

/**
 * An interpreter by the contract of semantics.md section 5 ("custom"): one JSON document on stdin, one on stdout, exit
 * code 0 is success. README.md ("Custom interpreters") documents both.
 */
export function customInterpreter({ name, path, version }: CustomInterpreterEntry): Interpreter {
  return {
    name,
    version,
    tool: path,
    locate: () => (isExecutable(path) ? path : undefined),
    processOf: (step) => ({
      ok: true,
      process: { argv: () => [path], files: { stdin: invocation(step) } },
    }),
    explainFailure: (read) => errorIn(read("stdout")),
  };
}

function invocation({
  interpreter,
  command,
  inputs,
  expectedInputs,
  limits,
}: CanonicalStep): string {
  const { name } = interpreter;
  return `${JSON.stringify({ name, command, inputs, expectedInputs, limits })}\n`;
}

/** The `error` of an answer: a text, or an object with a `message`. */
function errorIn(stdout: string): string | undefined {
  const answer = parseObject(stdout);
  if (answer === undefined) return "its answer on stdout is not one JSON object";
  const error = Reflect.get(answer, "error") as unknown;
  const text: unknown = isObject(error) ? Reflect.get(error, "message") : error;
  return typeof text === "string" && text !== "" ? text : undefined;
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    // Not JSON: said by the caller.
    return undefined;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
