import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCliAlone, startStack, textAt, valueAt, type Finished, type Stack } from "./stack.ts";

// At a time that no change of the clocks leaves out or repeats.
const template = `name = "NAME"
scheduleRule = "CRON:30 4 * * *"
timeZone = "Europe/Berlin"

[[target.groups]]
nodeListType = "savedList"
listId = "shop"
batchSize = { type = "number", value = 1 }
successCriteria = [{ status = "success", numRuns = { type = "percent", value = 50 } }]
timeoutSeconds = 60

[[actions.steps]]
name = "release"
interpreter = { name = "chef-platform/shell-interpreter", skill = { minVersion = "9.0.0" } }
command = { windows = ["dir"] }
`;

const simulate = ["scheduler", "jobs", "simulate"] as const;

describe("plan and simulate with a service", () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await startStack({ runnerNames: ["web-1"] });
    await stack.startRunner("web-2");
    const body = JSON.stringify({ name: "shop", nodeIds: ["web-1", "web-2"] });
    await stack.json(["management", "list", "create-list", "--body", body]);
    await writeFile(join(stack.directory, "job.toml"), template.replace("NAME", "from the table"));
  });

  afterAll(async () => {
    await stack.stop();
  });

  it("the table of a plan shows batches, words, times and warnings", async () => {
    const plan = ["scheduler", "jobs", "plan", "--body-file", "job.toml", "--count", "2"];

    const { code, stdout, stderr } = await stack.cli([...plan, "--format", "table"]);

    expect([code, stderr]).toEqual([0, ""]);
    const seen = stdout
      .replaceAll(/p1-[0-9a-f]{16}-[0-9a-f]{32}/g, "HASH")
      .replaceAll(/\d{4}-\d\d-\d\dT0[23]:30:00.000Z/g, "TIME");
    expect(seen).toMatchInlineSnapshot(`
      "plan       HASH
      job        from the table (CRON:30 4 * * *)
      nodes      2 in 1 group, 2 runs
      group 0    2 nodes, 2 online (savedList)
                 runs in 2 batches of 1: the next one starts when all of one have ended
                 succeeds when 1 of 2 succeed
                 fails when the 2nd of 2 fails; one that is skipped counts like one that fails
                 has 60 s from its first start on: what still runs then is stopped, what has not started is skipped
        batches  1: web-1
                 2: web-2
      next       TIME
                 TIME
      warning    job.toml:12:1 /actions/steps/0/limits/timeoutSeconds: step "release" has no timeoutSeconds, one that hangs is ended by its group's timeoutSeconds only
                 job.toml:14:67 /actions/steps/0/interpreter/skill: the version of interpreter "chef-platform/shell-interpreter" is outside of [9.0.0, any] on 2 of 2 nodes: web-1 (1.0.0), web-2 (1.0.0)
                 job.toml:15:11 /actions/steps/0/command: the command has no form for linux, which is what 2 of 2 nodes run: web-1, web-2
      "
    `);
  });

  it("add-job --plan refuses what has drifted with exit code 5, and nothing is stored", async () => {
    const body = ["--body-file", "-", "--body-format", "toml"];
    const stdin = template.replace("NAME", "drifts").replace("CRON:30 4 * * *", "immediate");
    const hash = textAt(await stack.json(["scheduler", "jobs", "plan", ...body], { stdin }), [
      "item",
      "hash",
    ]);
    const nodes = ["--listId", "shop", "--body", '{"nodeIds": ["web-2"]}'];
    await stack.json(["management", "list", "remove-nodes", ...nodes]);
    const add = ["scheduler", "jobs", "add-job", ...body, "--plan", hash];

    const refused = await stack.cli([...add, "--format", "table"], { stdin });
    await stack.json(["management", "list", "add-nodes", ...nodes]);
    const jobs = await stack.json(["scheduler", "jobs", "list-jobs"]);
    const added = await stack.cli(add, { stdin });

    expect(refused.code).toBe(5);
    expect(refused.stderr.replaceAll(hash, "HASH").replace(/request id: .*/, "request id")).toBe(
      [
        "error: the targets drifted from plan HASH",
        "  <stdin>:5:1 /target/groups/0: 1 node removed: web-2",
        "help: plan again with `courier-cli scheduler jobs plan`, look at what is different, and add the job with the new hash; nothing was stored",
        "request id",
        "",
      ].join("\n"),
    );
    expect(valueAt(jobs, ["totalItems"])).toBe(0);
    expect(added.code).toBe(0);
  });

  it("a plan hash that is none is a usage error", async () => {
    const add = ["scheduler", "jobs", "add-job", "--body-file", "job.toml", "--plan", "yesterday"];

    const { code, stderr } = await stack.cli([...add, "--format", "table"]);

    expect(code).toBe(2);
    expect(stderr).toContain(
      'error: --plan must be the hash that `scheduler jobs plan` prints (p1-…), not "yesterday"',
    );
  });

  it("simulate takes the nodes of a target that the service resolves", async () => {
    const args = [...simulate, "--body-file", "job.toml", "--latency", "5s"];

    const { item } = (await stack.json(args)) as { item: Record<string, unknown> };

    expect(item).toMatchObject({
      ...{ nodeCount: 2, nodesFrom: "service", seed: "1", rounds: 1000 },
      probability: { success: 1, failure: 0, stalled: 0 },
      durationSeconds: { p50: 10, p95: 10, max: 10 },
      budgets: [],
    });
  });

  it("simulate and plan keep to disruption budgets", async () => {
    const constraints = { healthStatus: { operator: "=", value: ["online", "offline"] } };
    const budget = JSON.stringify({ name: "one by one", max: 1, constraints });
    await stack.json(["scheduler", "budgets", "add-budget", "--body", budget]);
    const stdin = template
      .replace("value = 1", "value = 2")
      .replace('nodeListType = "savedList"', 'nodeListType = "nodes"')
      .replace('listId = "shop"', 'nodeIdentifiers = ["web-1", "web-2"]');
    const body = ["--body-file", "-", "--body-format", "toml", "--format", "table"];

    const free = await stack.cli([...simulate, ...body, "--latency", "5s"], { stdin });
    const held = await stack.cli([...simulate, ...body, "--latency", "5s", "--resolve"], { stdin });
    const plan = await stack.cli(["scheduler", "jobs", "plan", ...body], { stdin });
    await stack.json(["scheduler", "budgets", "delete-budget", "--budgetId", "one by one"]);

    expect(free.stdout).toContain("duration       p50 0:05, p95 0:05, longest 0:05");
    expect(free.stdout).toContain("budgets        not considered");
    expect(held.stdout).toContain("duration       p50 0:10, p95 0:10, longest 0:10");
    expect(held.stdout).toContain(
      "budgets        one by one: at most 1 of 2 nodes at once, 2 of these are in it; other jobs leave it free",
    );
    expect(plan.stdout).toContain(
      'has 2 nodes that count for budget "one by one", at most 1 of 2 nodes at once',
    );
    expect(plan.stdout).toContain("1: web-1, web-2 (1 at once)");
    expect(plan.stdout).toContain(
      'up to 2 nodes of budget "one by one" would start at once, it lets 1: the others wait for their turn',
    );
  });
});

