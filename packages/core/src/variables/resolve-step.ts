import type { CanonicalExpectedInput, CanonicalStep } from "@courier/schema";
import { judgeCondition } from "./condition.ts";
import { typeProblem } from "./input-type.ts";
import { showInputs } from "./show-values.ts";
import { mapTexts, parseText, substitute, visitTexts } from "./template-text.ts";
import {
  isVariableName,
  secretTexts,
  valueOf,
  valueProblem,
  type Value,
  type Values,
} from "./value.ts";

/** A step with every variable of its command and inputs replaced, and its expected inputs with their values. */
export interface RunnableStep extends CanonicalStep {
  readonly expectedInputs: Record<string, CanonicalExpectedInput & { readonly value: string }>;
}

/** What a step is once its variables are known, or why nothing is started. */
export type ResolvedStep =
  | {
      readonly kind: "run";
      readonly step: RunnableStep;
      /** Variables that the step's processes see in their environment. */
      readonly environment: Readonly<Record<string, string>>;
      /** Its sensitive inputs, beside those that others know already. */
      readonly secrets: readonly string[];
      /** What it got, for people: sensitive values are masked. */
      readonly shownInputs: string;
    }
  | { readonly kind: "skip"; readonly reason: string; readonly shownInputs: string }
  | { readonly kind: "fail"; readonly reason: string; readonly shownInputs: string };

/**
 * Resolves a step against what the steps before it have produced: the step's own inputs come first, then the produced
 * value, then the default (semantics.md section 5, "Variables" and "Conditions"). A step that needs one of `lost`, which were
 * produced and cannot be known here, fails: a default in their place would be another value than the one that was meant.
 */
export function resolveStep(
  step: CanonicalStep,
  produced: Values,
  lost: ReadonlySet<string> = new Set(),
): ResolvedStep {
  const outer = outerScope(step, produced);
  const { inputs, problem } = ownInputs(step, outer);
  const scope: Values = { ...outer, ...inputs };
  const shownInputs = showInputs(shownNames(step), scope);
  const end = (kind: "skip" | "fail", reason: string): ResolvedStep => ({
    ...{ kind, reason, shownInputs },
  });

  const missed = lost.size === 0 ? undefined : neededNames(step).find((name) => lost.has(name));
  if (missed !== undefined) return end("fail", lostReason(missed));
  for (const condition of step.conditions) {
    const { inputName } = condition;
    const value = valueOf(scope, inputName);
    if (value === undefined && isRequired(step, inputName)) return end("fail", missing(inputName));
    const verdict = judgeCondition(condition, value);
    if (verdict.kind === "fails") return end("skip", verdict.reason);
    if (verdict.kind === "tooCostly") return end("fail", verdict.reason);
  }
  const reason = problem ?? inputProblem(step, scope);
  if (reason !== undefined) return end("fail", reason);
  const command = substituteCommand(step.command, scope);
  if (!command.ok) return end("fail", command.reason);
  return {
    kind: "run",
    step: runnable(step, command.command, scope),
    environment: environmentOf(step, scope),
    secrets: secretTexts(scope),
    shownInputs,
  };
}

/** What a step's inputs may refer to: produced values and defaults, under the step's own declarations. */
function outerScope(step: CanonicalStep, produced: Values): Values {
  const declared = Object.entries(step.expectedInputs).flatMap(
    ([name, input]): [string, Value][] => {
      const value = valueOf(produced, name);
      if (value === undefined && input.default === "" && input.required) return [];
      if (value !== undefined && !input.sensitive) return [[name, value]];
      return [[name, { text: value?.text ?? input.default, isSensitive: input.sensitive }]];
    },
  );
  return { ...produced, ...Object.fromEntries(declared) };
}

/** An input that refers to a variable without a value has none itself; the first such is the step's problem. */
function ownInputs(
  step: CanonicalStep,
  outer: Values,
): { readonly inputs: Values; readonly problem: string | undefined } {
  const inputs: [string, Value][] = [];
  let problem: string | undefined;
  for (const [name, raw] of Object.entries(step.inputs)) {
    const text = String(raw);
    const substitution = substitute(text, (variable) => valueOf(outer, variable)?.text);
    if (!substitution.ok) {
      problem ??= `input "${name}": ${substitutionProblem(substitution)}`;
      continue;
    }
    const isDerived = !isDeclaredSensitive(step, name) && usesSensitive(text, outer);
    const isSensitive = isDerived || isDeclaredSensitive(step, name);
    inputs.push([name, { text: substitution.text, isSensitive, isDerived }]);
  }
  return { inputs: Object.fromEntries(inputs), problem };
}

