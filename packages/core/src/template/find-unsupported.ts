import type { CanonicalJob } from "@courier/schema";
import type { ErrorDetail } from "../courier-error.ts";

/**
 * Every field of a valid job that this version would not execute, with its JSON pointer; empty when the job can run.
 * The service refuses such a job when it is added, so that nothing is accepted and then ignored.
 */
export function findUnsupported({ actions }: CanonicalJob): readonly ErrorDetail[] {
  return [
    ...unless(
      actions.accessMode === "agent",
      "/actions/accessMode",
      `access mode "${actions.accessMode}"`,
    ),
    ...actions.steps.flatMap(({ limits }, index) => [
      ...unless(limits.cores === 0, `/actions/steps/${index}/limits/cores`, 'limit "cores"'),
      ...unless(limits.cpu === 1, `/actions/steps/${index}/limits/cpu`, 'limit "cpu"'),
    ]),
  ];
}

function unless(holds: boolean, pointer: string, what: string): readonly ErrorDetail[] {
  return holds ? [] : [{ pointer, message: `${what} is not supported by this version` }];
}
