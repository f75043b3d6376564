import { expect, test } from "vitest";
import { nearestName } from "./nearest-name.ts";

test.each([
  ["interpeter", "interpreter"],
  ["nodelisttype", "nodeListType"],
  ["node_list_type", "nodeListType"],
  ["nmae", "name"],
  ["naem", "name"],
  ["interp", "interpreter"],
])("takes %s for %s", (written, meant) => {
  expect(nearestName(written, ["name", "interpreter", "nodeListType"])).toBe(meant);
});

test("suggests nothing for a name that resembles none", () => {
  expect(nearestName("colour", ["name", "interpreter", "nodeListType"])).toBeUndefined();
});

test("does not compare a name of absurd length", () => {
  expect(nearestName("n".repeat(100_000), ["name"])).toBeUndefined();
});
