import type { PageQuery } from "@courier/client";
import { CourierError } from "@courier/core";

import type { Flags } from "./flags.ts";

/** The page that the flags ask for. */
export function readPageQuery(flags: Flags): PageQuery {
  const size = flags.integer("pagination.size", { min: 1, max: 100_000 });
  if (size !== undefined && size > 1000 && size % 1000 !== 0) {
    throw new CourierError(
      "USAGE",
      `--pagination.size above 1000 must be a multiple of 1000, not "${size}"`,
    );
  }
  return { page: flags.integer("pagination.page", { min: 1 }), size };
}
