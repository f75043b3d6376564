import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CanonicalStep } from "@courier/schema";
import { compileLinearRegex } from "@courier/core";
import type { NodeAgentOptions } from "@courier/runner";
import { afterEach, beforeEach, expect, test } from "vitest";
import { assignment, setup, shell, type RunnerFixture } from "./runner-fixture.ts";

let fixture: RunnerFixture;

beforeEach(async () => {
  fixture = await setup();
});

afterEach(async () => {
  await fixture.dispose();
});

type Policy = NonNullable<NodeAgentOptions["policy"]>;

/** What one step's run came to under a policy: its reason, "" for success. */
async function reasonUnder(policy: Policy, step: CanonicalStep): Promise<string> {
  const agent = await fixture.agent({ policy });
  const run = assignment([step]);
  fixture.server.assign(run);
  const result = await fixture.server.result(run.runId);
  await agent.stop("done");
  return result.steps[0]?.reason ?? "no step";
}

function pattern(text: string): NonNullable<Policy["commands"]>[number] {
  const compiled = compileLinearRegex(`^(?:${text})$`);
  if (!compiled.ok) throw new Error(compiled.reason);
  return compiled.regex;
}

test("the node's owner forbids interpreters, which are then no skills either", async () => {
  const reason = await reasonUnder({ interpreters: ["acme/mine"] }, shell("true"));

  expect(reason).toBe(
    'this node\'s policy does not allow interpreter "chef-platform/shell-interpreter"',
  );
  const hello = fixture.server.messages.find((message) => message.type === "hello");
  const skills = hello?.type === "hello" ? (hello.skills ?? []) : [];
  expect(skills.map(({ name }) => name)).not.toContain("chef-platform/shell-interpreter");
});

test("the node's owner forbids users", async () => {
  expect(await reasonUnder({ users: ["somebody-else"] }, shell("true"))).toMatch(
    /^this node's policy lets no step run as user "/,
  );
});

test("the node's owner names directories, and links do not lead out of them", async () => {
  const allowed = join(fixture.directory, "allowed");
  mkdirSync(join(allowed, "below"), { recursive: true });
  mkdirSync(`${allowed}-not`);
  symlinkSync(fixture.directory, join(allowed, "out"));
  const inDirectory = (dir: string): CanonicalStep => ({ ...shell("true"), inputs: { dir } });
  const reasonIn = (dir: string): Promise<string> =>
    reasonUnder({ directories: [allowed] }, inDirectory(dir));

  expect(await reasonIn(join(allowed, "below"))).toBe("");
  for (const dir of [`${allowed}-not`, join(allowed, "out")]) {
    expect(await reasonIn(dir)).toBe(`this node's policy lets no step run in directory "${dir}"`);
  }
});

test("the node's owner lists commands, and nothing of a step with another line is executed", async () => {
  const { witness } = fixture;
  const policy = { commands: [pattern("true"), pattern("echo [a-z]+ >> .*")] };

  const allowed = await reasonUnder(policy, shell(`echo fine >> ${witness}\n\ntrue`));
  const forbidden = await reasonUnder(policy, shell(`echo fine >> ${witness}\nreboot`));

  expect(allowed).toBe("");
  expect(forbidden).toBe('this node\'s policy forbids the command "reboot"');
  expect(fixture.readWitness()).toBe("fine\n");
});

test("the agent reads its policy from a file, and starts with none that it does not understand", async () => {
  const file = join(fixture.directory, "policy.json");
  writeFileSync(file, '{"commands": ["true"], "paths": []}');
  const refused = fixture.runner("--policy", file);
  const { code } = await refused.exited;
  writeFileSync(file, '{"commands": ["true"]}');
  const runner = fixture.runner("--policy", file);
  await runner.ready;
  const run = assignment([shell("false")]);
  fixture.server.assign(run);

  expect(code).toBe(2);
  expect(refused.stderr()).toContain(`policy file ${file} has an unknown key "paths"`);
  expect((await fixture.server.result(run.runId)).steps[0]?.reason).toBe(
    'this node\'s policy forbids the command "false"',
  );
});
