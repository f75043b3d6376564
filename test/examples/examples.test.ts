import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startStack, textAt, valueAt, type Stack } from "../e2e/stack.ts";

const directory = fileURLToPath(new URL("../../examples", import.meta.url));
const files = readdirSync(directory).filter((file) =>
  [".json", ".yaml", ".toml"].includes(extname(file)),
);

describe("the examples on real nodes", () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await startStack({
      runnerNames: ["demo-1", "demo-2", "demo-3"],
      runnerFlags: ["--interpreters", join(directory, "custom-interpreter", "interpreters.json")],
    });
  });

  afterAll(async () => {
    await stack.stop();
  });

  it.each(files)("%s succeeds on every node that it names", async (file) => {
    const added = await addAndWait(stack, file);

    const instanceId = textAt(added, ["item", "instance", "id"]);
    expect(textAt(added, ["item", "instance", "status"])).toBe("success");
    const list = ["state", "instance", "list-instance-runs", "--instanceId", instanceId];
    const runs = await stack.json(list);
    expect(statusesOf(runs)).toEqual(statusesOf(runs).map(() => "success"));
    expect(statusesOf(runs).length).toBeGreaterThan(0);
  });

  it("hello.yaml prints what it promises", async () => {
    const template = readFileSync(join(directory, "hello.yaml"), "utf8");
    const stdin = template.replace("name: hello-yaml", "name: hello-again");
    const add = ["scheduler", "jobs", "add-job", "--body-file", "-", "--body-format", "yaml"];
    const added = await stack.json([...add, "--wait"], { stdin });

    const instanceId = textAt(added, ["item", "instance", "id"]);
    const runs = await stack.json([
      "state",
      "instance",
      "list-instance-runs",
      "--instanceId",
      instanceId,
    ]);
    const { stdout } = await stack.cli([
      "state",
      "run",
      "logs",
      "--runId",
      textAt(runs, ["items", 0, "runId"]),
    ]);

    expect(stdout).toMatch(/^Hello from .+, a \w+ machine\n/);
    expect(stdout).toMatch(/Have a good day\n$/);
  });
});

function addAndWait(stack: Stack, file: string): Promise<unknown> {
  const add = ["scheduler", "jobs", "add-job", "--body-file", join(directory, file)];
  return stack.json([...add, "--wait", "--timeout", "120"]);
}

function itemsOf(list: unknown): readonly unknown[] {
  const items = valueAt(list, ["items"]);
  return Array.isArray(items) ? items : [];
}

function statusesOf(runs: unknown): readonly unknown[] {
  return itemsOf(runs).map((run) => valueAt(run, ["status"]));
}
