import { nearestName, type CanonicalOutputFieldRule, type CanonicalStep } from "@courier/schema";
import type { ErrorDetail } from "../courier-error.ts";
import { parseJsonPath } from "../json-path/parse-json-path.ts";
import { compileLinearRegex } from "../text/linear-regex.ts";
import { typeProblem } from "./input-type.ts";
import { escapePointer, parseText, visitTexts } from "./template-text.ts";

/**
 * What the schema cannot see in the variables of steps: names that nothing gives a value, expressions that are none, defaults
 * of another type.
 */
export function findVariableMistakes(steps: readonly CanonicalStep[]): readonly ErrorDetail[] {
  const produced = new Set<string>();
  return steps.flatMap((step, index) => {
    const mistakes = mistakesInStep(step, { produced, pointer: `/actions/steps/${index}` });
    for (const name of Object.keys(step.outputFieldRules)) produced.add(name);
    return mistakes;
  });
}

function mistakesInStep(
  step: CanonicalStep,
  { produced, pointer }: { readonly produced: ReadonlySet<string>; readonly pointer: string },
): readonly ErrorDetail[] {
  const outer = new Set([...produced, ...Object.keys(step.expectedInputs)]);
  const known = new Set([...outer, ...Object.keys(step.inputs)]);
  return [
    ...Object.entries(step.expectedInputs).flatMap(([name, input]) => {
      const at = `${pointer}/expectedInputs/${escapePointer(name)}/default`;
      const value = { text: input.default, isSensitive: input.sensitive };
      const problem = typeProblem(name, { type: input.type, value });
      return input.default === "" || problem === undefined
        ? []
        : [{ pointer: at, message: problem }];
    }),
    ...step.conditions.flatMap((condition, index) => {
      const at = `${pointer}/conditions/${index}`;
      return [
        ...unknownName(condition.inputName, { known, pointer: `${at}/inputName`, isText: false }),
        ...(condition.operator === "matches" ? regexMistake(condition.value, `${at}/value`) : []),
      ];
    }),
    ...mistakesInTexts(step.inputs, { known: outer, pointer: `${pointer}/inputs` }),
    ...mistakesInTexts(step.command, { known, pointer: `${pointer}/command` }),
    ...Object.entries(step.outputFieldRules).flatMap(([name, rule]) =>
      ruleMistakes(rule, `${pointer}/outputFieldRules/${escapePointer(name)}`),
    ),
  ];
}

function mistakesInTexts(
  value: unknown,
  { known, pointer }: { readonly known: ReadonlySet<string>; readonly pointer: string },
): readonly ErrorDetail[] {
  const mistakes: ErrorDetail[] = [];
  visitTexts(value, pointer, (text, at) => {
    for (const part of parseText(text)) {
      if (part.kind === "variable")
        mistakes.push(...unknownName(part.name, { known, pointer: at, isText: true }));
      if (part.kind === "malformed") mistakes.push({ pointer: at, message: malformed(part.text) });
    }
  });
  return mistakes;
}

function malformed(text: string): string {
  return `${JSON.stringify(text)} is no variable: write {{.NAME}} or {{ shellquote .NAME }}, and ${asText(text)} for the text itself`;
}

function unknownName(
  name: string,
  place: {
    readonly known: ReadonlySet<string>;
    readonly pointer: string;
    /** Whether it stands in a text, where it may be meant as it is. */
    readonly isText: boolean;
  },
): readonly ErrorDetail[] {
  const { known, pointer, isText } = place;
  if (known.has(name)) return [];
  const nearest = nearestName(name, [...known]);
  const hint =
    nearest === undefined
      ? `declare it in "expectedInputs"${isText ? `, or write ${asText(`{{.${name}}}`)} for the text itself` : ""}`
      : `did you mean ${JSON.stringify(nearest)}?`;
  const message = `no earlier step produces variable ${JSON.stringify(name)}, and the step does not declare it; ${hint}`;
  return [{ pointer, message }];
}

function asText(text: string): string {
  return `{{\`${text}\`}}`;
}

function ruleMistakes(rule: CanonicalOutputFieldRule, pointer: string): readonly ErrorDetail[] {
  return [
    ...(rule.sourceType === "output" && rule.source !== "stdout" && rule.source !== "stderr"
      ? [
          {
            pointer: `${pointer}/source`,
            message: `expected "stdout" or "stderr", found ${JSON.stringify(rule.source)}`,
          },
        ]
      : []),
    ...(rule.extractMethod === "regEx"
      ? regexMistake(rule.expression, `${pointer}/expression`)
      : []),
    ...(rule.extractMethod === "jsonPath"
      ? jsonPathMistake(rule.expression, `${pointer}/expression`)
      : []),
  ];
}

function regexMistake(pattern: string, pointer: string): readonly ErrorDetail[] {
  const compiled = compileLinearRegex(pattern);
  if (compiled.ok) return [];
  return [{ pointer, message: `is not a regular expression in RE2 syntax: ${compiled.reason}` }];
}

function jsonPathMistake(expression: string, pointer: string): readonly ErrorDetail[] {
  const parsed = parseJsonPath(expression);
  if (parsed.ok) return [];
  return [{ pointer, message: `is not a JSONPath: ${parsed.reason}` }];
}
