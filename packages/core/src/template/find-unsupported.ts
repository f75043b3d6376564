import type { CanonicalJob, CanonicalStep } from "@courier/schema";
import type { ErrorDetail } from "../courier-error.ts";
import { isCustomInterpreter } from "./interpreter-names.ts";

/**
 * Every field of a valid job that this version would not execute, with its JSON pointer; empty when the job can run.
 * The service refuses such a job when it is added, so that nothing is accepted and then ignored.
 */
export function findUnsupported(job: CanonicalJob): readonly ErrorDetail[] {
  return [
    ...unless(
      job.actions.accessMode === "agent",
      "/actions/accessMode",
      `access mode "${job.actions.accessMode}"`,
    ),
    ...job.actions.steps.flatMap((step, index) =>
      unsupportedInStep(step, `/actions/steps/${index}`),
    ),
  ];
}

function unsupportedInStep(step: CanonicalStep, pointer: string): readonly ErrorDetail[] {
  return [
    ...variablesIn(step.command, `${pointer}/command`),
    ...unsupportedInputs(step, `${pointer}/inputs`),
    ...unless(isEmpty(step.expectedInputs), `${pointer}/expectedInputs`, 'field "expectedInputs"'),
    ...unless(
      isEmpty(step.outputFieldRules),
      `${pointer}/outputFieldRules`,
      'field "outputFieldRules"',
    ),
    ...unless(step.conditions.length === 0, `${pointer}/conditions`, 'field "conditions"'),
    ...unless(step.limits.cores === 0, `${pointer}/limits/cores`, 'limit "cores"'),
    ...unless(step.limits.cpu === 1, `${pointer}/limits/cpu`, 'limit "cpu"'),
  ];
}

/** A custom interpreter is given all inputs; what it makes of them is its own matter. */
function unsupportedInputs(step: CanonicalStep, pointer: string): readonly ErrorDetail[] {
  const isCustom = isCustomInterpreter(step.interpreter.name);
  return Object.entries(step.inputs).flatMap(([name, value]) => [
    ...unless(
      isCustom || isUnderstoodInput(name),
      `${pointer}/${escapePointer(name)}`,
      `input "${name}"`,
    ),
    ...variablesIn(value, `${pointer}/${escapePointer(name)}`),
  ]);
}

function isUnderstoodInput(name: string): boolean {
  return name === "dir" || name === "user" || name.startsWith("env.");
}

const variable = /\{\{\s*(?:\.|shellquote\b)[^}]{0,100}(?:\}\})?/;

function variablesIn(value: unknown, pointer: string): readonly ErrorDetail[] {
  if (typeof value === "string") {
    const found = variable.exec(value);
    return found === null ? [] : unless(false, pointer, `variable "${found[0]}"`);
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, entry]) =>
    variablesIn(entry, `${pointer}/${escapePointer(key)}`),
  );
}

function unless(holds: boolean, pointer: string, what: string): readonly ErrorDetail[] {
  return holds ? [] : [{ pointer, message: `${what} is not supported by this version` }];
}

function isEmpty(record: object): boolean {
  return Object.keys(record).length === 0;
}

function escapePointer(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}
