import type { Pagination } from "@courier/schema";
import { pageSizeDefault } from "./limits.ts";

/** Which page of a list a request asks for; `page` is 1-based. */
export interface PageRequest {
  readonly page: number;
  readonly size: number;
}

/** The page parameters of a validated query. */
export interface PageQuery {
  readonly "pagination.page"?: number;
  readonly "pagination.size"?: number;
}

/** Reads the page parameters, with their defaults. */
export function pageRequestOf(
  query: PageQuery,
  sizeDefault: number = pageSizeDefault,
): PageRequest {
  return {
    page: query["pagination.page"] ?? 1,
    size: query["pagination.size"] ?? sizeDefault,
  };
}

/** A page of items with the envelope that old and new readers expect. */
export interface PageOf<Item> {
  readonly items: readonly Item[];
  readonly pagination: Pagination;
  readonly totalItems: number;
}

/** Wraps the items of one page; `url` is the request's path with its query, from which the links are made. */
export function pageOf<Item>(
  items: readonly Item[],
  totalItems: number,
  at: { readonly request: PageRequest; readonly url: string },
): PageOf<Item> {
  const { page, size } = at.request;
  const totalPages = Math.ceil(totalItems / size);
  const pagination = {
    itemsPerPage: size,
    nextLink: page < totalPages ? linkTo(at.url, page + 1, size) : "",
    page,
    pageItemCount: items.length,
    previousLink: page > 1 ? linkTo(at.url, Math.min(page - 1, Math.max(1, totalPages)), size) : "",
    startIndex: (page - 1) * size + 1,
    totalItems,
    totalPages,
  };
  return { items, pagination, totalItems };
}

function linkTo(url: string, page: number, size: number): string {
  const [path = "", query = ""] = url.split("?", 2);
  const parameters = new URLSearchParams(query);
  parameters.delete("page");
  parameters.delete("size");
  parameters.set("pagination.page", String(page));
  parameters.set("pagination.size", String(size));
  return `${path}?${parameters.toString()}`;
}
