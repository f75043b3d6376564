import { PassThrough, Readable } from "node:stream";

import { describe, expect, it } from "vitest";

import { runCli } from "./run-cli.ts";

async function run(
  args: readonly string[],
  options: { readonly isTerminal?: boolean; readonly stdin?: string } = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const stdout = new PassThrough();
  const stderr = Object.assign(new PassThrough(), { isTTY: options.isTerminal === true });
  const code = await runCli(args, {
    stdin: Readable.from([Buffer.from(options.stdin ?? "")]),
    stdout,
    stderr,
    env: { COURIER_HOME: "/nonexistent-courier-home", NO_COLOR: "1" },
    homeDirectory: "/nonexistent",
    signal: new AbortController().signal,
    now: () => 0,
    delay: () => Promise.resolve(),
  });
  return { code, stdout: String(stdout.read() ?? ""), stderr: String(stderr.read() ?? "") };
}

const template = JSON.stringify({
  name: "hello",
  scheduleRule: "immediate",
  target: { groups: [{ nodeListType: "nodes", nodeIdentifiers: ["web-1"] }] },
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

describe("runCli", () => {
  it.each([
    [["scheduler", "jobs", "add-jbo"], "unknown command 'add-jbo' (did you mean add-job?)"],
    [
      ["state", "run", "get-run", "--rnuId", "x"],
      "unknown option '--rnuId' (did you mean --runId?)",
    ],
    [["state", "run", "get-run"], "--runId is required"],
    [["state", "run", "get-run", "x", "--run-id", "y"], "takes no words, only flags"],
    [["set-default-profile"], "--profile-name is required"],
    [["set-default-profile", "a", "b"], "too many arguments. Expected 1 argument but got 2."],
    [["scheduler", "jobs"], "needs a command: add-job, validate, "],
    [["scheduler", "jobs", "add-job"], "no template is given"],
    [
      ["scheduler", "jobs", "add-job", "--body", "x", "--bodyFile", "y"],
      "--body-file and --body are both given",
    ],
    [["management", "list", "create-list"], "no request body is given"],
    [
      ["scheduler", "jobs", "add-job", "--body", "x", "--junit", "f"],
      "--junit only makes sense with --wait",
    ],
    [
      ["state", "instance", "list-all", "--pagination.size", "0"],
      "must be a whole number, 1 to 1000",
    ],
    [["state", "instance", "list-all", "--size", "0"], "must be a whole number, 1 to 1000"],
    [["version", "--format", "xml"], "Allowed choices are json, yaml, table"],
  ])("answers %j with a usage error and exit code 2", async (args, message) => {
    const { code, stdout, stderr } = await run(args);

    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "USAGE", details: [] } });
    expect(stderr).toContain(message.replaceAll('"', '\\"'));
  });

  it("takes -f and -v for --format and --verbose of the commands for devices", async () => {
    const args = ["deregister-device", "-f", "yaml", "-v", "--profile", "none", "--force=true"];

    const { code, stdout } = await run(args);

    expect(code).toBe(0);
    expect(stdout).toBe("item:\n  profileName: none\n  removed: false\n");
  });

  it("speaks plainly to a terminal, and as --format asks", async () => {
    const args = ["state", "instance", "list-all"];

    expect((await run(args, { isTerminal: true })).stderr).toMatch(/^error: no profile/);
    expect((await run([...args, "--format", "table"])).stderr).toMatch(/^error: no profile/);
    expect((await run([...args, "--format=yaml"])).stderr).toMatch(/^error:\n {2}code: PROFILE/);
    expect((await run([...args, "--format", "json"], { isTerminal: true })).stderr).toMatch(
      /^\{\n {2}"error": \{/,
    );
  });

  it("validates a template from standard input without a profile", async () => {
    const args = ["scheduler", "jobs", "validate", "--body-file", "-"];

    const { code, stdout, stderr } = await run(args, { stdin: template });

    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toEqual({ item: { valid: true, problems: [], warnings: [] } });
  });

  it("reports every problem of a template with its place", async () => {
    const text = 'name: ""\nscheduleRule: immediate\ntarget: {groups: []}\nactons: {}\n';
    const args = ["scheduler", "jobs", "validate", "--body", text, "--body-format", "yaml"];

    const { code, stderr } = await run(args);

    expect(code).toBe(2);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "TEMPLATE_INVALID" } });
    expect(stderr).toContain('did you mean \\"actions\\"');
  });

  it("prints help on stdout with exit code 0", async () => {
    const { code, stdout } = await run(["help", "state", "run", "logs"]);

    expect(code).toBe(0);
    expect(stdout).toContain("-f, --follow");
    expect(stdout).toContain("--stepNumber <N>");
  });

  it("prints items as a table, JSON and YAML", async () => {
    expect((await run(["version", "--format", "table"])).stdout).toMatch(/^name {5}courier-cli\n/);
    expect((await run(["version"])).stdout).toMatch(/^\{\n {2}"item": \{\n {4}"name"/);
    expect((await run(["--format", "yaml", "version"])).stdout).toMatch(/^item:\n {2}name: /);
  });
});
