import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { NodeAgent, SystemClock } from "@courier/runner";
import { afterEach, beforeEach, expect, it } from "vitest";
import { startStack, textAt, type Stack } from "../e2e/stack.ts";

const directory = fileURLToPath(new URL("../../examples/tools", import.meta.url));
const isCi = process.env["CI"] === "true";
const isAnsibleThere = (process.env["PATH"] ?? "")
  .split(delimiter)
  .some((folder) => existsSync(join(folder, "ansible-playbook")));

let stack: Stack;
let agent: NodeAgent | undefined;

beforeEach(async () => {
  stack = await startStack();
});

afterEach(async () => {
  await agent?.stop("test is over");
  await stack.stop();
});

it.skipIf(!isAnsibleThere && !isCi)(
  `ansible.yaml prints what its variable says${isAnsibleThere ? "" : ": left out, there is no ansible-playbook"}`,
  async () => {
    await stack.startRunner("demo-1");

    const instanceId = await addAndWait("ansible.yaml");

    expect(await logs(instanceId)).toContain("Good evening; it's a fleet");
  },
);

it.each([
  ["inspec.json", "inspec exec https://github.com/dev-sec/ssh-baseline --no-color"],
  ["chef-client.toml", "berks vendor /tmp/courier/chef-interpreter/cookbooks"],
])("%s drives the installed tool", async (file, call) => {
  await startNodeWithStandIns("inspec", "chef-client", "berks");

  await addAndWait(file);

  expect(await readFile(join(stack.directory, "calls"), "utf8")).toContain(call);
});

async function addAndWait(file: string): Promise<string> {
  const add = ["scheduler", "jobs", "add-job", "--body-file", join(directory, file)];
  const added = await stack.json([...add, "--wait"]);
  return textAt(added, ["item", "instance", "id"]);
}

async function logs(instanceId: string): Promise<string> {
  const list = ["state", "instance", "list-instance-runs", "--instanceId", instanceId];
  const runId = textAt(await stack.json(list), ["items", 0, "runId"]);
  return (await stack.cli(["state", "run", "logs", "--runId", runId])).stdout;
}

/** A node whose tools write down how they were called and succeed. */
async function startNodeWithStandIns(...names: readonly string[]): Promise<void> {
  const bin = join(stack.directory, "bin");
  await mkdir(bin);
  for (const name of names) {
    const script = `#!/bin/sh\necho "${name} $*" >> ${join(stack.directory, "calls")}\n`;
    await writeFile(join(bin, name), script);
    await chmod(join(bin, name), 0o755);
  }
  const key = await stack.json(["enrollment", "create-key"]);
  await new Promise<unknown>((resolve, reject) => {
    agent = new NodeAgent({
      url: stack.url,
      dataDir: join(stack.directory, "runner-demo-1"),
      name: "demo-1",
      enrollmentKey: textAt(key, ["item", "key"]),
      environment: { PATH: `${bin}:/usr/bin:/bin`, HOME: stack.directory },
      clock: new SystemClock(),
      random: Math.random,
      onReady: resolve,
      onFatal: reject,
    });
    agent.start().catch(reject);
  });
}
