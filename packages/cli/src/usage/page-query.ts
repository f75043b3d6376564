import type { PageQuery } from "@courier/client";

import type { Flags } from "./flags.ts";

/** The page that the flags ask for. */
export function readPageQuery(flags: Flags): PageQuery {
  return {
    page: flags.integer("pagination.page", { min: 1 }),
    size: flags.integer("pagination.size", { min: 1, max: 1000 }),
  };
}
