import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { CanonicalStep } from "@courier/schema";
import { afterEach, beforeEach, expect, test } from "vitest";
import { assignment, setup, shell, type RunnerFixture } from "./runner-fixture.ts";

const isCi = process.env["CI"] === "true";
const isAnsibleThere = (process.env["PATH"] ?? "")
  .split(delimiter)
  .some((directory) => existsSync(join(directory, "ansible-playbook")));

let fixture: RunnerFixture;

beforeEach(async () => {
  fixture = await setup();
});

afterEach(async () => {
  await fixture.dispose();
});

/** An executable of the node; `$witness` is the fixture's file. */
function install(name: string, lines: readonly string[]): string {
  const path = join(fixture.directory, name);
  const text = ["#!/bin/sh", `witness='${fixture.witness}'`, ...lines, ""].join("\n");
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}

function stepOf(name: string, change: Partial<CanonicalStep> = {}): CanonicalStep {
  return {
    ...shell(""),
    interpreter: { name, skill: { minVersion: "", maxVersion: "" } },
    ...change,
  };
}

test("gives a custom interpreter the step as one JSON document and keeps its answer as output", async () => {
  const { server } = fixture;
  const path = install("mine", ['cat > "$witness"', `echo '{"output": {"a": 1}}'`]);
  await fixture.agent({ customInterpreters: [{ name: "acme/mine", path, version: "1.2.0" }] });
  const name = { type: "string", default: "fleet", required: true, sensitive: false };
  const step = stepOf("acme/mine", {
    command: { do: ["greet {{.NAME}}"] },
    inputs: { tone: "warm" },
    expectedInputs: { NAME: name },
  });
  const run = assignment([step]);

  server.assign(run);
  const result = await server.result(run.runId);

  expect(result.steps).toEqual([
    expect.objectContaining({
      status: "success",
      reason: "",
      interpreterPath: path,
      interpreterVersion: "1.2.0",
    }),
  ]);
  expect(JSON.parse(fixture.readWitness())).toEqual({
    name: "acme/mine",
    command: { do: ["greet fleet"] },
    inputs: { tone: "warm" },
    expectedInputs: { NAME: { ...name, value: "fleet" } },
    limits: { cores: 0, cpu: 1, timeoutSeconds: 0 },
  });
  expect(server.text(run.runId)).toBe('{"output": {"a": 1}}\n');
});

test.each([
  [`echo '{"error": "no such fleet"}'; exit 3`, "exit code 3: no such fleet"],
  [`echo '{"error": {"message": "no such fleet"}}'; exit 3`, "exit code 3: no such fleet"],
  [`echo '{}'; exit 3`, "exit code 3"],
  ["echo oops; exit 1", "exit code 1: its answer on stdout is not one JSON object"],
])("says why a custom interpreter failed: %s", async (script, reason) => {
  const { server } = fixture;
  const path = install("mine", [script]);
  await fixture.agent({ customInterpreters: [{ name: "acme/mine", path, version: "1.0.0" }] });
  const run = assignment([stepOf("acme/mine")]);

  server.assign(run);
  const result = await server.result(run.runId);

  expect(result.steps[0]).toMatchObject({ status: "failure", reason });
});

test("says that a configured interpreter is not there, and starts nothing", async () => {
  const { server, directory } = fixture;
  const path = join(directory, "gone");
  await fixture.agent({ customInterpreters: [{ name: "acme/mine", path, version: "1.0.0" }] });
  const run = assignment([stepOf("acme/mine", { retryCount: 2 })]);

  server.assign(run);
  const result = await server.result(run.runId);

  expect(result.steps[0]).toMatchObject({
    status: "failure",
    attemptCount: 0,
    reason: `interpreter "acme/mine" is not installed: there is no ${path} on this node`,
  });
  expect(existsSync(fixture.witness)).toBe(false);
});

test("a runner process reads its custom interpreters from a file and refuses a wrong one", async () => {
  const { server, directory } = fixture;
  const file = join(directory, "interpreters.json");
  const wrong = join(directory, "wrong.json");
  install("mine", ["echo '{}'"]);
  writeFileSync(file, '{"interpreters": {"acme/mine": {"path": "mine", "version": "1.0.0"}}}');
  writeFileSync(wrong, "{}");
  const refused = fixture.runner("--interpreters", wrong);

  expect(await refused.exited).toEqual({ code: 2, signal: null });
  expect(refused.stderr()).toContain(`interpreters file ${wrong} has no object "interpreters"`);

  await fixture.runner("--interpreters", file).ready;
  const run = assignment([stepOf("acme/mine")]);
  server.assign(run);
  expect((await server.result(run.runId)).status).toBe("success");
});

