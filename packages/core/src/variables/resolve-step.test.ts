import type { Step } from "@courier/schema";
import { expect, test } from "vitest";
import { canonicaliseTemplate } from "../template/canonicalise.ts";
import { resolveStep, type ResolvedStep } from "./resolve-step.ts";
import type { Values } from "./value.ts";

function resolve(
  step: Partial<Step>,
  produced: Values = {},
  lost: ReadonlySet<string> = new Set(),
): ResolvedStep {
  const { actions } = canonicaliseTemplate({
    name: "job",
    scheduleRule: "immediate",
    target: { groups: [] },
    actions: {
      steps: [
        {
          name: "step",
          interpreter: { name: "chef-platform/shell-interpreter" },
          command: { linux: ["echo {{.A}}"] },
          ...step,
        },
      ],
    },
  });
  const [canonical] = actions.steps;
  if (canonical === undefined) throw new Error("no step");
  return resolveStep(canonical, produced, lost);
}

const plain = (text: string): Values[string] => ({ text, isSensitive: false });
const secret = (text: string): Values[string] => ({ text, isSensitive: true });

test("the step's own input comes before the produced value, and that before the default", () => {
  const expectedInputs = { A: { default: "default" } };
  const inputs = { A: "own" };
  const produced = { A: plain("produced") };

  const commands = [
    resolve({ expectedInputs, inputs }, produced),
    resolve({ expectedInputs }, produced),
    resolve({ expectedInputs }),
  ].map((resolved) => resolved.kind === "run" && resolved.step.command);

  expect(commands).toEqual([
    { linux: ["echo own"] },
    { linux: ["echo produced"] },
    { linux: ["echo default"] },
  ]);
});

test("substitutes wherever a command has text, and in inputs", () => {
  const resolved = resolve(
    {
      interpreter: { name: "acme/greeter" },
      command: {
        exec: "{{.A}}",
        args: { list: ["{{ shellquote .A }}", 7], deep: { x: "-{{.A}}" } },
      },
      inputs: { dir: "/srv/{{.A}}", PORT: 80, "env.X": "{{.A}}!" },
    },
    { A: plain("a b") },
  );

  expect(resolved).toMatchObject({
    kind: "run",
    step: {
      command: { exec: "a b", args: { list: ["'a b'", 7], deep: { x: "-a b" } } },
      inputs: { dir: "/srv/a b", PORT: 80, "env.X": "a b!" },
    },
    environment: { PORT: "80" },
    shownInputs: '{"A":"a b","PORT":"80","dir":"/srv/a b","env.X":"a b!"}',
  });
});

test("declared and given values are in the environment, others are not", () => {
  const resolved = resolve(
    { expectedInputs: { A: {}, "no-name": {} }, inputs: { B: true, user: "nobody" } },
    { A: plain("1"), OTHER: plain("2") },
  );

  expect(resolved).toMatchObject({ kind: "run", environment: { A: "1", B: "true" } });
});

test("expected inputs carry their values", () => {
  const resolved = resolve({ expectedInputs: { A: { default: "x" } } });

  expect(resolved).toMatchObject({ step: { expectedInputs: { A: { value: "x", default: "x" } } } });
});

test("an input may pass a produced value on under the same name", () => {
  const resolved = resolve({ inputs: { A: "<{{.A}}>" } }, { A: plain("a") });

  expect(resolved).toMatchObject({ kind: "run", step: { command: { linux: ["echo <a>"] } } });
});

test("a required input without a value fails the step", () => {
  expect(resolve({ expectedInputs: { A: { required: true } } })).toEqual({
    kind: "fail",
    reason:
      'required input "A" has no value: neither the step\'s inputs nor an earlier step give it one, and it has no default',
    shownInputs: "",
  });
});

const command = { linux: ["true"] };

