import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startStack, textAt, valueAt, type Stack } from "../e2e/stack.ts";

const example = fileURLToPath(new URL("../../examples/artifacts.yaml", import.meta.url));

describe("the evidence of the artifacts example", () => {
  let stack: Stack;
  let runId: string;

  beforeAll(async () => {
    stack = await startStack({ runnerNames: ["demo-1"] });
    const add = ["scheduler", "jobs", "add-job", "--body-file", example];
    const added = await stack.json([...add, "--wait"]);
    const instanceId = textAt(added, ["item", "instance", "id"]);
    const list = ["state", "instance", "list-instance-runs", "--instanceId", instanceId];
    runId = textAt(await stack.json(list), ["items", 0, "runId"]);
  });

  afterAll(async () => {
    await stack.stop();
  });

  const get = (...args: readonly string[]): string[] => [
    ...["state", "run", "get-step-attempt-evidence", "--runId", runId],
    ...args,
  ];
  const tar = (...args: readonly string[]): string =>
    execFileSync("tar", args, { cwd: stack.directory, encoding: "utf8" });

  it("is there when the run has ended, each attempt's own", async () => {
    const steps = await stack.json(["state", "run", "list-steps", "--runId", runId]);

    expect(valueAt(steps, ["items", 0, "artifacts"])).toMatchObject([
      { attempt: 1, state: "stored", fileCount: 2, leftOutCount: 0, reason: "" },
      { attempt: 2, state: "stored", fileCount: 2 },
    ]);
  });

  it("is saved under a name of its own, with what the attempt wrote and left", async () => {
    const saved = await stack.json(get("--stepNumber", "1"));

    const file = `evidence-${runId}-step-1-attempt-2.tar.gz`;
    expect(textAt(saved, ["item", "file"])).toBe(file);
    expect(tar("-tzf", file).split("\n").slice(0, -1)).toEqual([
      ...["evidence.json", "stdout", "stderr"],
      ...["artifacts/attempt.txt", "artifacts/reports/machine.txt", "artifacts.json"],
    ]);
    expect(tar("-xOzf", file, "stdout", "artifacts/attempt.txt")).toBe(
      "left a report\nattempt 2\n",
    );
    expect(JSON.parse(tar("-xOzf", file, "evidence.json"))).toMatchObject({
      ...{ runId, nodeName: "demo-1", attempt: 2, status: "success", exitCode: 0 },
      artifacts: { state: "stored" },
    });
    const bytes = await readFile(join(stack.directory, file));
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    expect(textAt(saved, ["item", "sha256"])).toBe(sha256);
  });

  it("of the first attempt says that it failed, by the original's flags, on standard output", async () => {
    const { code, stdoutBytes } = await stack.cli(
      get("--stepNo", "1", "--attemptNo", "1", "--output", "-"),
    );

    expect(code).toBe(0);
    const facts = execFileSync("tar", ["-xOz", "evidence.json"], { input: stdoutBytes });
    expect(JSON.parse(facts.toString())).toMatchObject({ attempt: 1, status: "failure" });
  });

  it("replaces no file unless it is told to, and leaves nothing half written", async () => {
    const args = get("--stepNumber", "1", "--output", "mine.tar.gz");
    await stack.json(args);

    const again = await stack.cli(args);
    const forced = await stack.cli([...args, "--force"]);
    const nowhere = await stack.cli(get("--stepNumber", "1", "--output", "no/such/place"));

    expect([again.code, forced.code, nowhere.code]).toEqual([2, 0, 2]);
    expect(again.stderr).toContain("exists; give another --output, or --force to replace it");
    expect(nowhere.stderr).toContain('cannot write \\"no/such/place\\"');
    expect(tar("-tzf", "mine.tar.gz")).toContain("artifacts.json");
  });

  it.each([
    [["--stepNumber", "2"], "has no step 2; its steps are 1 to 1"],
    [["--stepNumber", "1", "--attemptNumber", "3"], "has had 2 attempts, so there is no attempt 3"],
  ])("of what was never attempted there is none: %j", async (args, message) => {
    const { code, stderr } = await stack.cli(get(...args));

    expect(code).toBe(4);
    expect(stderr).toContain(message);
  });
});
