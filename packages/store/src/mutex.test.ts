import { expect, test } from "vitest";
import { Mutex } from "./mutex.ts";

test("lets callers in one at a time, in order of arrival, also after one failed", async () => {
  const mutex = new Mutex();
  const events: string[] = [];

  const outcomes = await Promise.allSettled(
    ["a", "b", "c"].map(
      async (name) =>
        await mutex.run(async () => {
          events.push(`${name} in`);
          await Promise.resolve();
          events.push(`${name} out`);
          if (name === "b") throw new Error("b failed");
        }),
    ),
  );

  expect(events).toEqual(["a in", "a out", "b in", "b out", "c in", "c out"]);
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
});
