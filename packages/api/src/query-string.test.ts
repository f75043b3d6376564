import { describe, expect, it } from "vitest";
import { parseQueryString } from "./query-string.ts";

describe("parseQueryString", () => {
  it("accepts both spellings of a filter", () => {
    expect({ ...parseQueryString("job-id=a&group-number=1") }).toEqual({
      jobId: "a",
      groupNumber: "1",
    });
    expect({ ...parseQueryString("jobId=a") }).toEqual({ jobId: "a" });
  });

  it("accepts both spellings of the page", () => {
    expect({ ...parseQueryString("page=2&size=5") }).toEqual({
      "pagination.page": "2",
      "pagination.size": "5",
    });
    expect({ ...parseQueryString("pagination.page=2") }).toEqual({ "pagination.page": "2" });
  });

  it("keeps every value of a repeated parameter, also in different spellings", () => {
    expect({ ...parseQueryString("jobId=a&job-id=b") }).toEqual({ jobId: ["a", "b"] });
  });

  it("has no inherited names", () => {
    expect(parseQueryString("__proto__=x")["__proto__"]).toBe("x");
    expect(parseQueryString("")["constructor"]).toBeUndefined();
  });
});
