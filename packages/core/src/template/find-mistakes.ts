import type { CanonicalJob } from "@courier/schema";
import type { ErrorDetail } from "../courier-error.ts";
import { findFilterMistakes } from "../target/find-filter-mistakes.ts";

/**
 * What is wrong with a job although its schema is kept, each with its JSON pointer. Told to the user like a violation
 * of the schema: nothing is stored.
 */
export function findMistakes(job: CanonicalJob): readonly ErrorDetail[] {
  return job.target.groups.flatMap(({ nodeListType, filter }, index) =>
    nodeListType === "filter" && filter?.constraints !== undefined
      ? findFilterMistakes(filter.constraints, `/target/groups/${index}/filter/constraints`)
      : [],
  );
}
