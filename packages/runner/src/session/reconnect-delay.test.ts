import { expect, test } from "vitest";
import { reconnectDelayMs } from "./reconnect-delay.ts";

test("doubles its cap up to 30 s", () => {
  const longest = [1, 2, 3, 8, 50, 5000].map((count) => reconnectDelayMs(count, () => 1));

  expect(longest).toEqual([250, 500, 1000, 30_000, 30_000, 30_000]);
});

test("is spread over the whole range", () => {
  expect(reconnectDelayMs(8, () => 0)).toBe(0);
  expect(reconnectDelayMs(8, () => 0.5)).toBe(15_000);
});
