import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { jobTemplate } from "./cli-templates.ts";
import { startStack, textAt, valueAt, type Stack } from "./stack.ts";

let stack: Stack;
let endedId: string;

beforeAll(async () => {
  stack = await startStack({ runnerNames: ["web-1"] });
  const body = JSON.stringify(jobTemplate({ name: "rerun", nodes: ["web-1"] }));
  const added = await stack.json(["scheduler", "jobs", "add-job", "--body", body, "--wait"]);
  endedId = textAt(added, ["item", "instance", "id"]);
});

afterEach(async () => {
  await stack.endLeftovers();
});

afterAll(async () => {
  await stack.stop();
});

const rerun = ["state", "instance", "rerun"];

async function errorOf(
  args: readonly string[],
): Promise<{ readonly code: number | null; readonly error: unknown }> {
  const { code, stdout, stderr } = await stack.cli(args);
  expect(stdout).toBe("");
  return { code, error: valueAt(JSON.parse(stderr), ["error"]) };
}

describe("state instance rerun", () => {
  it("links the new instance and the first one both ways", async () => {
    const args = [...rerun, "--instanceId", endedId, "--status", "success", "--wait"];
    const answer = await stack.json(args);
    const id = textAt(answer, ["item", "id"]);

    const get = ["state", "instance", "get-instance", "--instanceId"];
    const [first, second] = [await stack.json([...get, endedId]), await stack.json([...get, id])];

    expect(valueAt(first, ["item", "rerunInstanceIds"])).toContain(id);
    expect(valueAt(second, ["item", "originInstanceId"])).toBe(endedId);
    expect(valueAt(second, ["item", "jobId"])).toBe(valueAt(first, ["item", "jobId"]));
    expect(valueAt(second, ["item", "status"])).toBe("success");
  });

  it("says that nothing matches", async () => {
    expect(await errorOf([...rerun, "--instanceId", endedId])).toMatchObject({
      code: 5,
      error: {
        code: "NOTHING_TO_RERUN",
        message: `there is no run of instance "${endedId}" that ended failure, timeout, canceled, skipped, undeliverable, unknown`,
      },
    });
  });

  it("refuses an instance that goes on, and a run that does", async () => {
    const template = jobTemplate({ name: "long", nodes: ["web-1"], lines: ["sleep 600"] });
    const id = await stack.startJob(template);
    const runs = await stack.json(["state", "instance", "list-instance-runs", "--instanceId", id]);
    const runId = textAt(runs, ["items", 0, "runId"]);

    expect(await errorOf([...rerun, "--instanceId", id])).toMatchObject({
      code: 5,
      error: { code: "INSTANCE_NOT_ENDED" },
    });
    expect(await errorOf(["state", "run", "retry", "--runId", runId])).toMatchObject({
      code: 5,
      error: { code: "RUN_NOT_ENDED", message: `run "${runId}" has not ended yet` },
    });
    await stack.json(["state", "instance", "cancel", "--instanceId", id]);
    await stack.cli(["state", "instance", "watch", "--instanceId", id]);
  });

  it("starts from a later step, and says which steps there are", async () => {
    const from = [...rerun, "--instanceId", endedId, "--status", "success", "--from-step"];

    const answer = await stack.json([...from, "step", "--wait"]);
    const wrong = await errorOf([...from, "7"]);

    expect(valueAt(answer, ["item", "instance", "fromStep"])).toBe(1);
    expect(wrong).toMatchObject({
      code: 2,
      error: {
        code: "REQUEST_INVALID",
        message: 'fromStep: there is no step 7; the steps are 1 "step"',
      },
    });
  });

  it("explains a wrong status and a missing instance", async () => {
    const wrong = await errorOf([...rerun, "--instanceId", endedId, "--status", "failed,timeout"]);
    const missing = await errorOf([...rerun, "--instanceId", "nobody"]);

    expect(wrong).toMatchObject({
      code: 2,
      error: {
        code: "USAGE",
        message:
          '--status: "failed" is not an outcome; use success, failure, timeout, canceled, skipped, undeliverable, unknown',
      },
    });
    expect(missing).toMatchObject({ code: 4, error: { code: "INSTANCE_NOT_FOUND" } });
  });
});
