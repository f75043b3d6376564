import type { CanonicalJob } from "@courier/schema";
import type { ErrorDetail } from "../courier-error.ts";

/**
 * Every field of a valid job that this version would not execute, with its JSON pointer; empty when the job can run.
 * The service refuses such a job when it is added, so that nothing is accepted and then ignored.
 */
export function findUnsupported({ actions }: CanonicalJob): readonly ErrorDetail[] {
  if (actions.accessMode === "agent") return [];
  const message = `access mode "${actions.accessMode}" is not supported by this version`;
  return [{ pointer: "/actions/accessMode", message }];
}
