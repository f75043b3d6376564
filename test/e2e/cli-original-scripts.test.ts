import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startStack, textAt, valueAt, type Stack } from "./stack.ts";

/** The flags, bodies and answers that scripts for the original's command lines rely on. */
describe("scripts that were written for the original", () => {
  let stack: Stack;
  let nodeId: string;
  const jobs = ["scheduler", "jobs"];
  const pages = ["--pagination.page", "1", "--pagination.size", "10000"];

  beforeAll(async () => {
    stack = await startStack();
    nodeId = await stack.startRunner("web-1");
  });
  afterAll(async () => stack.stop());

  async function addNightlyJob(name: string): Promise<string> {
    const body = {
      name,
      scheduleRule: "RRULE:FREQ=DAILY;BYHOUR=3;BYMINUTE=0;BYSECOND=0",
      target: { groups: [{ nodeListType: "nodes", nodeIdentifiers: [nodeId] }] },
      actions: {
        steps: [
          {
            name: "true",
            interpreter: { name: "chef-platform/shell-interpreter" },
            command: { linux: ["true"], darwin: ["true"] },
          },
        ],
      },
    };
    const added = await stack.json([...jobs, "add-job", "--body", JSON.stringify(body)]);
    return textAt(added, ["item", "id"]);
  }

  it("start a job that exists, and follow it with the ids as jq prints them", async () => {
    const jobId = await addNightlyJob("exists");
    const listed = await stack.json([...jobs, "list-jobs", ...pages, "--active"]);
    const body = JSON.stringify({ jobId });

    const manual = await stack.json([...jobs, "create-manual-job", "--body", body, "--wait"]);
    const instanceId = textAt(manual, ["item", "id"]);
    const activated = await stack.json([...jobs, "activated-job", "--jobId", jobId, "--wait"]);
    const instances = await stack.json(["state", "instance", "list-all", "--job-id", jobId]);
    const runs = ["state", "instance", "list-instance-runs", "--instanceId", `"${instanceId}"`];
    const inGroup = await stack.json([...runs, "--groupNum", "0", ...pages]);
    const before = await stack.json([...runs, "--run-before", "2024-01-01T00:00:00Z"]);

    expect(valueAt(listed, ["items", 0, "name"])).toBe("exists");
    expect(valueAt(listed, ["pagination", "itemsPerPage"])).toBe(10_000);
    expect(textAt(activated, ["item", "instance", "status"])).toBe("success");
    expect(valueAt(instances, ["totalItems"])).toBe(2);
    expect(textAt(inGroup, ["items", 0, "nodeId"])).toBe(nodeId);
    expect(valueAt(before, ["totalItems"])).toBe(0);
    const nothing = await stack.cli([...jobs, "create-manual-job"]);
    const other = await stack.cli([...jobs, "create-manual-job", "--body", '{"job": 1}']);
    expect([nothing.code, nothing.stderr]).toEqual([2, expect.stringContaining("--jobId is req")]);
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('field \\"job\\"')]);
  });

  it("send what get-job answers back to update-job, and ask when a job runs", async () => {
    const jobId = await addNightlyJob("edited");
    const got = await stack.json([...jobs, "get-job", "--jobId", jobId]);
    const item = JSON.stringify(valueAt(got, ["item"])).replace("BYHOUR=3", "BYHOUR=4");

    const updated = await stack.json([...jobs, "update-job", "--jobId", jobId, "--body", item]);
    const estimated = await stack.json([...jobs, "estimate-run-times", "--jobId", jobId]);
    const deadline = ["--deadline", "2099-01-01T00:00:00Z"];
    const due = await stack.json([...jobs, "get-pastDueJobs", ...deadline]);

    expect(textAt(updated, ["item", "scheduleRule"])).toContain("BYHOUR=4");
    expect(textAt(estimated, ["estimates", 0])).toMatch(/T04:00:00/);
    expect(JSON.stringify(due)).toContain(jobId);
  });

  it("name exceptions, nodes, tags and filters in the original's forms", async () => {
    const rule = '{"duration": 2, "rrule": "RRULE:DTSTART=20230620;FREQ=DAILY"}';
    const added = await stack.json(["scheduler", "exceptions", "add-rule", "--body", rule]);
    const exception = ["--exceptionId", textAt(added, ["item", "id"])];
    const got = await stack.json(["scheduler", "exceptions", "get-rule", ...exception]);
    await stack.json(["scheduler", "exceptions", "delete-rule", ...exception]);
    const list = '{"name": "mine", "nodeIds": []}';
    const listed = await stack.json(["management", "list", "create-list", "--body", list]);
    const listId = ["--listId", textAt(listed, ["item", "listId"])];
    await stack.json(["management", "list", "add-nodes", ...listId, "--body", `["${nodeId}"]`]);
    const tags = ["--nodeId", nodeId, "--body", '[{"name": "role", "value": "web"}]'];
    await stack.json(["management", "node", "modify-tags", ...tags]);
    const filter = {
      constraints: { attributes: [{ name: "role", operator: "=", value: ["web"] }] },
    };
    const run = ["management", "filter", "run-adhocFilter", "--body", JSON.stringify(filter)];
    const full = await stack.json([...run, "--expand"]);
    const partial = await stack.json([...run, "--expand=false"]);
    const enrolment = await stack.json(["status", "get-status", "--nodeId", nodeId]);

    expect(valueAt(got, ["item", "duration"])).toBe(2);
    expect(textAt(enrolment, ["item", "id"])).toBe(nodeId);
    expect(textAt(enrolment, ["item", "stateWorkflow", 0, "status"])).toBe("Success");
    expect(textAt(full, ["items", 0, "id"])).toBe(nodeId);
    expect(textAt(full, ["items", 0, "checkedinAt"])).toMatch(/^\d{4}-/);
    expect(textAt(full, ["items", 0, "installedSkills", 0, "name"])).toBe("courier-runner");
    expect(valueAt(partial, ["items", 0, "attributes"])).toBeUndefined();
    expect(textAt(partial, ["items", 0, "healthStatus"])).toBe("online");
  });

  it("make a key pair, log in with it in a profile and over HTTP, and give it back", async () => {
    const self = ["user-account", "self"];
    const body = JSON.stringify({ name: "script", expiration: "2100-01-01T00:00:00Z" });
    const created = await stack.json([...self, "create-token", "--body", body]);
    const [accessKey, secretKey] = ["accessKey", "secretKey"].map((key) =>
      textAt(created, ["item", key]),
    );
    const home = join(stack.directory, "script-home");
    await mkdir(home);
    const profile = `[script]\nUrl = "${stack.url}"\nAccessKey = "${accessKey}"\nSecretKey = "${secretKey}"\nOrgName = "o"\n`;
    await writeFile(join(home, "credentials"), profile, { mode: 0o600 });
    const env = { COURIER_HOME: home, COURIER_URL: "", COURIER_TOKEN: "" };

    const listed = await stack.json([...self, "list-tokens"], { env });
    const login = async (path: string, sent: object): Promise<unknown> => {
      const url = `${stack.url}/platform/user-accounts/v1/user/api-token/${path}`;
      const headers = { "content-type": "application/json" };
      return (await fetch(url, { method: "POST", headers, body: JSON.stringify(sent) })).json();
    };
    const state = "random-string";
    const code = await login("login", { accessKey, secretKey, state });
    const oauthCode = textAt(code, ["item", "oauthCode"]);
    const token = textAt(await login("jwt", { oauthCode, state }), ["item", "accessToken"]);
    const headers = { authorization: `Bearer ${token}` };
    const jobsUrl = `${stack.url}/courier/scheduler-api/v1/jobs`;
    const before = await fetch(jobsUrl, { headers });
    const tokenId = textAt(created, ["item", "id"]);
    await stack.json([...self, "delete-token", "--token-id", tokenId]);
    const after = await fetch(jobsUrl, { headers });
    const refused = await stack.cli([...self, "list-tokens"], { env });

    expect(textAt(listed, ["items", 0, "name"])).toBe("script");
    expect([before.status, after.status]).toEqual([200, 401]);
    expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining("not valid")]);
  });

  it("ask every list for a page that is larger than those of the service", async () => {
    const jobId = await addNightlyJob("large pages");
    const started = await stack.json([...jobs, "create-manual-job", "--jobId", jobId, "--wait"]);
    const instanceId = textAt(started, ["item", "id"]);
    const runs = ["state", "instance", "list-instance-runs", "--instanceId", instanceId];
    const runId = textAt(await stack.json(runs), ["items", 0, "runId"]);
    const lists = [
      [...jobs, "list-jobs"],
      [...jobs, "get-pastDueJobs"],
      [...jobs, "list-missed", "--jobId", jobId],
      ["scheduler", "exceptions", "list-rules"],
      ["scheduler", "budgets", "list-budgets"],
      ["state", "instance", "list-all"],
      runs,
      ["state", "run", "list-steps", "--runId", runId],
      ["management", "node", "find-all-nodes"],
      ["management", "filter", "find-all-filters"],
      ["management", "list", "find-all-lists"],
      ["management", "cohort", "find-all-cohorts"],
      ["user-account", "self", "list-tokens"],
    ];

    const sizes: unknown[] = [];
    for (const list of lists) {
      const answer = await stack.json([...list, ...pages]);
      sizes.push(valueAt(answer, ["pagination", "itemsPerPage"]));
    }

    expect(sizes).toEqual(lists.map(() => 10_000));
  });
});