/** An agent that finds the stand-ins of this test before anything else. */
async function agentWithStandIns(...names: readonly string[]): Promise<void> {
  for (const name of names) {
    install(name, [
      `[ "$1" = --version ] && echo "${name} 5.22.3" && exit`,
      `echo "${name}" >> "$witness"`,
      'for argument; do echo "  $argument" >> "$witness"; done',
      'for argument; do case $argument in */Berksfile) cat "${argument#*=}" >> "$witness";; esac; done',
      `[ -z "$CHEF_LICENSE_KEY$CHEF_CREDENTIALS_FILE" ] || echo "$CHEF_LICENSE_KEY$CHEF_CREDENTIALS_FILE" >> "$witness"`,
    ]);
  }
  const environment = { PATH: `${fixture.directory}:/usr/bin:/bin`, HOME: fixture.directory };
  await fixture.agent({ environment });
}

/** Runs one step; returns what the stand-ins were called with, the run directory written as RUN. */
async function callsOf(step: CanonicalStep): Promise<string> {
  const run = assignment([step]);
  fixture.server.assign(run);
  const result = await fixture.server.result(run.runId);
  expect(result.steps[0]).toMatchObject({ status: "success", reason: "" });
  const runDirectory = new RegExp(`${fixture.dataDir}/runs/[^/\\s]+`, "g");
  return fixture.readWitness().replaceAll(runDirectory, "RUN");
}

async function reasonOf(step: CanonicalStep): Promise<string> {
  const run = assignment([step]);
  fixture.server.assign(run);
  const result = await fixture.server.result(run.runId);
  expect(result.steps[0]).toMatchObject({ status: "failure", attemptCount: 0 });
  expect(fixture.readWitness()).toBe("");
  return result.steps[0]?.reason ?? "";
}

test.each([
  [
    { exec: "scan", args: { path: "https://example.org/profile" } },
    ["exec", "https://example.org/profile", "--no-color", "--reporter", "cli"],
  ],
  [
    {
      exec: "scan",
      args: {
        path: "/p",
        input: { level: 2, name: "a b" },
        waiver: "/w.yaml",
        reporterType: "json",
      },
    },
    [
      ...["exec", "/p", "--no-color", "--reporter", "json"],
      ...["--waiver-file", "/w.yaml", "--input", "level=2", "name=a b"],
    ],
  ],
  [
    { exec: "scan", args: { path: "/p", reporterFileName: "/tmp/r.json" } },
    ["exec", "/p", "--no-color", "--reporter", "cli", "json:/tmp/r.json"],
  ],
])("drives inspec: %j", async (command, expected) => {
  await agentWithStandIns("inspec");

  const calls = await callsOf(stepOf("chef-platform/inspec-interpreter", { command }));

  expect(calls).toBe(`inspec\n${expected.map((argument) => `  ${argument}\n`).join("")}`);
});

test("gives inspec its licence by the environment", async () => {
  await agentWithStandIns("inspec");
  const command = { exec: "scan", args: { path: "/p", licenseKey: "free-1" } };

  const calls = await callsOf(stepOf("chef-platform/inspec-interpreter", { command }));

  expect(calls).toBe("inspec\n  exec\n  /p\n  --no-color\n  --reporter\n  cli\nfree-1\n");
});

test("takes a profile from Chef Automate with a login of the attempt's own", async () => {
  await agentWithStandIns("inspec");
  const automate = { source: "automate", sourceURL: "https://a.example", username: "ops" };
  const args = { path: "admin/ssh-baseline", token: "t0ken", ...automate };

  const calls = await callsOf(
    stepOf("chef-platform/inspec-interpreter", { command: { exec: "scan", args } }),
  );

  const login = ["automate", "login", "https://a.example", "--user", "ops", "--token", "t0ken"];
  const scan = ["exec", "compliance://admin/ssh-baseline", "--no-color", "--reporter", "cli"];
  const expected = [login, scan].map((call) => ["inspec", ...call.map((one) => `  ${one}`)]);
  expect(calls).toBe(`${expected.flat().join("\n")}\n`);
});

test.each([
  [{ exec: "run" }, "chef-client\n  --no-color\n"],
  [
    { exec: "run", args: { mode: "local", source: "/c" } },
    "chef-client\n  --no-color\n  --local-mode\n  --config-option\n  cookbook_path=/c\n",
  ],
  [
    { exec: "run", args: { mode: "local", runlist: "git::default,nginx", path: "/c" } },
    "chef-client\n  --no-color\n  --local-mode\n  --config-option\n  cookbook_path=/c\n  --override-runlist\n  git::default,nginx\n",
  ],
  [
    { exec: "download", args: { cookbooks: "git@12.0.0,nginx", path: "/c" } },
    'berks\n  vendor\n  /c\n  --berksfile=RUN/Berksfile\nsource "https://supermarket.chef.io/"\ncookbook "git", "= 12.0.0"\ncookbook "nginx"\n',
  ],
  [
    { exec: "execute", args: { cookbooks: "nginx", path: "/c", url: "https://s.example/" } },
    'berks\n  vendor\n  /c\n  --berksfile=RUN/Berksfile\nsource "https://s.example/"\ncookbook "nginx"\nchef-client\n  --no-color\n  --local-mode\n  --config-option\n  cookbook_path=/c\n  --override-runlist\n  nginx\n',
  ],
  [
    { exec: "rotate credentials", args: { config: "/home/u/.chef/credentials" } },
    "knife\n  exec\n  RUN/rotate.rb\n  --no-color\n/home/u/.chef/credentials\n",
  ],
])("drives Chef: %j", async (command, expected) => {
  await agentWithStandIns("chef-client", "berks", "knife");

  const calls = await callsOf(stepOf("chef-platform/chef-client-interpreter", { command }));

  expect(calls).toBe(expected);
});

