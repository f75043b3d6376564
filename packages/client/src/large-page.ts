import type { Pagination } from "@courier/schema";

import type { PageQuery } from "./call-options.ts";
import { pageSizeMax } from "./limits.ts";

/** A page of a list. */
export interface ListAnswer {
  readonly items: readonly unknown[];
  readonly pagination: Pagination;
}

/**
 * Reads a page of a list: one that is larger than the service gives at once (a multiple of `pageSizeMax`) in parts, as one
 * answer. What changes in the list meanwhile may be seen twice or not at all, as between any two pages.
 */
export async function readPage<List extends ListAnswer>(
  query: PageQuery,
  readPart: (query: PageQuery) => Promise<List>,
): Promise<List> {
  const { page = 1, size = pageSizeMax } = query;
  if (size <= pageSizeMax) return await readPart(query);
  const partCount = size / pageSizeMax;
  const firstPart = (page - 1) * partCount + 1;
  const first = await readPart({ ...query, page: firstPart, size: pageSizeMax });
  let last = first;
  const items = [...first.items];
  for (let part = 1; part < partCount && last.pagination.nextLink !== ""; part += 1) {
    last = await readPart({ ...query, page: firstPart + part, size: pageSizeMax });
    items.push(...last.items);
  }
  const { totalItems } = last.pagination;
  const pagination = {
    ...first.pagination,
    ...{ itemsPerPage: size, page, pageItemCount: items.length, totalItems },
    nextLink: last.pagination.nextLink,
    totalPages: Math.ceil(totalItems / size),
  };
  return { ...last, items, pagination };
}
