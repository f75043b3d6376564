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
    expect(() => templateFormatOf("text/xml")).toThrowErrorMatchingInlineSnapshot(
      `[CourierError: content type "text/xml" is not accepted; send application/json, application/yaml or application/toml in UTF-8]`,
    );
    expect(() =>
      templateFormatOf("application/json; charset=utf-16"),
    ).toThrowErrorMatchingInlineSnapshot(
      `[CourierError: charset=utf-16 is not accepted; send application/json, application/yaml or application/toml in UTF-8]`,
    );
  });
});
