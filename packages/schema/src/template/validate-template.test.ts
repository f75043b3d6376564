import { expect, test } from "vitest";
import { formatProblems } from "../format-problems.ts";
import { problemsMax, templateDepthMax } from "../limits.ts";
import type { TemplateFormat } from "./parsed-template.ts";
import { validateTemplate } from "./validate-template.ts";

interface Editable {
  [field: string]: Editable & Editable[] & (string | number | boolean | null | undefined);
}

/** A minimal job, changed by `edit`, as a person would have written it in JSON. */
function jobText(edit: (job: Editable) => void = () => undefined): string {
  const job: unknown = {
    name: "hello",
    scheduleRule: "immediate",
    target: { groups: [{ nodeListType: "nodes", nodeIdentifiers: ["web-1"] }] },
    actions: {
      steps: [
        {
          name: "say hello",
          interpreter: { name: "chef-platform/shell-interpreter" },
          command: { linux: ["echo hello"] },
        },
      ],
    },
  };
  // Tests write what the types of a template forbid.
  edit(job as Editable);
  return JSON.stringify(job, null, 2);
}

function set(path: string, value: unknown): (job: Editable) => void {
  return (job) => {
    const keys = path.split("/");
    let current = job as unknown as Record<string, unknown>;
    for (const key of keys.slice(0, -1)) current = current[key] as Record<string, unknown>;
    if (value === undefined) delete current[keys.at(-1) ?? ""];
    else current[keys.at(-1) ?? ""] = value;
  };
}

async function textFor(text: string, format: TemplateFormat): Promise<string> {
  const result = await validateTemplate(text, format);
  return formatProblems(result.ok ? result.warnings : result.problems, `job.${format}`);
}

async function textForEdit(path: string, value: unknown): Promise<string> {
  return await textFor(jobText(set(path, value)), "json");
}

test("accepts a minimal job without a remark", async () => {
  const result = await validateTemplate(jobText(), "json");

  expect(result).toMatchObject({ ok: true, warnings: [], template: { name: "hello" } });
});

test("says that a file is empty", async () => {
  expect(await textFor("", "json")).toMatchInlineSnapshot(
    `"job.json:1:1  the file is empty, expected a job template in JSON"`,
  );
  expect(await textFor(" \n\n", "toml")).toMatchInlineSnapshot(
    `"job.toml:1:1  the file is empty, expected a job template in TOML"`,
  );
  expect(await textFor("# only a comment\n", "yaml")).toMatchInlineSnapshot(
    `"job.yaml:1:1  the file is empty, expected a job template in YAML"`,
  );
  expect(await textFor("# only a comment\n", "toml")).toMatchInlineSnapshot(
    `"job.toml:1:1  the file is empty, expected a job template in TOML"`,
  );
});

test("says that a file does not hold the fields of a job", async () => {
  expect(await textFor("[1, 2]", "json")).toMatchInlineSnapshot(
    `"job.json:1:1  expected the fields of a job, found a list"`,
  );
  expect(await textFor("just some words", "yaml")).toMatchInlineSnapshot(
    `"job.yaml:1:1  expected the fields of a job, found the text "just some words""`,
  );
});

test("says where JSON is broken", async () => {
  expect(await textFor('{\n  "name": "hello"\n  "target": {}\n}', "json")).toMatchInlineSnapshot(
    `"job.json:3:3  invalid JSON: expected ",", found "target""`,
  );
  expect(await textFor('{\n  "name": hello\n}', "json")).toMatchInlineSnapshot(
    `"job.json:2:11  invalid JSON: not a JSON value; text needs double quotes, found "hello""`,
  );
  expect(await textFor('{\n  "name": "hello",\n}', "json")).toMatchInlineSnapshot(
    `"job.json:2:18  invalid JSON: no comma is allowed at the end"`,
  );
  expect(await textFor('{\n  "name": "hello", // a comment\n}', "json")).toMatchInlineSnapshot(
    `"job.json:2:20  invalid JSON: comments are not allowed in JSON, found "// a comment""`,
  );
  expect(await textFor('{\n  "name": "hello"\n', "json")).toMatchInlineSnapshot(
    `"job.json:2:17  invalid JSON: expected "}", found the end of the file"`,
  );
  expect(await textFor("name: hello\n", "json")).toMatchInlineSnapshot(
    `"job.json:1:1  invalid JSON: not a JSON value; text needs double quotes, found "name"; name the format if this is YAML or TOML"`,
  );
});

