import { quote } from "../describe-value.ts";
import type { Finding } from "../explain-violation.ts";
import type { JobTemplate, Step } from "../generated/job-template.ts";
import { appendPointer } from "../json-pointer.ts";
import { nearestName } from "../nearest-name.ts";

const platformInterpreters: readonly string[] = [
  "chef-platform/shell-interpreter",
  "chef-platform/restart-interpreter",
  "chef-platform/ansible-interpreter",
  "chef-platform/inspec-interpreter",
  "chef-platform/chef-client-interpreter",
];

/** What a valid template probably does not mean. */
export function findWarnings(template: JobTemplate): readonly Finding[] {
  return template.actions.steps.flatMap((step, index) => [
    ...strayRequired(step, `/actions/steps/${index}/outputFieldRules/required`),
    ...emptyArguments(step, `/actions/steps/${index}/failureBehavior`),
    ...nearInterpreter(step, `/actions/steps/${index}/interpreter/name`),
    ...readableSecrets(step, `/actions/steps/${index}`),
  ]);
}

function strayRequired(step: Step, pointer: string): readonly Finding[] {
  if (typeof step.outputFieldRules?.["required"] !== "boolean") return [];
  const message = '"required" beside the output rules is no rule and is left out';
  return [{ pointer, at: "key", message }];
}

/** Published examples have them where a number is meant. */
function emptyArguments(step: Step, pointer: string): readonly Finding[] {
  const given = step.failureBehavior?.retryBackoffStrategy?.arguments ?? [];
  return given.flatMap((entry, index): Finding[] => {
    if (typeof entry === "number") return [];
    const message = "{} is no number and is left out";
    return [
      { pointer: `${pointer}/retryBackoffStrategy/arguments/${index}`, at: "value", message },
    ];
  });
}

/** Nodes mask it, but the service keeps templates as they are. */
function readableSecrets(step: Step, pointer: string): readonly Finding[] {
  const message =
    "a sensitive value in a template can be read by everybody who may read the job; let a step get it on the node";
  return Object.entries(step.expectedInputs ?? {}).flatMap(([name, input]): Finding[] => {
    if (input.sensitive !== true) return [];
    const given = step.inputs?.[name];
    const isWritten = typeof given === "string" && given !== "" && !given.includes("{{");
    return [
      ...((input.default ?? "") === ""
        ? []
        : [
            {
              pointer: `${appendPointer(`${pointer}/expectedInputs`, name)}/default`,
              at: "value" as const,
              message,
            },
          ]),
      ...(isWritten
        ? [{ pointer: appendPointer(`${pointer}/inputs`, name), at: "value" as const, message }]
        : []),
    ];
  });
}

/** Any name may be an interpreter that the node's owner installed, so a near miss is no error. */
function nearInterpreter(step: Step, pointer: string): readonly Finding[] {
  const { name } = step.interpreter;
  if (platformInterpreters.includes(name)) return [];
  const didYouMean = nearestName(name, platformInterpreters);
  if (didYouMean === undefined) return [];
  const message = `${quote(name)} is taken for an interpreter of your own, did you mean ${quote(didYouMean)}?`;
  return [{ pointer, at: "value", message, didYouMean }];
}