test.each<[string, Partial<Step>]>([
  ["declares it, whatever its default", { command, expectedInputs: { A: { default: "x" } } }],
  ["has it in its command", { command: { linux: ["echo {{ shellquote .A }}"] } }],
  ["has it in an input, also of the same name", { inputs: { A: "{{.A}}" } }],
  ["asks for it", { command, conditions: [{ inputName: "A", operator: "eq", value: "" }] }],
])("a step that %s fails when the value was produced and is lost", (_what, step) => {
  const resolved = resolve(step, {}, new Set(["A"]));

  expect(resolved.kind).toBe("fail");
  expect(resolved).toHaveProperty(
    "reason",
    expect.stringMatching(/^variable "A" has no value here: /),
  );
});

test("a step that gives a lost variable its own value, or has nothing to do with it, is executed", () => {
  const lost = new Set(["A"]);

  expect(resolve({ inputs: { A: "mine" } }, {}, lost).kind).toBe("run");
  expect(resolve({ command }, {}, lost).kind).toBe("run");
});

test("a produced empty text is a value", () => {
  const resolved = resolve({ expectedInputs: { A: { required: true } } }, { A: plain("") });

  expect(resolved.kind).toBe("run");
});

test("a variable that was not produced fails the step", () => {
  expect(resolve({})).toMatchObject({
    kind: "fail",
    reason: 'variable "A" has no value: no step before has produced it',
  });
  expect(resolve({ inputs: { B: "{{.A}}" }, command: { linux: ["true"] } })).toMatchObject({
    kind: "fail",
    reason: 'input "B": variable "A" has no value: no step before has produced it',
  });
});

test("all conditions must hold, else the step is skipped although its inputs have no value", () => {
  const step: Partial<Step> = {
    expectedInputs: { NEEDED: { required: true }, FLAG: {} },
    conditions: [
      { inputName: "FLAG", operator: "startsWith", value: "y" },
      { inputName: "FLAG", operator: "eq", value: "yes" },
    ],
  };

  expect(resolve(step, { FLAG: plain("yep") })).toEqual({
    kind: "skip",
    reason: 'condition FLAG eq "yes" does not hold: FLAG is "yep"',
    shownInputs: '{"FLAG":"yep"}',
  });
});

test("a condition on a required input without a value fails the step", () => {
  const resolved = resolve({
    expectedInputs: { A: { required: true } },
    conditions: [{ inputName: "A", operator: "eq", value: "1", negate: true }],
  });

  expect(resolved.kind).toBe("fail");
});

test.each([
  ["number", "12.5\n", true],
  ["number", "twelve", false],
  ["integer", "12", true],
  ["integer", "12.5", false],
  ["boolean", "true\n", true],
  ["boolean", "yes", false],
  ["string", "anything", true],
  ["list", "anything", true],
])("a value of type %s may be %j: %j", (type, text, isFine) => {
  const resolved = resolve({ expectedInputs: { A: { type } } }, { A: plain(text) });

  expect(resolved.kind).toBe(isFine ? "run" : "fail");
});

test("what a sensitive value is part of is sensitive, and nothing shows it", () => {
  const resolved = resolve(
    { expectedInputs: { T: { sensitive: true } }, inputs: { URL: "https://u:{{.T}}@x" } },
    { T: plain("s3cr3t"), A: secret("other") },
  );

  expect(resolved).toMatchObject({ kind: "run", shownInputs: '{"A":"***","T":"***","URL":"***"}' });
  // The rest of the URL is no secret.
  expect(resolved.kind === "run" && resolved.secrets.toSorted()).toEqual(["other", "s3cr3t"]);
});

test.each([
  ["x".repeat(65_537), false, 'input "A" has 65537 bytes; a value has at most 65536'],
  ["x".repeat(16_385), true, 'input "A" has 16385 bytes; a sensitive value has at most 16384'],
  ["a\0b", false, 'input "A" contains a NUL byte, which no variable can hold'],
])("a value that cannot be one fails the step (%#)", (text, sensitive, reason) => {
  expect(resolve({ expectedInputs: { A: { sensitive } }, inputs: { A: text } })).toMatchObject({
    kind: "fail",
    reason,
  });
});

test("names that objects inherit are no variables", () => {
  const resolved = resolve({ command: { linux: ["{{.constructor}} {{.__proto__}}"] } });

  expect(resolved.kind).toBe("fail");
});