function inputProblem(step: CanonicalStep, scope: Values): string | undefined {
  for (const [name, { type }] of Object.entries(step.expectedInputs)) {
    const value = valueOf(scope, name);
    if (value === undefined) return missing(name);
    const problem = typeProblem(name, { type, value });
    if (problem !== undefined) return problem;
  }
  for (const name of [...Object.keys(step.expectedInputs), ...Object.keys(step.inputs)]) {
    const value = valueOf(scope, name);
    const problem = value === undefined ? undefined : valueProblem(value);
    if (problem !== undefined) return `input "${name}" ${problem}`;
  }
  return undefined;
}

function missing(name: string): string {
  return `required input "${name}" has no value: neither the step's inputs nor an earlier step give it one, and it has no default`;
}

type CommandChoice =
  | { readonly ok: true; readonly command: CanonicalStep["command"] }
  | { readonly ok: false; readonly reason: string };

function substituteCommand(command: CanonicalStep["command"], scope: Values): CommandChoice {
  let reason: string | undefined;
  const toText = (text: string): string => {
    const substitution = substitute(text, (name) => valueOf(scope, name)?.text);
    if (substitution.ok) return substitution.text;
    reason ??= substitutionProblem(substitution);
    return text;
  };
  // The copy has the same shape: only its texts differ.
  const resolved = mapTexts(command, toText) as CanonicalStep["command"];
  return reason === undefined ? { ok: true, command: resolved } : { ok: false, reason };
}

function substitutionProblem(
  problem: { readonly name: string } | { readonly malformed: string },
): string {
  return "name" in problem
    ? `variable "${problem.name}" has no value: no step before has produced it`
    : `"${problem.malformed}" is no variable`;
}

/** Inputs keep their types where nothing was substituted. */
function runnable(
  step: CanonicalStep,
  command: CanonicalStep["command"],
  scope: Values,
): RunnableStep {
  const textOf = (name: string): string => valueOf(scope, name)?.text ?? "";
  const inputs = mapEntries(step.inputs, (raw, name) =>
    typeof raw === "string" ? textOf(name) : raw,
  );
  const expectedInputs = mapEntries(step.expectedInputs, (input, name) => ({
    ...input,
    value: textOf(name),
  }));
  return { ...step, command, inputs, expectedInputs };
}

/** What was declared or given: a value that the step did not ask for stays out of its processes. */
function environmentOf(step: CanonicalStep, scope: Values): Record<string, string> {
  const names = [...Object.keys(step.expectedInputs), ...Object.keys(step.inputs)];
  const entries = names
    .filter((name) => isVariableName(name) && !isReservedInput(name))
    .flatMap((name): [string, string][] => {
      const value = valueOf(scope, name);
      return value === undefined ? [] : [[name, value.text]];
    });
  return Object.fromEntries(entries);
}

/** Inputs that say how a step is executed, and are no variables for its processes. */
function isReservedInput(name: string): boolean {
  return name === "dir" || name === "user";
}

/** What has to come from the steps before, or from a default: the step itself gives it no value. */
function neededNames(step: CanonicalStep): readonly string[] {
  const given = new Set(Object.keys(step.inputs));
  const needed = [
    ...Object.keys(step.expectedInputs),
    ...step.conditions.map((one) => one.inputName),
  ];
  visitTexts(step.command, "", (text) => needed.push(...variablesOf(text)));
  const outer = needed.filter((name) => !given.has(name));
  visitTexts(step.inputs, "", (text) => outer.push(...variablesOf(text)));
  return outer;
}

function lostReason(name: string): string {
  return `variable "${name}" has no value here: a step that this run leaves out produced it, and the service does not know it, because it is sensitive or too long; start from that step`;
}

/** Declared, given, or used in a text. */
function shownNames(step: CanonicalStep): readonly string[] {
  const names = new Set([...Object.keys(step.inputs), ...Object.keys(step.expectedInputs)]);
  const addUsed = (text: string): void => {
    for (const name of variablesOf(text)) names.add(name);
  };
  visitTexts(step.command, "", addUsed);
  visitTexts(step.inputs, "", addUsed);
  for (const { inputName } of step.conditions) names.add(inputName);
  return [...names].toSorted();
}

function variablesOf(text: string): readonly string[] {
  return parseText(text).flatMap((part) => (part.kind === "variable" ? [part.name] : []));
}

function usesSensitive(text: string, scope: Values): boolean {
  return variablesOf(text).some((name) => valueOf(scope, name)?.isSensitive ?? false);
}

function isDeclaredSensitive(step: CanonicalStep, name: string): boolean {
  return declarationOf(step, name)?.sensitive ?? false;
}

function isRequired(step: CanonicalStep, name: string): boolean {
  return declarationOf(step, name)?.required ?? false;
}

function declarationOf(step: CanonicalStep, name: string): CanonicalExpectedInput | undefined {
  return Object.hasOwn(step.expectedInputs, name) ? step.expectedInputs[name] : undefined;
}

function mapEntries<From, To>(
  record: Readonly<Record<string, From>>,
  toValue: (value: From, name: string) => To,
): Record<string, To> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [name, toValue(value, name)]),
  );
}
