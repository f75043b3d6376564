import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { jobTemplate } from "./cli-templates.ts";
import { startStack, textAt, valueAt, type Stack } from "./stack.ts";

let stack: Stack;

beforeAll(async () => {
  stack = await startStack({ runnerNames: ["web-1"] });
});

afterEach(async () => {
  await stack.endLeftovers();
});

afterAll(async () => {
  await stack.stop();
});

const jobs = ["scheduler", "jobs"];
const exceptions = ["scheduler", "exceptions"];
const yearly = "CRON:0 0 1 1 *";

async function add(name: string, change: object = { scheduleRule: yearly }): Promise<string> {
  const body = JSON.stringify({ ...jobTemplate({ name, nodes: ["web-1"] }), ...change });
  return textAt(await stack.json([...jobs, "add-job", "--body", body]), ["item", "id"]);
}

async function errorOf(args: readonly string[]): Promise<unknown> {
  const { stdout, stderr } = await stack.cli(args);
  expect(stdout).toBe("");
  return valueAt(JSON.parse(stderr), ["error"]);
}

describe("scheduler jobs", () => {
  it("takes back what get-job shows, and refuses a stale ETag", async () => {
    const jobId = await add("update");
    const of = ["--jobId", jobId];
    const { stdout } = await stack.cli([...jobs, "get-job", ...of]);
    const head = await stack.json([...jobs, "get-head", "--job-id", jobId]);
    const etag = textAt(head, ["item", "etag"]);
    const item = { ...(valueAt(JSON.parse(stdout), ["item"]) as object), description: "changed" };
    const update = [...jobs, "update-job", ...of, "--body", JSON.stringify(item)];

    const updated = await stack.json([...update, "--if-match", etag]);
    const stale = await errorOf([...update, "--if-match", etag]);

    expect(valueAt(updated, ["item", "description"])).toBe("changed");
    expect(stale).toMatchObject({ code: "JOB_CHANGED" });
    expect((await stack.cli([...update, "--ifMatch", etag])).code).toBe(5);
  });

  it("warns on stderr of a schedule that is surely not meant, when it is added and when it is changed", async () => {
    const template = {
      ...jobTemplate({ name: "dense", nodes: ["web-1"] }),
      scheduleRule: "CRON:* 0 3 1 1 *",
    };
    const body = ["--body", JSON.stringify(template)];
    const added = await stack.cli([...jobs, "add-job", ...body]);
    const jobId = textAt(JSON.parse(added.stdout), ["item", "id"]);
    const updated = await stack.cli([...jobs, "update-job", "--jobId", jobId, ...body]);
    const validated = await stack.json([...jobs, "validate", ...body]);

    const warning =
      /^warning: --body:1:\d+ \/scheduleRule: occurs every second at its densest, for/;
    expect([added.code, added.stderr]).toEqual([0, expect.stringMatching(warning)]);
    expect([updated.code, updated.stderr]).toEqual([0, expect.stringMatching(warning)]);
    expect(valueAt(validated, ["item", "warnings", 0, "pointer"])).toBe("/scheduleRule");
  });

  it("warns on stderr of what it drops from a template, when it is added and when it is changed", async () => {
    const text = JSON.stringify(jobTemplate({ name: "twice", nodes: ["web-1"] }));
    const body = ["--body", `{"name": "once", ${text.slice(1)}`];
    const added = await stack.cli([...jobs, "add-job", ...body]);
    const item = valueAt(JSON.parse(added.stdout), ["item"]);
    const jobId = textAt(item, ["id"]);
    const updated = await stack.cli([...jobs, "update-job", "--jobId", jobId, ...body]);

    const warning =
      'warning: --body:1:2 /name: "name" stands again further down: the last one counts, this one is ignored\n';
    expect([added.code, added.stderr]).toEqual([0, warning]);
    expect([updated.code, updated.stderr]).toEqual([0, warning]);
    expect(textAt(JSON.parse(updated.stdout), ["item", "name"])).toBe("twice");
  });

  it("names the line of what is wrong in the template of an update", async () => {
    const jobId = await add("wrong");
    const stdin =
      "name: wrong\nscheduleRule: immediate\ntarget: {groups: []}\nactions: {steps: 1}\n";
    const args = [...jobs, "update-job", "--jobId", jobId, "--body-file", "-"];

    const { code, stderr } = await stack.cli([...args, "--body-format", "yaml"], { stdin });

    expect(code).toBe(2);
    expect(valueAt(JSON.parse(stderr), ["error", "details", 0, "line"])).toBe(3);
  });

  it.each(["activated-job", "create-manual-job"])("%s starts an instance now", async (command) => {
    const jobId = await add(command);

    const started = await stack.json([...jobs, command, "--jobId", jobId, "--wait"]);

    expect(textAt(started, ["item", "id"])).toBe(textAt(started, ["item", "instance", "id"]));
    expect(valueAt(started, ["item", "instance", "status"])).toBe("success");
    expect(valueAt(started, ["item", "jobId"])).toBe(jobId);
  });

  it("deactivates, activates, estimates, and lists what is past due and what was missed", async () => {
    const jobId = await add("walk");
    const of = ["--jobId", jobId];

    const inactive = await stack.json([...jobs, "deactivate", ...of]);
    const active = await stack.json([...jobs, "activate", ...of]);
    const estimate = await stack.json([...jobs, "estimate-run-times", ...of, "--count", "2"]);
    const table = await stack.cli([...jobs, "estimate-run-times", ...of, "--format", "table"]);
    const deadline = ["--deadline", "2200-01-01T00:00:00Z", "--pagination.size", "100"];
    const pastDue = await stack.json([...jobs, "get-pastDueJobs", ...deadline]);
    const missed = await stack.json([...jobs, "list-missed", ...of]);

    expect(valueAt(inactive, ["item", "nextExecutionTime"])).toBe("0001-01-01T00:00:00Z");
    expect(valueAt(inactive, ["item", "status"])).toBe("inactive");
    expect(valueAt(active, ["item", "status"])).toBe("active");
    expect(textAt(estimate, ["estimates", 1])).toMatch(/-01-01T00:00:00\.000Z$/);
    expect(table.stdout).toMatch(/^TIME +BLOCKED BY\n\d{4}-01-01T/);
    expect(JSON.stringify(pastDue)).toContain(jobId);
    expect(valueAt(missed, ["totalItems"])).toBe(0);
  });

  it("waits no longer for an instance that is canceled before it starts", async () => {
    const rule = '{"name":"freeze","rrule":"RRULE:FREQ=DAILY","duration":60}';
    const template = { ...jobTemplate({ name: "held", nodes: ["web-1"] }), scheduleRule: yearly };
    const added = await stack.json([...jobs, "add-job", "--body", JSON.stringify(template)]);
    const start = [...jobs, "create-manual-job", "--jobId", textAt(added, ["item", "id"])];
    await stack.json([...exceptions, "add-rule", "--body", rule]);
    const waiting = stack.startCli([...start, "--wait"]);
    await waiting.wrote("stderr", "waits to start");
    const { stderr } = await stack.cli(start);
    const id = /instance \\?"([0-9a-f-]{36})/.exec(stderr)?.[1] ?? "";

    const canceled = await stack.json(["state", "instance", "cancel", "--instanceId", id]);

    expect(valueAt(canceled, ["item"])).toEqual({ id, status: "canceled" });
    const { code, stderr: said } = await waiting.finished;
    expect(code).toBe(4);
    expect(said).toContain("was canceled, or left out, before it started");
    await stack.json([...exceptions, "delete-rule", "--ruleId", "freeze"]);
  });

  it("cancels and deletes, and says what goes on", async () => {
    const lines = ["sleep 600"];
    const body = JSON.stringify(jobTemplate({ name: "long", nodes: ["web-1"], lines }));
    const added = await stack.json([...jobs, "add-job", "--body", body]);
    const jobId = textAt(added, ["item", "id"]);
    const started = await stack.cli([...jobs, "cancel-job", "--jobId", jobId]);

    const canceled = await stack.json([...jobs, "cancel-job", "--jobId", jobId, "--instances"]);
    const deleted = await stack.json([...jobs, "delete-job", "--jobId", jobId]);

    expect(started.code).toBe(0);
    expect(valueAt(canceled, ["item", "status"])).toMatch(/completed|canceled/);
    expect(valueAt(deleted, ["item", "id"])).toBe(jobId);
    expect(await errorOf([...jobs, "get-head", "--jobId", jobId])).toMatchObject({
      code: "JOB_NOT_FOUND",
    });
    expect((await stack.cli([...jobs, "delete-job", "--jobId", jobId])).code).toBe(4);
  });
});

