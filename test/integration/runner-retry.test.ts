import { FakeClock } from "@courier/testkit";
import type { CanonicalBackoff } from "@courier/schema";
import { afterEach, beforeEach, expect, test } from "vitest";
import { assignment, setup, shell, type RunnerFixture } from "./runner-fixture.ts";

let fixture: RunnerFixture;

beforeEach(async () => {
  fixture = await setup();
});

afterEach(async () => {
  await fixture.dispose();
});

const cases: readonly (readonly [CanonicalBackoff, readonly number[]])[] = [
  [{ type: "none", delaySeconds: 60, arguments: [] }, [0, 0, 0]],
  [{ type: "linear", delaySeconds: 60, arguments: [] }, [60, 120, 180]],
  [{ type: "exponential", delaySeconds: 60, arguments: [] }, [60, 120, 240]],
  [{ type: "polynomial", delaySeconds: 60, arguments: [3] }, [60, 480, 1620]],
  [{ type: "linear", delaySeconds: 3000, arguments: [] }, [3000, 3600, 3600]],
];

test.each(cases)("waits before each retry as %j says", async (retryBackoffStrategy, delays) => {
  const { server, witness } = fixture;
  const clock = new FakeClock();
  await fixture.agent({ clock });
  const run = assignment([
    {
      ...shell(`echo $COURIER_ATTEMPT >> ${witness}; exit 4`, { retryCount: delays.length }),
      failureBehavior: { action: "retryThenFail", retryBackoffStrategy },
    },
  ]);

  server.assign(run);
  for (const [index, delaySeconds] of delays.entries()) {
    await server.waitFor(
      (message) =>
        message.type === "step" &&
        message.step.reason.startsWith(`attempt ${index + 1}: exit code 4`),
    );
    if (delaySeconds > 0) await clock.advance(delaySeconds * 1000 - 1);
    if (delaySeconds > 0) expect(fixture.readWitness().split("\n")).toHaveLength(index + 2);
    await clock.advance(1);
  }
  const result = await server.result(run.runId);

  expect(result.steps[0]).toMatchObject({
    status: "failure",
    attemptCount: delays.length + 1,
    exitCode: 4,
    reason: "exit code 4",
  });
  expect(fixture.readWitness()).toBe("1\n2\n3\n4\n");
});

test("stops retrying after a success", async () => {
  const { server } = fixture;
  await fixture.agent();
  const run = assignment([shell('[ "$COURIER_ATTEMPT" = 2 ]', { retryCount: 5 })]);

  server.assign(run);
  const result = await server.result(run.runId);

  expect(result).toMatchObject({ status: "success" });
  expect(result.steps[0]).toMatchObject({ status: "success", attemptCount: 2 });
});

test("keeps the output of each attempt apart", async () => {
  const { server } = fixture;
  await fixture.agent();
  const run = assignment([shell("echo attempt $COURIER_ATTEMPT; exit 1", { retryCount: 1 })]);

  server.assign(run);
  await server.result(run.runId);

  expect(server.text(run.runId, { attempt: 1 })).toBe("attempt 1\n");
  expect(server.text(run.runId, { attempt: 2 })).toBe("attempt 2\n");
});

test("retries an attempt that exceeded its time limit", async () => {
  const { server } = fixture;
  await fixture.agent();
  const step = shell("sleep 300", { retryCount: 1 });
  const run = assignment([{ ...step, limits: { ...step.limits, timeoutSeconds: 0.2 } }]);

  server.assign(run);
  const result = await server.result(run.runId);

  expect(result).toMatchObject({ status: "timeout", steps: [{ attemptCount: 2 }] });
});
