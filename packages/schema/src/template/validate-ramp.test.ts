import { expect, test } from "vitest";
import { formatProblems } from "../format-problems.ts";
import { validateTemplate } from "./validate-template.ts";

/** What is said about a job whose group has these fields. */
async function textFor(field: string, value: unknown): Promise<string> {
  const group = { nodeListType: "nodes", nodeIdentifiers: ["web-1"], [field]: value };
  const interpreter = { name: "chef-platform/shell-interpreter" };
  const job = {
    name: "hello",
    scheduleRule: "immediate",
    target: { groups: [group] },
    actions: { steps: [{ name: "say hello", interpreter, command: { linux: ["echo hello"] } }] },
  };
  const result = await validateTemplate(JSON.stringify(job, null, 2), "json");
  return formatProblems(result.ok ? result.warnings : result.problems, "job.json");
}

test("takes ramps, waits and every spelling of haltOn", async () => {
  expect(await textFor("batchSize", { type: "ramp", value: [1, 5, "10%", "2.5%", "100%"] })).toBe(
    "",
  );
  expect(await textFor("soakSeconds", 0)).toBe("");
  const timeout = { type: "percent", value: 5 };
  expect(await textFor("haltOn", { failure: 1, unreachable: "10%", timeout })).toBe("");
});

test("says what is wrong with a ramp", async () => {
  expect(await textFor("batchSize", { type: "ramp", value: 5 })).toMatchInlineSnapshot(
    `"job.json:13:20  /target/groups/0/batchSize/value  expected a list, found the number 5"`,
  );
  expect(await textFor("batchSize", { type: "number", value: [5] })).toMatchInlineSnapshot(
    `"job.json:13:20  /target/groups/0/batchSize/value  expected a number, found a list"`,
  );
  expect(await textFor("batchSize", { type: "ramp", value: [] })).toMatchInlineSnapshot(
    `"job.json:13:11  /target/groups/0/batchSize/value  must have at least one entry"`,
  );
  expect(await textFor("batchSize", { type: "ramp", value: [1, 0, "0%", 1.5, "5", "101%"] }))
    .toMatchInlineSnapshot(`
    "job.json:15:13  /target/groups/0/batchSize/value/1  must be at least 1, found 0
    job.json:16:13  /target/groups/0/batchSize/value/2  "0%" is not valid, expected a whole number of nodes, or a percentage such as "10%"
    job.json:17:13  /target/groups/0/batchSize/value/3  expected a whole number or a string, found the number 1.5
    job.json:18:13  /target/groups/0/batchSize/value/4  "5" is not valid, expected a whole number of nodes, or a percentage such as "10%"
    job.json:19:13  /target/groups/0/batchSize/value/5  "101%" is not valid, expected a whole number of nodes, or a percentage such as "10%""
  `);
});

test("says what is wrong with haltOn and soakSeconds", async () => {
  expect(await textFor("haltOn", {})).toMatchInlineSnapshot(
    `"job.json:11:9  /target/groups/0/haltOn  must have at least one of "failure", "unreachable", "timeout""`,
  );
  expect(await textFor("haltOn", { failure: 0, timeouts: 1, unreachable: "many" }))
    .toMatchInlineSnapshot(`
    "job.json:12:22  /target/groups/0/haltOn/failure  must be at least 1, found 0
    job.json:13:11  /target/groups/0/haltOn/timeouts  unknown field "timeouts", did you mean "timeout"?
    job.json:14:26  /target/groups/0/haltOn/unreachable  "many" is not valid, expected a whole number of nodes, or a percentage such as "10%""
  `);
  expect(await textFor("haltOn", { failure: { type: "percent", value: 101 }, timeout: true }))
    .toMatchInlineSnapshot(`
    "job.json:14:22  /target/groups/0/haltOn/failure/value  must be at most 100, found 101
    job.json:16:22  /target/groups/0/haltOn/timeout  expected a whole number or a string or an object, found true"
  `);
  expect(await textFor("soakSeconds", -1)).toMatchInlineSnapshot(
    `"job.json:11:24  /target/groups/0/soakSeconds  must be at least 0, found -1"`,
  );
});