describe("scheduler exceptions", () => {
  it("walks from add-rule to delete-rule, in two formats", async () => {
    const toml = 'rrule = "DTSTART:20990101T000000Z\\nRRULE:FREQ=DAILY;COUNT=1"\nduration = 6\n';
    const json =
      '{"name":"walk","rrule":"DTSTART:20990101T000000Z\\nRRULE:FREQ=DAILY","duration":5}';

    const added = await stack.json([...exceptions, "add-rule", "--body", json]);
    const update = [...exceptions, "update-rule", "--rule-id", "walk", "--body-file", "-"];
    const updated = await stack.json([...update, "--body-format", "toml"], { stdin: toml });
    const got = await stack.json([...exceptions, "get-rule", "--ruleId", "walk"]);
    const listed = await stack.json([...exceptions, "list-rules"]);
    const deleted = await stack.json([...exceptions, "delete-rule", "--ruleId", "walk"]);
    const gone = await errorOf([...exceptions, "get-rule", "--ruleId", "walk"]);

    expect(valueAt(updated, ["item", "duration"])).toBe(6);
    expect(valueAt(got, ["item", "id"])).toBe(textAt(added, ["item", "id"]));
    expect(Object.keys(listed as object)).toEqual(["items", "pagination", "totalItems"]);
    expect(valueAt(deleted, ["item", "name"])).toBe("walk");
    expect(gone).toMatchObject({ code: "EXCEPTION_RULE_NOT_FOUND" });
  });

  it("warns on stderr of a rule that leaves no free minute, and of a job that no time is left for", async () => {
    const rule = '{"name":"always","rrule":"RRULE:FREQ=HOURLY","duration":60}';
    const frozen = await stack.cli([...exceptions, "add-rule", "--body", rule]);
    const template = { ...jobTemplate({ name: "never", nodes: ["web-1"] }), scheduleRule: yearly };
    const never = await stack.cli([...jobs, "add-job", "--body", JSON.stringify(template)]);
    await stack.json([...exceptions, "delete-rule", "--ruleId", "always"]);

    expect(frozen.code).toBe(0);
    expect(frozen.stderr).toMatch(
      /^warning: \/rrule: with this rule no job starts any more from .* delete-rule --ruleId [0-9a-f-]{36}\n$/,
    );
    expect(valueAt(JSON.parse(frozen.stdout), ["warnings", 0, "pointer"])).toBe("/rrule");
    expect(never).toMatchObject({
      code: 0,
      stderr:
        "warning: every time in sight is blocked, so the job does not run: see exceptionReasons\n",
    });
  });

  it("lets a start wait, which --ignore-exceptions does not", async () => {
    const jobId = await add("frozen", { scheduleRule: yearly, overlapPolicy: "allow" });
    const rule = '{"name":"now","rrule":"RRULE:FREQ=DAILY;COUNT=1","duration":60}';
    await stack.json([...exceptions, "add-rule", "--body", rule]);
    const start = [...jobs, "create-manual-job", "--jobId", jobId];

    const overridden = await stack.json([...start, "--ignore-exceptions", "--wait"]);
    const waits = await stack.cli(start);
    const body = JSON.stringify(jobTemplate({ name: "held back", nodes: ["web-1"] }));
    const limit = ["--wait", "--timeout", "1", "--cancel-on-timeout"];
    const held = await stack.cli([...jobs, "add-job", "--body", body, ...limit]);
    await stack.json([...exceptions, "delete-rule", "--ruleId", "now"]);

    expect(valueAt(overridden, ["item", "instance", "status"])).toBe("success");
    expect(valueAt(JSON.parse(waits.stdout), ["item", "started"])).toBe(false);
    expect(held.code).toBe(7);
    expect(held.stderr).toMatch(
      /^the time is over; there is no instance yet that could be canceled/,
    );
    expect(waits.stderr).toMatch(
      /waits to start: held back by global exception "now", not before /,
    );
  });
});