test("says where YAML is broken", async () => {
  expect(await textFor("name: hello\n\ttarget: {}\n", "yaml")).toMatchInlineSnapshot(
    `"job.yaml:2:1  invalid YAML: tabs are not allowed as indentation"`,
  );
  expect(await textFor("name: [hello\ntarget: {}\n", "yaml")).toMatchInlineSnapshot(
    `"job.yaml:2:1  invalid YAML: flow sequence in block collection must be sufficiently indented and end with a ]"`,
  );
});

test("says where TOML is broken", async () => {
  expect(await textFor('name = "hello"\nscheduleRule = immediate\n', "toml")).toMatchInlineSnapshot(
    `"job.toml:2:17  invalid TOML: not a TOML value; text needs quotes"`,
  );
  expect(await textFor('name = "hello\n', "toml")).toMatchInlineSnapshot(
    `"job.toml:1:15  invalid TOML: unterminated string"`,
  );
});

test("says where a key stands twice", async () => {
  expect(await textFor("name: a\nname: b\n", "yaml")).toMatchInlineSnapshot(
    `"job.yaml:2:1  duplicate key "name""`,
  );
  expect(await textFor('name = "a"\nname = "b"\n', "toml")).toMatchInlineSnapshot(
    `"job.toml:2:1  duplicate key "name""`,
  );
});

test("names the field that a misspelt one was meant to be, once", async () => {
  const misspelt = jobText().replace('"interpreter"', '"interpeter"');

  expect(await textFor(misspelt, "json")).toMatchInlineSnapshot(
    `"job.json:18:9  /actions/steps/0/interpeter  unknown field "interpeter", did you mean "interpreter"?"`,
  );
});

test("lists the known fields for an unknown one that resembles none", async () => {
  expect(await textForEdit("target/colour", "red")).toMatchInlineSnapshot(
    `"job.json:13:5  /target/colour  unknown field "colour", known here are "executionType", "groups""`,
  );
});

test("lists the allowed values of an enum", async () => {
  expect(await textForEdit("target/executionType", "serial")).toMatchInlineSnapshot(
    `"job.json:13:22  /target/executionType  "serial" is not allowed, expected one of "sequential", "parallel""`,
  );
  expect(await textForEdit("target/groups/0/distributionMethod", "Rolling")).toMatchInlineSnapshot(
    `"job.json:11:31  /target/groups/0/distributionMethod  "Rolling" is not allowed, did you mean "rolling"? expected one of "batching", "rolling""`,
  );
});

test("says what was found where another type is expected", async () => {
  expect(await textForEdit("name", 5)).toMatchInlineSnapshot(
    `"job.json:2:11  /name  expected a string, found the number 5"`,
  );
  expect(await textForEdit("target/groups/0/timeoutSeconds", "60")).toMatchInlineSnapshot(
    `"job.json:11:27  /target/groups/0/timeoutSeconds  expected a whole number, found the text "60""`,
  );
  expect(await textForEdit("target/groups", {})).toMatchInlineSnapshot(
    `"job.json:5:15  /target/groups  expected a list, found an object"`,
  );
  expect(await textForEdit("actions/steps/0/command", ["echo"])).toMatchInlineSnapshot(
    `"job.json:21:20  /actions/steps/0/command  expected an object, found a list"`,
  );
  expect(await textForEdit("actions/steps/0/inputs", { dir: true })).toMatchInlineSnapshot(
    `"job.json:27:18  /actions/steps/0/inputs/dir  expected a string, found true"`,
  );
});

