import { expect, test } from "vitest";
import { counted, ordinal } from "./counted.ts";

test.each([
  [1, "1st"],
  [2, "2nd"],
  [3, "3rd"],
  [4, "4th"],
  [10, "10th"],
  [11, "11th"],
  [12, "12th"],
  [13, "13th"],
  [21, "21st"],
  [101, "101st"],
  [112, "112th"],
  [1003, "1003rd"],
])("%i is written %s", (count, text) => {
  expect(ordinal(count)).toBe(text);
});

test("one node, two nodes", () => {
  expect([0, 1, 2].map((count) => counted(count, "node"))).toEqual([
    "0 nodes",
    "1 node",
    "2 nodes",
  ]);
});
