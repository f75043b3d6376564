import { expect, test } from "vitest";
import { cpuQuotaOf } from "./cpu-quota.ts";

test.each<[number, number, number | undefined]>([
  [0, 1, undefined],
  [0, 0, undefined],
  [2, 1, 2],
  [2, 0, 2],
  [0, 0.5, 2],
  [2, 0.5, 1],
  [1, 0.1, 0.1],
  [2, 1.5, 3],
  [4, 1, undefined],
  [8, 0.25, 2],
])("%d cores and cpu %d are %j of 4 processors", (cores, cpu, expected) => {
  expect(cpuQuotaOf({ cores, cpu }, 4)).toBe(expected);
});
