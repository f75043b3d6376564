import { expect, test } from "vitest";
import { isVersionWithin } from "./version-range.ts";

test.each([
  ["", "", true],
  ["1.0.0", "", true],
  ["1.0.0", "1.0.0", true],
  ["0.9", "1.1", true],
  ["1", "1", true],
  ["1.0.1", "", false],
  ["2.0.0", "3.0.0", false],
  ["", "0.10.0", false],
  ["", "0.9.9", false],
])("1.0.0 in [%j, %j] is %j", (minVersion, maxVersion, expected) => {
  expect(isVersionWithin("1.0.0", { minVersion, maxVersion })).toBe(expected);
});

test("compares numbers, not text", () => {
  expect(isVersionWithin("1.10.0", { minVersion: "1.9.0", maxVersion: "" })).toBe(true);
});

test.each(["v1.4.0", "1.4.0-rc.9", "1.4.0+build.7", " 1.4.0"])("takes %j for 1.4.0", (version) => {
  expect(isVersionWithin(version, { minVersion: "1.4.0", maxVersion: "1.4.0" })).toBe(true);
  expect(isVersionWithin("1.4.0", { minVersion: version, maxVersion: version })).toBe(true);
});
