import { CourierError, findFilterMistakes } from "@courier/core";
import type { FilterConstraints } from "@courier/schema";
import { summaryOf } from "./request-validation.ts";

/** Throws BODY_INVALID with every mistake in a body's `constraints` that their schema does not know. */
export function requireSoundFilter(constraints: FilterConstraints): void {
  const details = findFilterMistakes(constraints, "/constraints");
  if (details.length === 0) return;
  throw new CourierError("BODY_INVALID", summaryOf("the body", details), { details });
}
