import { expect, test } from "vitest";
import { formatProblems } from "../format-problems.ts";
import { readOnlyJobFields, validateTemplate, type TemplateResult } from "./validate-template.ts";

// Forms that jobs have which others published, or that the original's answers show.

const groups = [{ nodeListType: "nodes", nodeIdentifiers: ["web-1"] }];

function jobText({ group = groups[0], step = {} }: { group?: object; step?: object }): string {
  const shell = { name: "chef-platform/shell-interpreter" };
  const steps = [{ name: "s", interpreter: shell, command: { linux: ["true"] }, ...step }];
  const job = { name: "job", scheduleRule: "immediate", target: { groups: [group] } };
  return JSON.stringify({ ...job, actions: { steps } }, null, 1);
}

function textOf(result: TemplateResult): string {
  return formatProblems(result.ok ? result.warnings : result.problems, "job.json");
}

async function textFor(about: Parameters<typeof jobText>[0]): Promise<string> {
  return textOf(await validateTemplate(jobText(about), "json"));
}

function tool(name: string, command: object): object {
  return { interpreter: { name: `chef-platform/${name}-interpreter` }, command };
}

test("of a key that stands twice in JSON the last value counts, and a warning says which is ignored", async () => {
  const text = jobText({ step: { retryCount: 1 } });
  const twice = text.replace('"retryCount": 1', '"retryCount": 7,\n"retryCount": 1');

  const result = await validateTemplate(twice, "json");

  expect(result).toMatchObject({ ok: true, template: { actions: { steps: [{ retryCount: 1 }] } } });
  expect(textOf(result)).toBe(
    'job.json:26:5  /actions/steps/0/retryCount  "retryCount" stands again further down: the last one counts, this one is ignored',
  );
});

test("a wrong value of a key that stands twice is told of the last one", async () => {
  const text = jobText({ step: { retryCount: "x" } });
  const twice = text.replace('"retryCount": "x"', '"retryCount": 7,\n"retryCount": "x"');

  expect(textOf(await validateTemplate(twice, "json"))).toBe(
    'job.json:27:15  /actions/steps/0/retryCount  expected a whole number, found the text "x"',
  );
});

test("a saved list needs no identifiers, and null is none", async () => {
  const empty = { filter: null, filterId: "00000000-0000-0000-0000-000000000000" };
  const saved = { ...empty, nodeListType: "savedList", listId: "patchday", nodeIdentifiers: null };

  expect(await textFor({ group: saved })).toBe("");
  expect(await textFor({ group: { ...groups[0], nodeIdentifiers: null } })).toContain(
    "/target/groups/0/nodeIdentifiers  expected a list, found nothing (null)",
  );
});

test("InSpec takes a profile from Chef Automate, with all that it needs", async () => {
  const args = { path: "admin/ssh-baseline", username: "<me>", token: "x", source: "automate" };
  const scan = (over: object): object => tool("inspec", { exec: "scan", args: over });

  const known = { ...args, username: "me", sourceURL: "https://automate.example", minSuccess: 90 };
  expect(await textFor({ step: scan(known) })).toBe("");
  expect(await textFor({ step: scan({ path: "p", token: "x" }) })).toContain(
    '/actions/steps/0/command/args  required field "source" is missing',
  );
  expect(await textFor({ step: scan({ path: "p", minSuccess: 101 }) })).toContain("minSuccess");
});

test("Chef's directory of cookbooks may be called source", async () => {
  const run = (args: object): object => tool("chef-client", { exec: "run", args });

  expect(await textFor({ step: run({ mode: "local", source: "/c" }) })).toBe("");
  expect(await textFor({ step: run({ path: "/a", source: "/b" }) })).toContain(
    'give either "path" or "source", which mean the same, not both',
  );
});

test("a job that was read may be sent back, with all that the service or the original shows beside its template", async () => {
  const shown = {
    ...{ createdAt: "T", exceptionReasons: [], executionCount: 3, id: "j-1", lastUpdatedBy: "u" },
    ...{ modifiedAt: "T", nextExecutionTime: "T", status: "active", updatedAt: "T" },
  };
  const text = JSON.stringify({ ...shown, ...(JSON.parse(jobText({})) as object) });

  const result = await validateTemplate(text, "json", { ignoredFields: readOnlyJobFields });

  expect(textOf(result)).toBe("");
  expect(result).toMatchObject({ ok: true, ignored: shown });
  expect(textOf(await validateTemplate(text, "json"))).toContain("executionCount");
});
