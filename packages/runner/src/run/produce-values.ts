import { extractValue, type Value, type Values } from "@courier/core";
import type { CanonicalStep } from "@courier/schema";
import { readSource, type EndedAttempt } from "../step/read-source.ts";
import type { StepVariables } from "./step-variables.ts";

/** What an attempt has produced by its step's output rules. */
export interface Production {
  readonly values: Values;
  /** A required value that there is not, as a sentence; undefined when nothing is missing. */
  readonly missing: string | undefined;
  /** Values that were not required and are left out for another reason than that there is none. */
  readonly notes: readonly string[];
  /** Why nothing of the output may be shown: a sensitive value that it may hold could not be taken from it. */
  readonly withheld: string | undefined;
}

/** Of an attempt of a step that promises nothing. */
export const nothingProduced: Production = {
  ...{ values: {}, missing: undefined, notes: [], withheld: undefined },
};

/**
 * Applies the output rules of a step to an attempt that has ended. A value that contains a secret is sensitive itself, whatever
 * its rule says.
 */
export async function produceValues(
  { outputFieldRules }: CanonicalStep,
  attempt: EndedAttempt,
  variables: StepVariables,
): Promise<Production> {
  const values: [string, Value][] = [];
  const notes: string[] = [];
  let missing: string | undefined;
  let withheld: string | undefined;
  for (const [name, rule] of Object.entries(outputFieldRules)) {
    const extraction = extractValue(rule, await readSource(rule, attempt));
    if (extraction.kind === "found") {
      values.push([name, { text: extraction.text, isSensitive: rule.sensitive }]);
      continue;
    }
    const reason = `output "${name}" has no value: ${extraction.reason}`;
    if (rule.required) missing ??= reason;
    else if (extraction.kind === "refused") notes.push(reason);
    if (rule.sensitive && extraction.kind === "refused") withheld ??= reason;
  }
  const found = Object.fromEntries(values);
  return { values: withDerived(found, variables), missing, notes, withheld };
}

function withDerived(found: Values, variables: StepVariables): Values {
  // Too much to look for: all that the step wrote is withheld, and so are its values.
  if (variables.tooMuch(found) !== undefined) return found;
  const secrets = variables.secretMask(found);
  return Object.fromEntries(
    Object.entries(found).map(([name, value]) => {
      const isDerived = !value.isSensitive && secrets.maskText(value.text) !== value.text;
      return [name, isDerived ? { ...value, isSensitive: true, isDerived } : value];
    }),
  );
}

/** Whether what a step writes may hold a secret that is known only once the step has ended. */
export function producesSecrets({ outputFieldRules }: CanonicalStep): boolean {
  return Object.values(outputFieldRules).some((rule) => rule.sensitive);
}