describe("simulate without a service", () => {
  const body = JSON.stringify({
    name: "offline",
    scheduleRule: "immediate",
    target: {
      groups: [
        {
          nodeListType: "nodes",
          nodeIdentifiers: ["a", "b", "c", "b"],
          batchSize: { type: "number", value: 1 },
          earlyTermination: true,
        },
      ],
    },
    actions: {
      steps: [
        {
          name: "step",
          interpreter: { name: "chef-platform/shell-interpreter" },
          command: { linux: ["true"] },
        },
      ],
    },
  });

  function run(...flags: readonly string[]): Promise<Finished> {
    return runCliAlone([...simulate, "--body", body, "--format", "table", ...flags]);
  }

  it("prints the same for the same seed", async () => {
    const flags = ["--latency", "2s..30s", "--failure-rate", "0.2", "--rounds", "200"];

    const { code, stdout } = await run(...flags, "--seed", "e2e");
    const again = await run(...flags, "--seed", "e2e");

    expect(code).toBe(0);
    expect(again.stdout).toBe(stdout);
    expect(stdout).toMatchInlineSnapshot(`
      "job            offline
      nodes          3 (named in the template)
      budgets        not considered: the service knows them, and it was not asked (--resolve asks it)
      assumed        20 % fail, 0 % time out, 0 % unreachable, latency 2s..30s
      played         200 rounds, seed e2e
      success        40.5 %
      failure        59.5 %
      duration       p50 0:36, p95 1:05, longest 1:16
      nodes touched  p50 3, p95 3, most 3; when every run fails 1, worst case 3
      runs failed    p50 1, p95 1, most 1; worst case 1
      group 0        3 nodes, failure 1 halts it: success 40.5 %, halted by criteria 47 %
                     succeeds when all 3 succeed
                     fails when the 1st of 3 fails; one that is skipped counts like one that fails
                     starts nothing more once it has failed (earlyTermination)
      summary        a change that breaks every node reaches 1 of 3 nodes before the rollout halts
                     at most 1 of 3 runs fail, whatever happens
      "
    `);
  });

  it.each([
    [["--latency", "soon"], '--latency: "soon" is no latency: expected 5s, 2s..30s or'],
    [[], "--latency is required"],
    [["--latency", "5s", "--failure-rate", "1.5"], "--failure-rate must be a rate from 0 to 1"],
    [
      ["--latency", "5s", "--failure-rate", "60%", "--timeout-rate", "50%"],
      "--failure-rate and --timeout-rate are more than all runs together",
    ],
    [["--latency", "5s", "--nodes", "3,4"], "--nodes has 2 numbers, the template has 1 group"],
    [["--latency", "5s", "--nodes", "3", "--resolve"], "--nodes and --resolve exclude each other"],
    [["--latency", "5s", "--nodes", "many"], "--nodes must be whole numbers up to 1000000"],
    [["--latency", "5s", "--rounds", "0"], "--rounds must be a whole number, 1 to 10000"],
  ])("refuses %j", async (flags, message) => {
    const { code, stderr } = await run(...flags);

    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
