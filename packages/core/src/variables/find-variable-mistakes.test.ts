import type { Step } from "@courier/schema";
import { expect, test } from "vitest";
import { canonicaliseTemplate } from "../template/canonicalise.ts";
import { findVariableMistakes } from "./find-variable-mistakes.ts";

const interpreter = { name: "chef-platform/shell-interpreter" };
const first: Step = {
  name: "first",
  interpreter,
  command: { linux: ["echo 1.2"] },
  outputFieldRules: { APP_VERSION: { sourceType: "output" } },
};

function mistakesIn(second: Partial<Step>): readonly string[] {
  const { actions } = canonicaliseTemplate({
    name: "job",
    scheduleRule: "immediate",
    target: { groups: [] },
    actions: {
      steps: [first, { name: "second", interpreter, command: { linux: ["true"] }, ...second }],
    },
  });
  return findVariableMistakes(actions.steps).map(({ pointer, message }) => `${pointer} ${message}`);
}

test("finds nothing where every name has a source", () => {
  const second: Partial<Step> = {
    command: { linux: ["echo {{.APP_VERSION}} {{.B}} {{ .C }} {{ item }}"] },
    inputs: { B: "{{.APP_VERSION}}", dir: "/{{.C}}" },
    expectedInputs: { C: { default: "3", type: "integer" } },
    conditions: [{ inputName: "APP_VERSION", operator: "matches", value: "^1" }],
    outputFieldRules: {
      D: { sourceType: "file", source: "x", extractMethod: "jsonPath", expression: "$..a" },
    },
  };

  expect(mistakesIn(second)).toEqual([]);
});

test.each<[Partial<Step>, string]>([
  [
    { command: { linux: ["true", "echo {{.APP_VERSOIN}}"] } },
    '/command/linux/1 no earlier step produces variable "APP_VERSOIN", and the step does not declare it; did you mean "APP_VERSION"?',
  ],
  [
    { command: { linux: ["docker ps --format {{.Names}}"] } },
    '/command/linux/0 no earlier step produces variable "Names", and the step does not declare it; declare it in "expectedInputs", or write {{`{{.Names}}`}} for the text itself',
  ],
  [
    { command: { linux: ["docker inspect -f {{.State.Pid}} x"] } },
    '/command/linux/0 "{{.State.Pid}}" is no variable: write {{.NAME}} or {{ shellquote .NAME }}, and {{`{{.State.Pid}}`}} for the text itself',
  ],
  [
    { inputs: { dir: "/{{.SUB}}", SUB: "x" } },
    '/inputs/dir no earlier step produces variable "SUB", and the step does not declare it; declare it in "expectedInputs", or write {{`{{.SUB}}`}} for the text itself',
  ],
  [
    { conditions: [{ inputName: "app_version", operator: "eq", value: "1" }] },
    '/conditions/0/inputName no earlier step produces variable "app_version", and the step does not declare it; did you mean "APP_VERSION"?',
  ],
  [
    { conditions: [{ inputName: "NOWHERE", operator: "eq", value: "1" }] },
    '/conditions/0/inputName no earlier step produces variable "NOWHERE", and the step does not declare it; declare it in "expectedInputs"',
  ],
  [
    { conditions: [{ inputName: "APP_VERSION", operator: "matches", value: "(?=a)" }] },
    "/conditions/0/value is not a regular expression in RE2 syntax: error parsing regexp: invalid or unsupported Perl syntax: `(?=`",
  ],
  [
    { expectedInputs: { "a/b": { type: "integer", default: "x" } } },
    '/expectedInputs/a~1b/default input "a/b" must be of type integer, but is "x"',
  ],
  [
    { outputFieldRules: { A: { sourceType: "output", source: "stdin" } } },
    '/outputFieldRules/A/source expected "stdout" or "stderr", found "stdin"',
  ],
  [
    { outputFieldRules: { A: { sourceType: "output", extractMethod: "regEx", expression: "(" } } },
    "/outputFieldRules/A/expression is not a regular expression in RE2 syntax: error parsing regexp: missing closing ): `(`",
  ],
  [
    {
      outputFieldRules: { A: { sourceType: "output", extractMethod: "jsonPath", expression: "a" } },
    },
    '/outputFieldRules/A/expression is not a JSONPath: a path begins with "$" at character 1: "a"',
  ],
])("%j: %s", (second, expected) => {
  expect(mistakesIn(second)).toEqual([`/actions/steps/1${expected}`]);
});

test("a step does not know what it produces itself", () => {
  const second: Partial<Step> = {
    command: { linux: ["echo {{.OWN}}"] },
    outputFieldRules: { OWN: { sourceType: "exitCode" } },
  };

  expect(mistakesIn(second)).toHaveLength(1);
});