test.each([
  ["inspec", { exec: "run" }, 'the command needs "exec", one of "scan"'],
  ["inspec", { exec: "scan" }, '"args" needs "path"'],
  [
    "inspec",
    { exec: "scan", args: { path: "/p", source: "automate" } },
    '"args" needs "sourceURL"',
  ],
  [
    "inspec",
    { exec: "scan", args: { path: "/p", minSuccess: 101 } },
    '"args.minSuccess" is "101", give percent, from 0 to 100',
  ],
  [
    "chef-client",
    { exec: "run", args: { path: "/a", source: "/b" } },
    '"args" has both "path" and "source", which mean the same',
  ],
  [
    "inspec",
    { exec: "scan", args: { path: "/p", percent: "90" } },
    '"args" has no "percent", known are path, input, waiver, reporterType, reporterFileName, licenseKey, licenseServer, minSuccess, source, sourceURL, username, token',
  ],
  [
    "chef-client",
    { exec: "download", args: { cookbooks: 'x" + `id` + "' } },
    '"args.cookbooks" has "x" + `id` + "", give name or name@version',
  ],
  [
    "chef-client",
    { exec: "download", args: { cookbooks: "nginx" } },
    'exec "download" needs berks, which is not installed on this node',
  ],
  [
    "chef-client",
    { exec: "run", args: { mode: "solo" } },
    '"args.mode" is "solo", give "local" or "server"',
  ],
])("refuses for %s: %j", async (tool, command, reason) => {
  await agentWithStandIns(tool);

  expect(await reasonOf(stepOf(`chef-platform/${tool}-interpreter`, { command }))).toBe(reason);
});

test.each([
  ["inspec", { exec: "scan", args: { path: "/p" } }],
  ["chef-client", { exec: "run" }],
])("says that there is no %s on the node", async (tool, command) => {
  await fixture.agent();
  const name = `chef-platform/${tool}-interpreter`;

  expect(await reasonOf(stepOf(name, { command }))).toBe(
    `interpreter "${name}" is not installed: there is no ${tool} on this node`,
  );
});

test("passes a playbook's variables by a file and its inventory as it is", async () => {
  await agentWithStandIns("ansible-playbook");
  const args = {
    playbook: "/p.yml",
    inventory: "/hosts",
    limit: "db",
    extraVars: { a: "1" },
    check: true,
  };
  const step = stepOf("chef-platform/ansible-interpreter", { command: { exec: "run", args } });

  expect(await callsOf(step)).toBe(
    "ansible-playbook\n  --inventory\n  /hosts\n  --limit\n  db\n  --check\n  --extra-vars\n  @RUN/extra-vars.json\n  --\n  /p.yml\n",
  );
});

test.skipIf(!isAnsibleThere && !isCi)(
  `a playbook runs on the node itself${isAnsibleThere ? "" : ": left out, there is no ansible-playbook"}`,
  { timeout: 120_000 },
  async () => {
    const { server, directory, witness } = fixture;
    const playbook = join(directory, "site.yml");
    const task = { copy: { dest: witness, content: "{{ greeting }}, {{ name }}" } };
    writeFileSync(playbook, JSON.stringify([{ hosts: "all", gather_facts: false, tasks: [task] }]));
    await fixture.agent();
    const args = { playbook, extraVars: { greeting: "good evening", name: "a'; b" } };
    const step = stepOf("chef-platform/ansible-interpreter", { command: { exec: "run", args } });
    const broken = { exec: "run", args: { playbook: join(directory, "gone.yml") } };
    const run = assignment([step, { ...step, command: broken }]);

    server.assign(run);
    const result = await server.result(run.runId);

    expect(server.text(run.runId)).toMatch(/localhost +: ok=1 +changed=1/);
    expect(fixture.readWitness()).toBe("good evening, a'; b");
    expect(result.steps.map((ended) => ended.status)).toEqual(["success", "failure"]);
    expect(server.text(run.runId, { stepNumber: 2, stream: "stderr" })).toContain("gone.yml");
  },
);
