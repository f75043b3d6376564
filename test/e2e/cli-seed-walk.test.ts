import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { startStack, textAt, valueAt, type Stack } from "./stack.ts";
import { jobTemplate } from "./cli-templates.ts";

let stack: Stack;
const nodes: string[] = [];

beforeAll(async () => {
  stack = await startStack();
  for (const name of ["web-1", "web-2", "web-3"]) nodes.push(await stack.startRunner(name));
});

afterAll(async () => {
  await stack.stop();
});

/** Only the profile: the commands of the page are typed with --profile and nothing else. */
const noEnvironment = { env: { COURIER_URL: "", COURIER_TOKEN: "" } };

describe("the walk of run-a-courier-job, with a profile", () => {
  it("goes from a template file to recorded steps with the page's own commands", async () => {
    const registered = await stack.cli(
      ["register-device", "--url", stack.url, "--token", "-", "--profile-name", "operator"],
      { ...noEnvironment, stdin: stack.adminToken },
    );
    expect(registered).toMatchObject({ code: 0, stderr: "" });
    expect(registered.stdout).not.toContain(stack.adminToken);
    const profile = ["--profile", "operator"];
    const template = jobTemplate({ name: "create job simple", nodes, batchSize: 2 });
    await writeFile(join(stack.directory, "create-job-simple.json"), JSON.stringify(template));
    const json = (args: readonly string[]): Promise<unknown> =>
      stack.json([...args, ...profile], noEnvironment);

    const added = await json([
      ...["scheduler", "jobs", "add-job"],
      ...["--body-file", "create-job-simple.json"],
    ]);

    expect(added).toEqual({
      item: {
        exceptionReasons: [],
        id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-/),
        nextExecutionTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      },
    });
    const jobId = textAt(added, ["item", "id"]);
    const instanceId = await stack.instanceOf(jobId);
    const watched = await json(["state", "instance", "watch", "--instanceId", instanceId]);
    expect(valueAt(watched, ["item", "status"])).toBe("success");

    const instances = await json(["state", "instance", "list-all", "--job-id", jobId]);

    expect(valueAt(instances, ["items", 0])).toMatchObject({ id: instanceId, jobId });
    expect(valueAt(instances, ["pagination"])).toEqual({
      itemsPerPage: 10,
      nextLink: "",
      page: 1,
      pageItemCount: 1,
      previousLink: "",
      startIndex: 1,
      totalItems: 1,
      totalPages: 1,
    });

    const runs = await json([
      "state",
      "instance",
      "list-instance-runs",
      "--instanceId",
      instanceId,
    ]);

    expect(valueAt(runs, ["totalItems"])).toBe(3);
    expect(valueAt(runs, ["items"])).toHaveLength(3);
    expect(valueAt(runs, ["items", 0])).toEqual({
      groupNumber: 0,
      lastUpdateTime: expect.any(String),
      nodeId: nodes[0],
      nodeName: "web-1",
      receivedTime: expect.any(String),
      runId: expect.any(String),
      status: "success",
    });

    const steps = await json([
      ...["state", "run", "list-steps", "--runId"],
      textAt(runs, ["items", 0, "runId"]),
    ]);

    expect(valueAt(steps, ["totalItems"])).toBe(1);
    expect(valueAt(steps, ["items"])).toEqual([
      {
        inputs: "",
        interpreterPath: expect.any(String),
        interpreterVersion: expect.any(String),
        name: "step",
        numAttempts: 1,
        outputs: "",
        reason: "",
        status: "success",
        stepNumber: 1,
      },
    ]);
  });

  it("accepts both spellings of every id flag", async () => {
    const template = jobTemplate({ name: "spellings", nodes: nodes.slice(0, 1) });
    const added = await stack.json(
      ["scheduler", "jobs", "add-job", "--bodyFile", "-", "--bodyFormat=json", "--wait"],
      { stdin: JSON.stringify(template) },
    );
    const jobId = textAt(added, ["item", "id"]);
    const instanceId = textAt(added, ["item", "instance", "id"]);

    for (const flag of ["--jobId", "--job-id"]) {
      const job = await stack.json(["scheduler", "jobs", "get-job", flag, jobId]);
      expect(valueAt(job, ["item", "name"])).toBe("spellings");
      const list = await stack.json(["state", "instance", "list-all", `${flag}=${jobId}`]);
      expect(valueAt(list, ["totalItems"])).toBe(1);
    }
    for (const flag of ["--instanceId", "--instance-id"]) {
      const found = await stack.json(["state", "instance", "get-instance", flag, instanceId]);
      expect(valueAt(found, ["item", "jobId"])).toBe(jobId);
    }
  });

  it("runs the same job from YAML and TOML", async () => {
    const yaml = [
      "name: in yaml",
      "scheduleRule: immediate",
      "target: {groups: [{nodeListType: nodes, nodeIdentifiers: [web-1]}]}",
      "actions:",
      "  steps:",
      "    - name: s",
      "      interpreter: {name: chef-platform/shell-interpreter}",
      "      command: {linux: ['true']}",
    ].join("\n");
    const toml = [
      'name = "in toml"',
      'scheduleRule = "immediate"',
      "[[target.groups]]",
      'nodeListType = "nodes"',
      'nodeIdentifiers = ["web-1"]',
      "[[actions.steps]]",
      'name = "s"',
      'interpreter = {name = "chef-platform/shell-interpreter"}',
      'command = {linux = ["true"]}',
    ].join("\n");
    await writeFile(join(stack.directory, "job.yml"), yaml);

    const fromYaml = await stack.cli([
      "scheduler",
      "jobs",
      "add-job",
      "--body-file",
      "job.yml",
      "--wait",
      "--format",
      "table",
    ]);
    const fromToml = await stack.cli([
      "scheduler",
      "jobs",
      "add-job",
      "--body",
      toml,
      "--body-format",
      "toml",
      "--wait",
    ]);

    expect(fromYaml).toMatchObject({ code: 0, stderr: "" });
    expect(fromYaml.stdout).toMatch(
      /^job {7}[0-9a-f-]{36}\ninstance {2}[0-9a-f-]{36}\nstatus {4}success\nruns {6}1 success\n$/,
    );
    expect(fromToml).toMatchObject({ code: 0, stderr: "" });
  });
});
