import type { CanonicalJob } from "@courier/schema";
import type { JobRow } from "@courier/store";

/** The template of a stored job. */
export function templateOf(job: JobRow): CanonicalJob {
  // The column holds the canonical form of a template that was validated when it was stored.
  return JSON.parse(job.template) as CanonicalJob;
}