test("places a missing field at what should contain it", async () => {
  expect(await textForEdit("name", undefined)).toMatchInlineSnapshot(
    `"job.json:1:1  required field "name" is missing"`,
  );
  expect(await textForEdit("actions/steps/0/command", undefined)).toMatchInlineSnapshot(
    `"job.json:16:7  /actions/steps/0  required field "command" is missing"`,
  );
  expect(await textForEdit("target/groups/0/nodeIdentifiers", undefined)).toMatchInlineSnapshot(
    `"job.json:6:7  /target/groups/0  required field "nodeIdentifiers" is missing"`,
  );
  expect(await textForEdit("scheduleRule", undefined)).toMatchInlineSnapshot(
    `"job.json:1:1  required field "scheduleRule" is missing"`,
  );
});

test("gives one error for a command that does not fit its interpreter", async () => {
  expect(await textForEdit("actions/steps/0/command", { linx: [] })).toMatchInlineSnapshot(
    `"job.json:22:11  /actions/steps/0/command/linx  unknown field "linx", did you mean "linux"?"`,
  );
  expect(await textForEdit("actions/steps/0/command", {})).toMatchInlineSnapshot(
    `"job.json:21:9  /actions/steps/0/command  must have at least one of "linux", "darwin", "windows""`,
  );
  expect(
    await textFor(
      jobText(set("actions/steps/0/interpreter/name", "chef-platform/restart-interpreter")),
      "json",
    ),
  ).toMatchInlineSnapshot(`
    "job.json:21:9  /actions/steps/0/command  required field "exec" is missing
    job.json:22:11  /actions/steps/0/command/linux  unknown field "linux", known here are "exec", "args""
  `);
});

test.each([
  "immediate",
  "FREQ=DAILY",
  "rrule:freq=daily",
  "cron:0 3 * * *",
  "DTSTART;TZID=Europe/Berlin:20260101T030000 FREQ=DAILY",
  "RRULE:FREQ=DAILY\nDTSTART:20260101T030000Z",
  String.raw`DTSTART:20260101\nFREQ=DAILY`,
])("takes the schedule rule %j", async (rule) => {
  expect(await textForEdit("scheduleRule", rule)).toBe("");
});

test("checks numbers, percentages, rules and zones", async () => {
  const batch = "target/groups/0/batchSize";
  expect(await textForEdit(batch, { type: "percent", value: 101 })).toMatchInlineSnapshot(
    `"job.json:13:20  /target/groups/0/batchSize/value  must be at most 100, found 101"`,
  );
  expect(await textForEdit(batch, { type: "number", value: 1.5 })).toMatchInlineSnapshot(
    `"job.json:13:20  /target/groups/0/batchSize/value  expected a whole number, found 1.5"`,
  );
  expect(await textForEdit(batch, { type: "number", value: 0 })).toMatchInlineSnapshot(
    `"job.json:13:20  /target/groups/0/batchSize/value  must be more than 0, found 0"`,
  );
  expect(await textForEdit(batch, { type: "number" })).toMatchInlineSnapshot(
    `"job.json:11:9  /target/groups/0/batchSize  required field "value" is missing"`,
  );
  expect(await textForEdit("scheduleRule", "tomorrow")).toMatchInlineSnapshot(
    `"job.json:3:19  /scheduleRule  "tomorrow" is not valid, expected "immediate", "RRULE:…" (RFC 5545) or "CRON:…""`,
  );
  expect(await textForEdit("timeZone", "Europe/Berln")).toMatchInlineSnapshot(
    `"job.json:29:15  /timeZone  "Europe/Berln" is not a time zone, did you mean "Europe/Berlin"?"`,
  );
});

