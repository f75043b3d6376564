import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startStack, textAt, valueAt, type Stack } from "./stack.ts";

const names = ["web-1", "web-2", "web-3", "web-4", "web-5"];

let stack: Stack;
let directory: string;

beforeAll(async () => {
  stack = await startStack({ runnerNames: names });
  directory = await mkdtemp(join(tmpdir(), "courier-ramp-"));
});

afterEach(async () => {
  await stack.endLeftovers();
});

afterAll(async () => {
  await stack.stop();
  await rm(directory, { recursive: true });
});

interface RampOptions {
  readonly name: string;
  /** Rules of the first group, over all nodes but the last. */
  readonly group: object;
  /** Shell lines; `$MARKS` is a directory in which each node that starts leaves a file. */
  readonly lines: readonly string[];
}

/** Starts a job of two groups, of which the second has the last node, and returns where its nodes leave their marks. */
async function rampJob({ name, group, lines }: RampOptions): Promise<{
  readonly marks: string;
  readonly template: string;
}> {
  const marks = join(directory, name);
  await mkdir(marks);
  const template = {
    name,
    scheduleRule: "immediate",
    target: {
      executionType: "sequential",
      groups: [
        {
          nodeListType: "nodes",
          nodeIdentifiers: names.slice(0, 4),
          timeoutSeconds: 600,
          ...group,
        },
        { nodeListType: "nodes", nodeIdentifiers: names.slice(4), timeoutSeconds: 600 },
      ],
    },
    actions: {
      steps: [
        {
          name: "deploy",
          interpreter: { name: "chef-platform/shell-interpreter" },
          command: {
            linux: [`MARKS='${marks}'`, `touch "$(mktemp "$MARKS/started.XXXXXX")"`, ...lines],
          },
        },
      ],
    },
  };
  return { marks, template: JSON.stringify(template) };
}

async function runsOf(id: string): Promise<readonly { id: string; status: string }[]> {
  const list = await stack.json(["state", "instance", "list-instance-runs", "--instanceId", id]);
  const items = valueAt(list, ["items"]);
  if (!Array.isArray(items)) throw new Error("no list of runs");
  return items.map((run) => ({ id: textAt(run, ["runId"]), status: textAt(run, ["status"]) }));
}

async function reasonOf(runId: string): Promise<string> {
  return textAt(await stack.json(["state", "run", "get-run", "--runId", runId]), [
    "item",
    "reason",
  ]);
}

describe("a ramp on real nodes", () => {
  it("halts at the failure that reaches haltOn, and touches no further node", async () => {
    const { marks, template } = await rampJob({
      name: "bad-release",
      group: { batchSize: { type: "ramp", value: [1, "100%"] }, haltOn: { failure: "10%" } },
      lines: ["exit 3"],
    });
    const add = ["scheduler", "jobs", "add-job", "--body", template];
    const { code, stdout } = await stack.cli([...add, "--wait"]);

    const instance = valueAt(JSON.parse(stdout), ["item", "instance"]);
    const reason = "haltOn.failure: 1 of 4 nodes failed, the group halts at 1 (10 % of 4 nodes)";
    expect(code).toBe(1);
    const runs = await runsOf(textAt(instance, ["id"]));
    expect(runs.map(({ status }) => status)).toEqual([
      ...["failure", "skipped", "skipped", "skipped", "skipped"],
    ]);
    expect(await Promise.all(runs.slice(1).map(({ id }) => reasonOf(id)))).toEqual([
      ...[reason, reason, reason, "an earlier group did not succeed"],
    ]);
    expect(await readdir(marks)).toHaveLength(1);
    const got = await stack.json([
      ...["state", "instance", "get-instance", "--instanceId", textAt(instance, ["id"])],
    ]);
    expect(valueAt(got, ["item", "groups"])).toMatchObject([
      { status: "failure", reason, haltCause: "haltOn", batchNumber: 1, soakUntil: null },
      { status: "skipped" },
    ]);
  });

  it("lets what is running finish when it halts", async () => {
    const gate = join(directory, "gate");
    const { marks, template } = await rampJob({
      name: "half-bad",
      group: {
        batchSize: { type: "number", value: 2 },
        haltOn: { failure: 1 },
        successCriteria: [{ status: "success", numRuns: { type: "percent", value: 0 } }],
      },
      // The first node to come fails, the other one of its batch goes on until the test lets it.
      lines: [
        `mkdir "$MARKS/first" 2>/dev/null && exit 3`,
        `until [ -e '${gate}' ]; do sleep 0.1; done`,
      ],
    });
    const added = await stack.json(["scheduler", "jobs", "add-job", "--body", template]);
    const id = await stack.instanceOf(textAt(added, ["item", "id"]));
    let statuses: readonly string[] = [];
    // Whether the other node has said that it began before the first one failed is chance.
    while (!statuses.includes("skipped") || !statuses.includes("running")) {
      statuses = (await runsOf(id)).map(({ status }) => status);
    }
    expect(statuses.toSorted()).toEqual(["failure", "pending", "running", "skipped", "skipped"]);

    await writeFile(gate, "");
    const watched = await stack.cli(["state", "instance", "watch", "--instanceId", id]);

    expect(watched.code).toBe(1);
    const ended = (await runsOf(id)).map(({ status }) => status);
    expect(ended.toSorted()).toEqual(["failure", "skipped", "skipped", "skipped", "success"]);
    expect(existsSync(join(marks, "first"))).toBe(true);
  });
});
