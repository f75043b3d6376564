/** Which part of a list is wanted: 1-based page number and items per page. */
export interface PageRequest {
  readonly page: number;
  readonly size: number;
}

/** One page of a list, and how many items the whole list has. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly total: number;
}

/** How many items come before the page. */
export function offsetOf(request: PageRequest): number {
  return (request.page - 1) * request.size;
}
