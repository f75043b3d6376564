import { describe, expect, it } from "vitest";
import { pageOf, pageRequestOf } from "./pagination.ts";

describe("pageRequestOf", () => {
  it("asks for the first ten items by default", () => {
    expect(pageRequestOf({})).toEqual({ page: 1, size: 10 });
  });
});

describe("pageOf", () => {
  it("has the seed's envelope for a single page", () => {
    const page = pageOf(["one"], 1, { request: { page: 1, size: 10 }, url: "/things" });

    expect(page).toEqual({
      items: ["one"],
      pagination: {
        itemsPerPage: 10,
        nextLink: "",
        page: 1,
        pageItemCount: 1,
        previousLink: "",
        startIndex: 1,
        totalItems: 1,
        totalPages: 1,
      },
      totalItems: 1,
    });
  });

  it("links to both neighbours and keeps the filters", () => {
    const page = pageOf(["c", "d"], 6, {
      request: { page: 2, size: 2 },
      url: "/things?status=running&page=2&size=2",
    });

    expect(page.pagination.startIndex).toBe(3);
    expect(page.pagination.totalPages).toBe(3);
    expect(page.pagination.nextLink).toBe(
      "/things?status=running&pagination.page=3&pagination.size=2",
    );
    expect(page.pagination.previousLink).toBe(
      "/things?status=running&pagination.page=1&pagination.size=2",
    );
  });

  it("links back into the list from a page beyond its end", () => {
    const page = pageOf([], 6, { request: { page: 9, size: 2 }, url: "/things" });

    expect(page.pagination.nextLink).toBe("");
    expect(page.pagination.previousLink).toBe("/things?pagination.page=3&pagination.size=2");
  });
});
