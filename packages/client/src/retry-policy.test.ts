import { CourierError } from "@courier/core";
import { describe, expect, it } from "vitest";

import { attemptsMax } from "./limits.ts";
import { retryDelayMs, withRetries } from "./retry-policy.ts";
import { ServiceError, UnreachableError } from "./service-error.ts";

function setup(failures: readonly Error[]) {
  const delays: number[] = [];
  let calls = 0;
  const attempt = withRetries(
    () => {
      calls += 1;
      const failure = failures[calls - 1];
      return failure === undefined ? Promise.resolve("done") : Promise.reject(failure);
    },
    {
      signal: new AbortController().signal,
      pace: {
        random: () => 0.5,
        delay: (ms) => {
          delays.push(ms);
          return Promise.resolve();
        },
      },
    },
  );
  return { attempt, delays, calls: () => calls };
}

const refused = new UnreachableError("refused", { isTransient: true });

describe("withRetries", () => {
  it("tries again after what may pass, with growing delays", async () => {
    const { attempt, delays } = setup([refused, refused]);

    expect(await attempt).toBe("done");
    expect(delays).toEqual([50, 100]);
  });

  it("gives up after the last attempt with the last error", async () => {
    const { attempt, calls } = setup(Array.from({ length: 10 }, () => refused));

    await expect(attempt).rejects.toBe(refused);
    expect(calls()).toBe(attemptsMax);
  });

  it.each([
    new CourierError("JOB_NAME_TAKEN", "taken"),
    new UnreachableError("certificate", { isTransient: false }),
    new TypeError("defect"),
  ])("does not try again after %s", async (failure) => {
    const { attempt, calls } = setup([failure]);

    await expect(attempt).rejects.toBe(failure);
    expect(calls()).toBe(1);
  });
});

describe("retryDelayMs", () => {
  it("is capped", () => {
    expect(retryDelayMs(50, refused, () => 0.999)).toBeLessThanOrEqual(2000);
  });

  it("waits at least as long as the service asks, within reason", () => {
    const asked = (retryAfterMs: number): ServiceError =>
      new ServiceError("RATE_LIMITED", "slow down", { retryAfterMs });

    expect(retryDelayMs(1, asked(3000), () => 0)).toBe(3000);
    expect(retryDelayMs(1, asked(3_600_000), () => 0)).toBe(10_000);
  });
});
