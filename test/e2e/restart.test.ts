import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { NodeAgent, SystemClock } from "@courier/runner";
import { afterEach, beforeEach, expect, it } from "vitest";
import { startStack, textAt, valueAt, type Stack } from "./stack.ts";
import { until } from "./until.ts";

const example = fileURLToPath(new URL("../../examples/restart/restart.toml", import.meta.url));

let stack: Stack;
const agents: NodeAgent[] = [];

beforeEach(async () => {
  stack = await startStack();
});

afterEach(async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.stop("test is over")));
  await stack.stop();
});

it("the restart example is refused by a node whose owner has not allowed it", async () => {
  await stack.startRunner("demo-1");

  const { code, stdout } = await addExample(["--wait"]);

  expect(code).toBe(1);
  const instanceId = textAt(JSON.parse(stdout), ["item", "instance", "id"]);
  expect(await steps(await onlyRunId(instanceId))).toEqual([
    ["success", ""],
    [
      "failure",
      "this node's policy refuses restarts: its courier-runner was started without --allow-restart",
    ],
    ["skipped", "the run ended before this step: failure"],
  ]);
});

it("the restart example goes on after the boot, and shows the step as active while the node is down", async () => {
  const first = await boot("boot-1");
  const { code, stdout } = await addExample([]);
  expect(code).toBe(0);
  const jobId = textAt(JSON.parse(stdout), ["item", "id"]);
  const runId = await onlyRunId(await stack.instanceOf(jobId));
  await until("the reboot is asked for", async () => (await witness()) || undefined);

  await first.stop("the machine goes down");
  await until("the node is offline", async () => {
    const nodes = await stack.json(["management", "node", "find-all-nodes"]);
    return JSON.stringify(nodes).includes('"offline"') ? true : undefined;
  });
  expect((await steps(runId)).map(([status]) => status)).toEqual(["success", "active", "pending"]);

  await boot("boot-2");
  const run = await until("the run ends", async () => {
    const found = await stack.json(["state", "run", "get-run", "--runId", runId]);
    return valueAt(found, ["item", "finishedAt"]) === null ? undefined : found;
  });

  expect(textAt(run, ["item", "status"])).toBe("success");
  expect((await steps(runId)).map(([status]) => status)).toEqual(["success", "success", "success"]);
  expect(await witness()).toBe("shutdown -r +2\n");
});

function addExample(flags: readonly string[]): ReturnType<Stack["cli"]> {
  return stack.cli(["scheduler", "jobs", "add-job", "--body-file", example, ...flags]);
}

async function onlyRunId(instanceId: string): Promise<string> {
  const list = ["state", "instance", "list-instance-runs", "--instanceId", instanceId];
  return textAt(await stack.json(list), ["items", 0, "runId"]);
}

/** Status and reason of each step, as the CLI shows them. */
async function steps(runId: string): Promise<(readonly [status: string, reason: string])[]> {
  const list = await stack.json(["state", "run", "list-steps", "--runId", runId]);
  const items = valueAt(list, ["items"]);
  if (!Array.isArray(items)) throw new Error("no list of steps");
  return items.map((item) => [textAt(item, ["status"]), textAt(item, ["reason"])] as const);
}

/** The agent of demo-1 in one boot of its machine, whose `shutdown` is a stand-in that writes its arguments down. */
async function boot(bootId: string): Promise<NodeAgent> {
  const shutdownPath = join(stack.directory, "shutdown");
  await writeFile(shutdownPath, `#!/bin/sh\necho "shutdown $*" >> ${witnessPath()}\n`);
  await chmod(shutdownPath, 0o755);
  const key = await stack.json(["enrollment", "create-key"]);
  return await new Promise((resolve, reject) => {
    const agent = new NodeAgent({
      url: stack.url,
      dataDir: join(stack.directory, "runner-demo-1"),
      name: "demo-1",
      enrollmentKey: textAt(key, ["item", "key"]),
      ...{ bootId, allowRestart: true, shutdownPath },
      clock: new SystemClock(),
      random: Math.random,
      onReady: () => resolve(agent),
      onFatal: reject,
    });
    agents.push(agent);
    agent.start().catch(reject);
  });
}

function witnessPath(): string {
  return join(stack.directory, "witness");
}

async function witness(): Promise<string> {
  return await readFile(witnessPath(), "utf8").catch(() => "");
}
