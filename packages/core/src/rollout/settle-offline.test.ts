import { expect, test } from "vitest";
import { settleOffline } from "./settle-offline.ts";

const runs = [
  { name: "a", isOnline: true },
  { name: "b", isOnline: false },
  { name: "c", isOnline: true },
] as const;
const [a, b, c] = runs;

test("wait gives every run to its node", () => {
  const settled = settleOffline(runs, { policy: "wait", now: 0, presenceSettledAt: 10 });

  expect(settled).toEqual({ dispatch: runs, refuse: [], settledCount: 3, waitUntil: null });
});

test.each(["fail", "skip"] as const)("%s refuses runs whose nodes are offline", (policy) => {
  const settled = settleOffline(runs, { policy, now: 10, presenceSettledAt: 10 });

  expect(settled).toEqual({ dispatch: [a, c], refuse: [b], settledCount: 3, waitUntil: null });
});

test.each(["fail", "skip"] as const)("%s stops at a node that may still come back", (policy) => {
  const settled = settleOffline(runs, { policy, now: 9, presenceSettledAt: 10 });

  expect(settled).toEqual({ dispatch: [a], refuse: [], settledCount: 1, waitUntil: 10 });
});
