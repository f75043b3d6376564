import { spawn } from "node:child_process";
import { expect, test } from "vitest";
import { until } from "./event-loop.ts";

test("until waits for what comes from outside, however many turns of the loop that takes", async () => {
  const child = spawn(process.execPath, ["-e", ""], { stdio: "ignore" });

  await until(() => child.exitCode !== null);

  expect(child.exitCode).toBe(0);
});