test("lists all problems at once in the order of the file", async () => {
  const text =
    "name: ''\nscheduleRule: now\ntarget:\n  groups:\n    - nodeListType: nodes\n      timeout: 5\nactions:\n  accessMode: ssh\n  steps: []\n";

  expect(await textFor(text, "yaml")).toMatchInlineSnapshot(`
    "job.yaml:1:7  /name  must not be empty
    job.yaml:2:15  /scheduleRule  "now" is not valid, expected "immediate", "RRULE:…" (RFC 5545) or "CRON:…"
    job.yaml:5:7  /target/groups/0  required field "nodeIdentifiers" is missing
    job.yaml:6:7  /target/groups/0/timeout  unknown field "timeout", did you mean "timeoutSeconds"?
    job.yaml:8:15  /actions/accessMode  "ssh" is not allowed, expected one of "agent", "agentless"
    job.yaml:9:3  /actions/steps  must have at least one entry"
  `);
});

test("finds the place in TOML too", async () => {
  const text =
    'name = "a"\nscheduleRule = "immediate"\n\n[[target.groups]]\nnodeListType = "nodes"\nnodeIdentifiers = ["a", 5]\n\n[[actions.steps]]\nname = 2024-01-01\ncommand = { linux = ["true"] }\n';

  expect(await textFor(text, "toml")).toMatchInlineSnapshot(`
    "job.toml:6:25  /target/groups/0/nodeIdentifiers/1  expected a string, found the number 5
    job.toml:8:1  /actions/steps/0  required field "interpreter" is missing
    job.toml:9:8  /actions/steps/0/name  found a date, put it in quotes if text is meant"
  `);
});

test("asks for placeholders to be replaced", async () => {
  const json = '{\n  "name": "<STRING>",\n  "target": {"timeoutSeconds": <INTEGER>}\n}';
  const yaml = "name: <STRING>\nscheduleRule: immediate|RRule\n";

  expect(await textFor(json, "json")).toMatchInlineSnapshot(`
    "job.json:2:12  placeholder <STRING> must be replaced by a value of your own, and so must every other one in this file
    job.json:3:32  invalid JSON: not a JSON value; text needs double quotes, found "<INTEGER>""
  `);
  expect(await textFor(yaml, "yaml")).toMatchInlineSnapshot(`
    "job.yaml:1:1  required field "target" is missing
    job.yaml:1:1  required field "actions" is missing
    job.yaml:1:7  /name  placeholder <STRING> must be replaced by a value of your own
    job.yaml:2:15  /scheduleRule  "immediate|RRule" is not valid, expected "immediate", "RRULE:…" (RFC 5545) or "CRON:…""
  `);
});

test("takes an unreplaced node placeholder for an ordinary node id", async () => {
  const result = await validateTemplate(
    jobText(set("target/groups/0/nodeIdentifiers", ["--NODE1--"])),
    "json",
  );

  expect(result.ok).toBe(true);
});

test.each([
  ["actions/steps/0/failureBehavior", { retryBackoffStrategy: { name: "linear" } }],
  [
    "actions/steps/0/outputFieldRules",
    { A: { sourceType: "output", extractMethod: "regex", expression: "x" } },
  ],
  ["target/groups/0/filterId", "42"],
  ["target/groups/0/filterId", 0],
  ["actions/steps/0/interpreter/min_version", "1.0.0"],
  ["actions/steps/0/inputs", { env: { A: "1" }, "env.B": "2" }],
])("accepts the old or short spelling of %s (%j)", async (path, value) => {
  expect(await textForEdit(path, value)).toBe("");
});

test("accepts the old spelling of an immediate schedule", async () => {
  const text = jobText((job) => {
    set("scheduleRule", undefined)(job);
    set("immediate", true)(job);
  });

  expect(await textFor(text, "json")).toBe("");
});

