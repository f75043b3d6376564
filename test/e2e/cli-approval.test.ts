import { afterAll, beforeAll, expect, it } from "vitest";

import { jobTemplate } from "./cli-templates.ts";
import { startStack, textAt, valueAt, type Stack } from "./stack.ts";

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
});

afterAll(async () => {
  await stack.stop();
});

const node = ["management", "node"];
const cohort = ["management", "cohort"];

/** Asks again until the answer is as wanted; the test's own limit ends it otherwise. */
async function until(
  args: readonly string[],
  isWanted: (answer: unknown) => boolean,
): Promise<unknown> {
  for (;;) {
    const answer = await stack.json(args);
    if (isWanted(answer)) return answer;
  }
}

it("keeps a new node of a guarded cohort from its runs until it is approved", async () => {
  const body = ["--body", '{"name":"guarded","approvalNeeded":true}'];
  await stack.json([...cohort, "create-cohort", ...body]);
  const key = await stack.json(["enrollment", "create-key", "--cohortId", "guarded"]);
  const starting = stack.startRunner("new-1", ["--enrollment-key", textAt(key, ["item", "key"])]);
  const list = [...node, "find-all-nodes"];
  await until(list, (answer) => JSON.stringify(answer).includes('"new-1"'));
  const status = ["status", "get-status", "--nodeId", "new-1"];
  const before = await stack.json(status);

  const template = JSON.stringify(jobTemplate({ name: "guarded", nodes: ["new-1"] }));
  const planned = await stack.cli([
    ...["scheduler", "jobs", "plan", "--body", template],
    ...["--format", "table"],
  ]);
  const added = await stack.json(["scheduler", "jobs", "add-job", "--body", template]);
  const instance = ["--instanceId", await stack.instanceOf(textAt(added, ["item", "id"]))];
  const explained = await stack.cli(["state", "instance", "explain", ...instance]);
  const approved = await stack.json([...node, "approve-node", "--nodeId", "new-1"]);
  await starting;
  const watched = await stack.cli(["state", "instance", "watch", ...instance]);

  expect(valueAt(before, ["item", "stateWorkflow", 0])).toEqual({
    ...{ state: "Enrollment", status: "InProgress", log: "waits for approval" },
  });
  expect(planned.stdout).toContain("1 node, 0 online, 1 waits for approval (nodes)");
  expect(planned.stdout).toContain("1: new-1 (1 waits for approval)");
  expect(planned.stdout).not.toContain("offline:");
  expect(explained.stdout).toContain("1 run waits for nodes that are admitted and not approved");
  expect(valueAt(approved, ["item", "enrollmentLevel"])).toBe("enrolled");
  expect(watched.code).toBe(0);
  expect(valueAt(await stack.json(status), ["item", "stateWorkflow", 0, "status"])).toBe("Success");
});

it("takes cohorts and attributes from the original's commands", async () => {
  await stack.startRunner("web-1");
  await stack.json([...cohort, "create-cohort", "--body", '{"name":"shop","nodeIds":["web-1"]}']);
  await stack.json([...cohort, "create-cohort", "--body", '{"name":"lab"}']);
  const of = ["--nodeId", "web-1"];
  const site = [...of, "--namespace", "site"];
  const rack = ["--body", '[{"name":"rack","value":"r12"},{"name":"row","value":"3"}]'];

  await stack.json([...node, "assign-cohort", ...of, "--cohortId", "lab"]);
  const renamed = ["--cohortId", "shop", "--body", '{"name":"store"}'];
  await stack.json([...cohort, "update-cohort", ...renamed]);
  const store = await stack.json([...cohort, "find-one-cohort", "--cohortId", "store"]);
  await stack.json([...node, "modify-attributes", ...site, ...rack]);
  const named = await stack.json([...node, "delete-attributes", ...site, "--name", "row"]);
  const all = await stack.json([...node, "delete-attributes", ...site]);
  const agent = [...of, "--namespace", "agent", ...rack];
  const refused = await stack.cli([...node, "update-attributes", ...agent]);
  const details = await stack.json([...node, "bulk-node-details", "--body", '["web-1"]']);
  const before = await stack.json([...node, "get-archive-status", ...of]);
  await stack.json([...node, "archive-node", ...of]);
  const archived = await stack.json([...node, "get-archive-status", ...of]);

  expect(valueAt(store, ["item", "nodeIds"])).toEqual([]);
  expect(valueAt(named, ["item", "attributes", "site"])).toEqual({ rack: "r12" });
  expect(valueAt(all, ["item", "attributes"])).not.toHaveProperty("site");
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("platform's own")]);
  expect(valueAt(details, ["items", 0, "name"])).toBe("web-1");
  expect([before, archived].map((answer) => valueAt(answer, ["item", "isArchived"]))).toEqual([
    ...[false, true],
  ]);
});
