import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { programPath, startStack, textAt, valueAt, type Stack } from "../e2e/stack.ts";

function fileOf(name: string): string {
  return fileURLToPath(new URL(`../../examples/schedules/${name}`, import.meta.url));
}

describe("the examples of examples/schedules on real nodes", () => {
  let stack: Stack;
  const jobs = ["scheduler", "jobs"];

  beforeAll(async () => {
    stack = await startStack({ runnerNames: ["demo-1", "demo-2"] });
  });

  afterEach(async () => {
    await stack.endLeftovers();
  });

  afterAll(async () => {
    await stack.stop();
  });

  async function add(file: string): Promise<string> {
    const added = await stack.json([...jobs, "add-job", "--body-file", fileOf(file)]);
    return textAt(added, ["item", "id"]);
  }

  /** Executes a job now, whatever its schedule. */
  async function execute(jobId: string): Promise<unknown> {
    const start = [...jobs, "create-manual-job", "--jobId", jobId, "--wait"];
    return valueAt(await stack.json(start), ["item", "instance", "status"]);
  }

  async function estimate(jobId: string, count: number): Promise<unknown> {
    return stack.json([...jobs, "estimate-run-times", "--jobId", jobId, "--count", String(count)]);
  }

  it("nightly.yaml runs at 03:00 in Berlin, but not over the holidays of holidays.toml", async () => {
    const jobId = await add("nightly.yaml");
    expect(await execute(jobId)).toBe("success");
    const free = await estimate(jobId, 400);

    const rule = ["scheduler", "exceptions", "add-rule", "--body-file", fileOf("holidays.toml")];
    await stack.json(rule);
    const frozen = await estimate(jobId, 400);
    await stack.json(["scheduler", "exceptions", "delete-rule", "--rule-id", "holidays"]);

    expect(textAt(free, ["estimates", 0])).toMatch(/T0[12]:00:00\.000Z$/);
    expect(valueAt(free, ["blocked_by_exceptions"])).toEqual([]);
    expect(textAt(frozen, ["blocked_by_exceptions", 13, "reason"])).toMatch(
      /^global exception "holidays" \(nobody is there to repair things\) until /,
    );
  });

  it("office-hours.json runs every half hour of a working day", async () => {
    const jobId = await add("office-hours.json");
    expect(await execute(jobId)).toBe("success");

    const times = valueAt(await estimate(jobId, 21), ["estimates"]) as string[];
    const zone = { timeZone: "America/New_York", hourCycle: "h23" } as const;
    const show = new Intl.DateTimeFormat("en-US", { ...zone, weekday: "short", hour: "2-digit" });

    for (const text of times.map((time) => show.format(new Date(time)))) {
      expect(text).toMatch(/^(Mon|Tue|Wed|Thu|Fri),? (08|09|1[0-7])/);
    }
    expect(new Set(times.map((time) => time.slice(0, 10))).size).toBeGreaterThan(1);
  });

  it("by-hand.sh starts by-hand.yaml, which waits for the end of a freeze", async () => {
    const { stdout } = await promisify(execFile)("sh", [fileOf("by-hand.sh")], {
      env: {
        PATH: process.env["PATH"],
        COURIER_CLI: programPath("courier-cli"),
        COURIER_URL: stack.url,
        COURIER_TOKEN: stack.adminToken,
      },
    });

    expect(stdout).toBe(
      [
        "the job is inactive",
        "the instance ended success",
        'during a freeze: held back by global exception "emergency" (the network is being repaired)',
        "after it: success",
        "",
      ].join("\n"),
    );
  });
});