test("refuses an old spelling beside the new one", async () => {
  const strategy = { name: "linear", type: "none" };

  expect(
    await textForEdit("actions/steps/0/failureBehavior", { retryBackoffStrategy: strategy }),
  ).toMatchInlineSnapshot(
    `"job.json:29:13  /actions/steps/0/failureBehavior/retryBackoffStrategy/type  give either "type" or its old spelling "name", not both"`,
  );
});

test("warns about a stray non-rule beside the output rules", async () => {
  expect(
    await textForEdit("actions/steps/0/outputFieldRules", { required: false }),
  ).toMatchInlineSnapshot(
    `"job.json:27:11  /actions/steps/0/outputFieldRules/required  "required" beside the output rules is no rule and is left out"`,
  );
});

test("warns about the placeholders that published examples have for a strategy's arguments", async () => {
  const withArguments = (given: readonly unknown[]): Promise<string> =>
    textForEdit("actions/steps/0/failureBehavior", {
      retryBackoffStrategy: { type: "polynomial", arguments: given },
    });

  expect(await withArguments([2, {}])).toMatch(
    /arguments\/1 {2}\{\} is no number and is left out$/,
  );
  expect(await withArguments([{ degree: 2 }])).toContain("arguments/0");
});

test("warns about an interpreter that is nearly one of the platform's", async () => {
  expect(
    await textForEdit("actions/steps/0/interpreter/name", "chef-platform/shel-interpreter"),
  ).toMatchInlineSnapshot(
    `"job.json:19:19  /actions/steps/0/interpreter/name  "chef-platform/shel-interpreter" is taken for an interpreter of your own, did you mean "chef-platform/shell-interpreter"?"`,
  );
});

test("gives later remarks their place", async () => {
  const result = await validateTemplate(jobText(), "json");
  if (!result.ok) throw new Error("the job is valid");

  const problems = await result.locate([{ pointer: "/scheduleRule", message: "no" }]);

  expect(problems).toEqual([{ pointer: "/scheduleRule", line: 3, column: 19, message: "no" }]);
});

test("holds the limits of steps, depth and listed problems", async () => {
  const step: unknown = JSON.parse(jobText()).actions.steps[0];
  let deep: unknown = "x";
  for (let level = 0; level < templateDepthMax; level += 1) deep = [deep];
  const wrong = Array.from({ length: problemsMax * 2 }, () => 5);

  expect(
    await textForEdit(
      "actions/steps",
      Array.from({ length: 101 }, () => step),
    ),
  ).toMatchInlineSnapshot(
    `"job.json:15:5  /actions/steps  has 101 entries, at most 100 are allowed"`,
  );
  expect(await textForEdit("description", deep)).toContain("nested too deeply");
  const lines = (await textForEdit("target/groups/0/nodeIdentifiers", wrong)).split("\n");
  expect(lines).toHaveLength(problemsMax + 1);
  expect(lines.at(-1)).toContain("100 or more further problems are not listed");
});

test("refuses keys that reach a prototype", async () => {
  const text = jobText()
    .replace('"description"', "")
    .replace('"name": "hello"', '"name": "hello", "__proto__": {"a": 1}');

  expect(await textFor(text, "json")).toContain('the key "__proto__" is not allowed');
});

test.each([
  ["a hundred thousand wrong nodes", "target/groups/0/nodeIdentifiers", Array(100_000).fill(5)],
  ["more nodes than the limit", "target/groups/0/nodeIdentifiers", Array(200_000).fill("a")],
  ["a thousand wrong steps", "actions/steps", Array(1000).fill({ nam: 1 })],
  ["a hundred thousand wrong steps", "actions/steps", Array(100_000).fill({})],
])("does not take long over %s", async (_what, path, value: readonly unknown[]) => {
  // The text is compact so that it stays below the limit of length; a quadratic check would take minutes.
  const text = JSON.stringify(JSON.parse(jobText(set(path, value))));

  const result = await validateTemplate(text, "json");

  expect(result.ok).toBe(false);
});
