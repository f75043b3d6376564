import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startStack, textAt, valueAt, type Stack } from "../e2e/stack.ts";

const directory = fileURLToPath(new URL("../../examples", import.meta.url));
const files = readdirSync(directory).filter((file) =>
  [".json", ".yaml", ".toml"].includes(extname(file)),
);

describe("the examples on real nodes", () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await startStack();
    // The same nodes as those of `npm start`.
    for (const [index, role] of ["web", "web", "db"].entries()) {
      await stack.startRunner(`demo-${index + 1}`, [
        ...["--tag", `role=${role}`],
        ...["--interpreters", join(directory, "custom-interpreter", "interpreters.json")],
      ]);
    }
    for (const [kind, file] of [
      ["filter", "web-filter.json"],
      ["list", "canary-list.yaml"],
      ["cohort", "shop-cohort.toml"],
    ] as const) {
      const body = ["--body-file", join(directory, "node-groups", file)];
      const created = await stack.json(["management", kind, `create-${kind}`, ...body]);
      expect(textAt(created, ["item", `${kind}Id`])).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  afterEach(async () => {
    await stack.endLeftovers();
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

  it.each([
    ["filter-by-attribute.json", ["demo-1", "demo-2", "demo-3"]],
    ["filter-by-tag.yaml", ["demo-1", "demo-2"]],
    ["saved-filter.yaml", ["demo-1", "demo-2"]],
    ["saved-list.json", ["demo-1", "demo-3"]],
    ["cohorts.toml", ["demo-1", "demo-2"]],
  ])("%s finds its nodes", async (file, names) => {
    const template = readFileSync(join(directory, file), "utf8");
    const stdin = template.replace(/^(\s*"?name"?(?: =|:) "?)/m, "$1again-");
    const format = extname(file).slice(1);
    const add = ["scheduler", "jobs", "add-job", "--body-file", "-", "--body-format", format];
    const added = await stack.json([...add, "--wait"], { stdin });

    const instanceId = textAt(added, ["item", "instance", "id"]);
    const list = ["state", "instance", "list-instance-runs", "--instanceId", instanceId];
    const nodeIds = itemsOf(await stack.json(list)).map((run) => valueAt(run, ["nodeId"]));
    const nodes = itemsOf(await stack.json(["management", "node", "find-all-nodes"]));
    const found = nodes.filter((node) => nodeIds.includes(valueAt(node, ["id"])));
    expect(found.map((node) => textAt(node, ["name"])).toSorted()).toEqual(names);
  });

  it.each<readonly [string, string, readonly (readonly [string, string, string])[]]>([
    [
      "variables.yaml",
      "4.2.1release 4.2.1 from stable goes to /srv/app-4.2.1\nquoted /srv/app-4.2.1\n",
      [
        ["success", "", '{"RELEASE":"4.2.1"}'],
        ["success", '{"CHANNEL":"stable","RELEASE":"4.2.1","TARGET":"/srv/app-4.2.1"}', ""],
      ],
    ],
    [
      "conditions.toml",
      "false\nwritten\nrelease 2.10.0\n",
      [
        ["success", "", String.raw`{"FOUND":"false\n"}`],
        ["success", String.raw`{"FOUND":"false\n"}`, ""],
        ["skipped", String.raw`{"FOUND":"false\n"}`, ""],
        ["success", '{"RELEASE":"2.10.0"}', ""],
      ],
    ],
    [
      "outputs.json",
      "scanner version: 7.3 (stable)\nscanner 7.3 exited with 4: ssh-2 failed, ntp-1 is worst\n",
      [
        [
          "failure",
          '{"dir":"/tmp"}',
          '{"CODE":"4","FIRST_FAILED":"ssh-2","SCANNER":"7.3","WORST":"ntp-1"}',
        ],
        ["success", '{"CODE":"4","FIRST_FAILED":"ssh-2","SCANNER":"7.3","WORST":"ntp-1"}', ""],
      ],
    ],
    [
      "sensitive.yaml",
      "token=***\nlength 15, value ***\nBasic dXNlcjp***\n",
      [
        ["success", "", '{"TOKEN":"***"}'],
        ["success", '{"TOKEN":"***"}', ""],
      ],
    ],
    ["cpu-limits.toml", "working\n", [["success", "", ""]]],
  ])("%s shows what its steps got and produced", async (...row) => {
    const [file, output, steps] = row;
    const runId = await runAgain(file);

    const { stdout } = await stack.cli(["state", "run", "logs", "--runId", runId]);
    const list = await stack.json(["state", "run", "list-steps", "--runId", runId]);

    expect(stdout).toBe(output);
    const keys = ["status", "inputs", "outputs"];
    expect(itemsOf(list).map((step) => keys.map((key) => valueAt(step, [key])))).toEqual(steps);
    if (file === "cpu-limits.toml") {
      const reason = textAt(list, ["items", 0, "reason"]);
      expect(reason).toMatch(/^$|^its limits "cpu" and "cores" are not in force: ./);
    }
  });

  /** Runs an example once more under another name; the id of its only run. */
  async function runAgain(file: string): Promise<string> {
    const template = readFileSync(join(directory, file), "utf8");
    const stdin = template.replace(/^(\s*"?name"?(?: =|:) "?)/m, "$1again-");
    const format = ["--body-format", extname(file).slice(1)];
    const add = ["scheduler", "jobs", "add-job", "--body-file", "-", ...format, "--wait"];
    const instanceId = textAt(await stack.json(add, { stdin }), ["item", "instance", "id"]);
    const list = ["state", "instance", "list-instance-runs", "--instanceId", instanceId];
    return textAt(await stack.json(list), ["items", 0, "runId"]);
  }

  it("node-groups/tags.yaml changes the tags of a node", async () => {
    const body = ["--body-file", join(directory, "node-groups", "tags.yaml")];
    const changed = await stack.json([
      ...["management", "node", "modify-tags", "--nodeId", "demo-1"],
      ...body,
    ]);

    expect(valueAt(changed, ["item", "attributes", "tags"])).toEqual({ role: "web", rack: "7" });
  });

  it("ramps/bad-release.yaml halts at the first node", async () => {
    const file = join(directory, "ramps", "bad-release.yaml");
    const add = ["scheduler", "jobs", "add-job", "--body-file", file, "--wait"];
    const { code, stdout } = await stack.cli(add);

    expect(code).toBe(1);
    const instanceId = textAt(JSON.parse(stdout), ["item", "instance", "id"]);
    const list = ["state", "instance", "list-instance-runs", "--instanceId", instanceId];
    expect(statusesOf(await stack.json(list))).toEqual(["failure", "skipped", "skipped"]);
  });

  it("ramps/db-budget.yaml is a budget of the nodes that it describes", async () => {
    const budgets = ["scheduler", "budgets"];
    const file = join(directory, "ramps", "db-budget.yaml");
    const added = await stack.json([...budgets, "add-budget", "--body-file", file]);
    const shown = await stack.json([...budgets, "get-budget", "--budgetId", "databases"]);
    await stack.json([...budgets, "delete-budget", "--budgetId", "databases"]);

    expect(valueAt(shown, ["item", "id"])).toBe(textAt(added, ["item", "id"]));
    expect(valueAt(shown, ["item"])).toMatchObject({ nodeCount: 1, maxCount: 1, waitingCount: 0 });
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
  return stack.json([...add, "--wait"]);
}

function itemsOf(list: unknown): readonly unknown[] {
  const items = valueAt(list, ["items"]);
  return Array.isArray(items) ? items : [];
}

function statusesOf(runs: unknown): readonly unknown[] {
  return itemsOf(runs).map((run) => valueAt(run, ["status"]));
}
