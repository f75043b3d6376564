import type { JobTemplate, Step } from "@courier/schema";
import { expect, test } from "vitest";
import { canonicaliseTemplate } from "./canonicalise.ts";
import { findUnsupported } from "./find-unsupported.ts";

const runnable: JobTemplate = {
  name: "hello",
  scheduleRule: "immediate",
  target: { groups: [{ nodeListType: "nodes", nodeIdentifiers: ["web-1"] }] },
  actions: {
    steps: [
      {
        name: "say hello",
        interpreter: { name: "chef-platform/shell-interpreter" },
        command: { linux: ["echo {{ not a variable }} ${HOME}"] },
        inputs: { dir: "/", user: "nobody", "env.A": "1" },
        limits: { timeoutSeconds: 5 },
      },
    ],
  },
};

function withStep(change: Partial<Step>): JobTemplate {
  return {
    ...runnable,
    actions: { steps: runnable.actions.steps.map((step) => ({ ...step, ...change })) },
  };
}

function unsupportedIn(template: JobTemplate): readonly string[] {
  return findUnsupported(canonicaliseTemplate(template)).map(
    ({ pointer, message }) => `${pointer} ${message}`,
  );
}

test("finds nothing in a job that this version executes", () => {
  expect(unsupportedIn(runnable)).toEqual([]);
});

test("leaves command and inputs of a custom interpreter to that", () => {
  const interpreter = { name: "acme/greeter" };
  const template = withStep({ interpreter, command: { greet: "you" }, inputs: { tone: "warm" } });

  expect(unsupportedIn(template)).toEqual([]);
});

test("names the access mode", () => {
  const template: JobTemplate = {
    ...runnable,
    actions: { ...runnable.actions, accessMode: "agentless" },
  };

  expect(unsupportedIn(template)).toEqual([
    '/actions/accessMode access mode "agentless" is not supported by this version',
  ]);
});

test.each<[string, Partial<Step>, string]>([
  [
    "conditions",
    { conditions: [{ inputName: "A", operator: "eq", value: "1" }] },
    '/conditions field "conditions"',
  ],
  ["expected inputs", { expectedInputs: { A: {} } }, '/expectedInputs field "expectedInputs"'],
  [
    "output rules",
    { outputFieldRules: { A: { sourceType: "exitCode" } } },
    '/outputFieldRules field "outputFieldRules"',
  ],
  ["cores", { limits: { cores: 2 } }, '/limits/cores limit "cores"'],
  ["cpu", { limits: { cpu: 0.5 } }, '/limits/cpu limit "cpu"'],
  ["another input", { inputs: { "a/b": 1 } }, '/inputs/a~1b input "a/b"'],
  [
    "a variable",
    { command: { linux: ["true", "echo {{.A}}"] } },
    '/command/linux/1 variable "{{.A}}"',
  ],
  [
    "a quoted variable",
    { command: { linux: ["echo {{ shellquote .A }}"] } },
    '/command/linux/0 variable "{{ shellquote .A }}"',
  ],
  ["a variable in an input", { inputs: { dir: "/{{ .A }}" } }, '/inputs/dir variable "{{ .A }}"'],
])("names %s of a step", (_what, change, expected) => {
  expect(unsupportedIn(withStep(change))).toEqual([
    `/actions/steps/0${expected} is not supported by this version`,
  ]);
});
