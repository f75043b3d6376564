import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { assignment, setup, shell, type RunnerFixture } from "./runner-fixture.ts";

let fixture: RunnerFixture;

beforeEach(async () => {
  fixture = await setup();
});

afterEach(async () => {
  await fixture.dispose();
});

/** One scan of a node whose InSpec is these lines; `$witness` is the fixture's file. */
async function scan(lines: readonly string[], args: object) {
  const version = '[ "$1" = --version ] && echo 5.22.3 && exit';
  const path = join(fixture.directory, "inspec");
  const text = ["#!/bin/sh", `witness='${fixture.witness}'`, version, ...lines, ""].join("\n");
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  const environment = { PATH: `${fixture.directory}:/usr/bin:/bin`, HOME: fixture.directory };
  await fixture.agent({ environment });
  const skill = { minVersion: "", maxVersion: "" };
  const interpreter = { name: "chef-platform/inspec-interpreter", skill };
  const command = { exec: "scan", args: { ...args } };
  const run = assignment([{ ...shell(""), interpreter, command }]);

  fixture.server.assign(run);
  const { steps } = await fixture.server.result(run.runId);
  return { step: steps[0], output: fixture.server.text(run.runId) };
}

/** As InSpec does: the report goes to the file that the reporter names. */
function reporting(summary: string, exitCode: number): readonly string[] {
  const write = `cli:*) echo "${summary}" > "\${argument#cli:}"`;
  return [`for argument; do case $argument in ${write};; esac; done`, `exit ${exitCode}`];
}

test.each([
  ["75", 3, "success", 0, "3 of 4 controls succeeded: 75 %, asked for are 75 %\n"],
  ["75.1%", 3, "failure", 1, "3 of 4 controls succeeded: 75 %, asked for are 75.1 %\n"],
  [0, 0, "success", 0, "0 of 4 controls succeeded: 0 %, asked for are 0 %\n"],
  [100, 4, "success", 0, "4 of 4 controls succeeded: 100 %, asked for are 100 %\n"],
])("lets %s percent of the controls suffice: %d of 4", async (minSuccess, passed, ...expected) => {
  const [status, exitCode, verdict] = expected;
  const summary = `Profile Summary: ${passed} successful controls, ${4 - passed} control failures, 2 controls skipped`;

  const { step, output } = await scan(reporting(summary, 100), { path: "/p", minSuccess });

  expect(step).toMatchObject({ status, exitCode });
  expect(output).toBe(`${summary}\n${verdict}`);
});

test("lets no share suffice where no control was decided", async () => {
  const summary = "Profile Summary: 0 successful controls, 0 control failures, 2 controls skipped";

  const { step, output } = await scan(reporting(summary, 101), { path: "/p", minSuccess: 0 });

  expect(step).toMatchObject({ status: "failure", exitCode: 1 });
  expect(output).toBe(`${summary}\nno control was decided\n`);
});

test("judges no share where InSpec itself has failed", async () => {
  const summary = "Profile Summary: 4 successful controls, 0 control failures, 0 controls skipped";

  const { step, output } = await scan(reporting(summary, 2), { path: "/p", minSuccess: 0 });

  expect(step).toMatchObject({ status: "failure", exitCode: 2 });
  expect(output).toBe(`${summary}\n`);
});

const automate = { source: "automate", sourceURL: "https://a.example", token: "t", path: "p" };
const login = [
  'echo "$1 $INSPEC_CONFIG_DIR" >> "$witness"',
  '[ "$2" = login ] && mkdir "$INSPEC_CONFIG_DIR" && [ "$5" = stranger ] && exit 3',
  "exit 0",
];

test("keeps a login to Chef Automate to its attempt, and leaves nothing of it behind", async () => {
  fixture.server.acksResults = false;

  const { step } = await scan(login, { ...automate, username: "ops" });

  const [first, second = ""] = fixture.readWitness().trimEnd().split("\n");
  const directory = second.replace("exec ", "");
  expect(step?.status).toBe("success");
  expect(first).toBe(`automate ${directory}`);
  expect([existsSync(dirname(directory)), existsSync(directory)]).toEqual([true, false]);
});

test("scans nothing when Chef Automate refuses the login", async () => {
  const { step } = await scan(login, { ...automate, username: "stranger" });

  expect(step).toMatchObject({ status: "failure", exitCode: 3 });
  expect(fixture.readWitness()).not.toContain("exec");
});
