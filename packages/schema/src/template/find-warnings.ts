import { quote } from "../describe-value.ts";
import type { Finding } from "../explain-violation.ts";
import type { JobTemplate, Step } from "../generated/job-template.ts";
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
    ...nearInterpreter(step, `/actions/steps/${index}/interpreter/name`),
  ]);
}

function strayRequired(step: Step, pointer: string): readonly Finding[] {
  if (typeof step.outputFieldRules?.["required"] !== "boolean") return [];
  const message = '"required" beside the output rules is no rule and is left out';
  return [{ pointer, at: "key", message }];
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
