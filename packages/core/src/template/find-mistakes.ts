import type { CanonicalGroup, CanonicalJob } from "@courier/schema";
import type { ErrorDetail } from "../courier-error.ts";
import { findFilterMistakes } from "../target/find-filter-mistakes.ts";
import { findVariableMistakes } from "../variables/find-variable-mistakes.ts";
import { findPlaybookMistakes } from "./find-playbook-mistakes.ts";
import { findVersionMistakes } from "./find-version-mistakes.ts";

/**
 * What is wrong with a job although its schema is kept, each with its JSON pointer. Told to the user like a violation
 * of the schema: nothing is stored.
 */
export function findMistakes(job: CanonicalJob): readonly ErrorDetail[] {
  return [
    ...job.target.groups.flatMap((group, index) => [
      ...filterMistakes(group, `/target/groups/${index}`),
      ...rolloutMistakes(group, `/target/groups/${index}`),
    ]),
    ...findVersionMistakes(job.actions.steps),
    ...findPlaybookMistakes(job.actions.steps),
    ...findVariableMistakes(job.actions.steps),
  ];
}

function filterMistakes(
  { nodeListType, filter }: CanonicalGroup,
  pointer: string,
): readonly ErrorDetail[] {
  return nodeListType === "filter" && filter?.constraints !== undefined
    ? findFilterMistakes(filter.constraints, `${pointer}/filter/constraints`)
    : [];
}

/** A rolling window has no batches that could grow or that one could wait after. */
function rolloutMistakes(group: CanonicalGroup, pointer: string): readonly ErrorDetail[] {
  const { batchSize, distributionMethod, soakSeconds = 0, timeoutSeconds } = group;
  const mistakes: ErrorDetail[] = [];
  if (distributionMethod === "rolling" && batchSize.type === "ramp") {
    const message =
      'a ramp is a list of batches, and "rolling" has none: use distributionMethod "batching", or one number or percentage';
    mistakes.push({ pointer: `${pointer}/batchSize/type`, message });
  }
  if (distributionMethod === "rolling" && soakSeconds > 0) {
    const message =
      'soakSeconds is the wait after a batch, and "rolling" has no batches: use distributionMethod "batching", or leave it out';
    mistakes.push({ pointer: `${pointer}/soakSeconds`, message });
  }
  if (timeoutSeconds > 0 && soakSeconds >= timeoutSeconds) {
    const message = `the group's timeoutSeconds (${timeoutSeconds}) run out before a soak of ${soakSeconds} s does, so that no second batch would start`;
    mistakes.push({ pointer: `${pointer}/soakSeconds`, message });
  }
  return mistakes;
}
