import { describe, expect, it } from "vitest";
import { templateFormatOf } from "./template-format.ts";

describe("templateFormatOf", () => {
  it("knows the media types of the three formats", () => {
    expect(templateFormatOf("application/json; charset=utf-8")).toBe("json");
    expect(templateFormatOf("application/x-yaml")).toBe("yaml");
    expect(templateFormatOf("Application/TOML")).toBe("toml");
  });

  it("takes JSON when nothing is said", () => {
    expect(templateFormatOf(undefined)).toBe("json");
  });

  it("refuses anything else and says what it takes", () => {
    expect(() => templateFormatOf("text/xml")).toThrowErrorMatchingInlineSnapshot();
    expect(() =>
      templateFormatOf("application/json; charset=utf-16"),
    ).toThrowErrorMatchingInlineSnapshot();
  });
});
