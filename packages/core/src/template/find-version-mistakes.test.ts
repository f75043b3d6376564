import type { JobTemplate } from "@courier/schema";
import { expect, test } from "vitest";
import { canonicaliseTemplate } from "./canonicalise.ts";
import { findMistakes } from "./find-mistakes.ts";

type Skill = NonNullable<JobTemplate["actions"]["steps"][number]["interpreter"]["skill"]>;

function mistakesOf(...skills: Skill[]): unknown {
  const job = canonicaliseTemplate({
    name: "job",
    scheduleRule: "immediate",
    target: { groups: [{ nodeListType: "nodes", nodeIdentifiers: ["web-1"] }] },
    actions: {
      steps: skills.map((skill) => ({
        name: "step",
        interpreter: { name: "chef-platform/shell-interpreter", skill },
        command: {},
      })),
    },
  });
  return findMistakes(job);
}

const pointer = "/actions/steps/0/interpreter/skill";

test("a bound that is no version", () => {
  expect(mistakesOf({ minVersion: "two", maxVersion: "1.x" })).toEqual([
    {
      pointer: `${pointer}/minVersion`,
      message: '"two" is not a version, such as "1.0.0"; leave it out where there is no bound',
    },
    {
      pointer: `${pointer}/maxVersion`,
      message: '"1.x" is not a version, such as "1.0.0"; leave it out where there is no bound',
    },
  ]);
});

test("bounds with nothing between them", () => {
  expect(mistakesOf({ minVersion: "2.0.0", maxVersion: "1.9.99" })).toEqual([
    { pointer: `${pointer}/maxVersion`, message: 'no version is between "2.0.0" and "1.9.99"' },
  ]);
});

test("at the step that has it", () => {
  expect(mistakesOf({}, { minVersion: "two" })).toMatchObject([
    { pointer: "/actions/steps/1/interpreter/skill/minVersion" },
  ]);
});

test.each([
  [{}],
  [{ minVersion: "", maxVersion: "" }],
  [{ minVersion: "1.0.0", maxVersion: "1.0.0" }],
  [{ minVersion: "v1", maxVersion: "20.9.99" }],
  [{ maxVersion: "1.0.0-rc.1+7" }],
])("but not %j", (skill) => {
  expect(mistakesOf(skill)).toEqual([]);
});
