import { describe, expect, it } from "vitest";

import type { PageQuery } from "./call-options.ts";
import { readPage } from "./large-page.ts";

/** A service with so many numbered items that gives at most 1,000 at once. */
function setup(totalItems: number) {
  const asked: unknown[] = [];
  const read = async ({ page = 1, size = 10 }: PageQuery) => {
    asked.push([page, size]);
    expect(size).toBeLessThanOrEqual(1000);
    const start = (page - 1) * size;
    const items = Array.from(
      { length: Math.max(0, Math.min(size, totalItems - start)) },
      (_, i) => start + i,
    );
    const totalPages = Math.ceil(totalItems / size);
    const pagination = {
      ...{ itemsPerPage: size, page, pageItemCount: items.length, startIndex: start + 1 },
      ...{ totalItems, totalPages, previousLink: page > 1 ? "previous" : "" },
      nextLink: page < totalPages ? `from ${start + size}` : "",
    };
    return { items, pagination, totalItems };
  };
  return { asked, read };
}

describe("readPage", () => {
  it("asks once for a page that the service gives at once", async () => {
    const { asked, read } = setup(30);

    const answer = await readPage({ page: 2 }, read);

    expect(asked).toEqual([[2, 10]]);
    expect(answer.items[0]).toBe(10);
  });

  it("reads a larger page in parts, and stops where the list ends", async () => {
    const { asked, read } = setup(2500);

    const answer = await readPage({ page: 1, size: 10_000 }, read);

    expect(asked).toHaveLength(3);
    expect(answer.items).toEqual(Array.from({ length: 2500 }, (_, index) => index));
    expect(answer.pagination).toEqual({
      ...{ itemsPerPage: 10_000, page: 1, pageItemCount: 2500, startIndex: 1 },
      ...{ totalItems: 2500, totalPages: 1, previousLink: "", nextLink: "" },
    });
  });

  it("finds the second of the large pages", async () => {
    const { read } = setup(5500);

    const { items, pagination } = await readPage({ page: 2, size: 2000 }, read);

    expect([items[0], items.at(-1)]).toEqual([2000, 3999]);
    expect(pagination).toMatchObject({ page: 2, totalPages: 3, startIndex: 2001 });
    expect(pagination.nextLink).toBe("from 4000");
  });
});
