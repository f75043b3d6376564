import { describe, expect, it } from "vitest";

import { Flags } from "./flags.ts";

describe("Flags", () => {
  it.each(["-1", "1.5", "x", "", "0", "1001", "1e2"])("refuses %j as a page size", (text) => {
    const flags = new Flags({ size: text });

    expect(() => flags.integer("size", { min: 1, max: 1000 })).toThrow(
      `--size must be a whole number, 1 to 1000, not "${text}"`,
    );
  });

  it("reads a whole number", () => {
    expect(new Flags({ size: "1000" }).integer("size", { min: 1, max: 1000 })).toBe(1000);
  });

  it("takes an id with the quotes that jq leaves around it", () => {
    const id = "0f189030-2dae-4a12-9e70-b9f8ab7b0144";

    expect(new Flags({ runId: `"${id}"` }).need("runId")).toBe(id);
    expect(new Flags({ name: '"web"' }).need("name")).toBe('"web"');
  });

  it("reads a switch that may carry a value", () => {
    const read = (expand: unknown): boolean => new Flags({ expand }).isTrue("expand", true);

    expect([undefined, true, "true", "false"].map(read)).toEqual([true, true, true, false]);
  });

  it("refuses an empty value where one is needed", () => {
    expect(() => new Flags({ jobId: " " }).need("jobId")).toThrow("--jobId must not be empty");
  });
});
