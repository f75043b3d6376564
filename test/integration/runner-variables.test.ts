import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Assignment, RunResult } from "@courier/protocol";
import type { CanonicalOutputFieldRule, CanonicalStep } from "@courier/schema";
import { afterEach, beforeEach, expect, test } from "vitest";
import { assignment, setup, shell, type RunnerFixture } from "./runner-fixture.ts";

let fixture: RunnerFixture;

beforeEach(async () => {
  fixture = await setup();
});

afterEach(async () => {
  await fixture.dispose();
});

function rule(change: Partial<CanonicalOutputFieldRule> = {}): CanonicalOutputFieldRule {
  return {
    ...{ sourceType: "output", source: "stdout", extractMethod: "content", expression: "" },
    ...{ required: true, sensitive: false },
    ...change,
  };
}

function expected(
  change: Partial<CanonicalStep["expectedInputs"][string]> = {},
): CanonicalStep["expectedInputs"][string] {
  return { default: "", required: false, sensitive: false, type: "string", ...change };
}

async function execute(run: Assignment): Promise<RunResult> {
  await fixture.agent();
  fixture.server.assign(run);
  return await fixture.server.result(run.runId);
}

function statuses({ steps }: RunResult): readonly (readonly [string, string])[] {
  return steps.map(({ status, reason }) => [status, reason]);
}

test("a value goes from the step that produces it into command, inputs and environment of later ones", async () => {
  const run = assignment([
    shell("echo 1.2.3", { outputFieldRules: { VERSION: rule() } }),
    shell('printf "%s|" {{ shellquote .VERSION }} "$VERSION" "$COPY" "$X" "$UNASKED"', {
      expectedInputs: { VERSION: expected({ required: true }), UNSET: expected() },
      inputs: { COPY: "<{{.VERSION}}>", "env.X": "{{.VERSION}}" },
    }),
  ]);

  const result = await execute(run);

  expect(statuses(result)).toEqual([
    ["success", ""],
    ["success", ""],
  ]);
  expect(fixture.server.text(run.runId, { stepNumber: 2 })).toBe(
    "1.2.3\n|1.2.3\n|<1.2.3\n>|1.2.3\n||",
  );
  expect(result.steps[0]).toMatchObject({ outputs: String.raw`{"VERSION":"1.2.3\n"}` });
  expect(JSON.parse(result.steps[1]?.inputs ?? "")).toEqual({
    ...{ VERSION: "1.2.3\n", UNSET: "", COPY: "<1.2.3\n>", "env.X": "1.2.3\n" },
  });
});

test("a step whose condition does not hold is skipped, and the run goes on", async () => {
  const run = assignment([
    shell("echo false", { outputFieldRules: { FOUND: rule() } }),
    shell("exit 1", {
      conditions: [{ inputName: "FOUND", operator: "eq", value: "true\n", negate: false }],
    }),
    shell("echo on", {
      conditions: [{ inputName: "FOUND", operator: "eq", value: "true\n", negate: true }],
    }),
  ]);

  const result = await execute(run);

  expect(result.status).toBe("success");
  expect(statuses(result)).toEqual([
    ["success", ""],
    ["skipped", String.raw`condition FOUND eq "true\n" does not hold: FOUND is "false\n"`],
    ["success", ""],
  ]);
  expect(result.steps[1]).toMatchObject({ attemptCount: 0, inputs: '{"FOUND":"false\\n"}' });
});

test("a required input without a value fails the step before anything starts", async () => {
  const run = assignment([
    shell(`echo started >> ${fixture.witness}`, {
      expectedInputs: { TARGET: expected({ required: true }) },
      retryCount: 3,
    }),
  ]);

  const result = await execute(run);

  expect(result.status).toBe("failure");
  expect(result.steps[0]).toMatchObject({ status: "failure", attemptCount: 0 });
  expect(result.reason).toContain('required input "TARGET" has no value');
  expect(fixture.readWitness()).toBe("");
});

test("values come from both streams, exit codes and files, by each method", async () => {
  const file = join(fixture.directory, "report.json");
  writeFileSync(file, '{"controls": [{"id": "a", "ok": true}, {"id": "b", "ok": false}]}');
  const run = assignment([
    shell("echo 'version: 7 rc'\necho warn >&2\nexit 3", {
      failureBehavior: {
        action: "retryThenIgnore",
        retryBackoffStrategy: { type: "none", delaySeconds: 0, arguments: [] },
      },
      inputs: { dir: fixture.directory },
      outputFieldRules: {
        CODE: rule({ sourceType: "exitCode", source: "" }),
        FAILED: rule({
          ...{ sourceType: "file", source: "report.json", extractMethod: "jsonPath" },
          expression: "$.controls[?(@.ok == false)].id",
        }),
        VERSION: rule({ extractMethod: "regEx", expression: String.raw`version: (\d+)` }),
        WARNED: rule({ source: "stderr" }),
        WHOLE: rule({
          sourceType: "artifact",
          source: file,
          extractMethod: "regEx",
          expression: '"b"',
        }),
      },
    }),
    shell("echo {{.CODE}} {{.FAILED}} {{.VERSION}} {{.WHOLE}} {{.WARNED}}"),
  ]);

  const result = await execute(run);

  expect(fixture.server.text(run.runId, { stepNumber: 2 })).toBe("3 b 7 b warn\n");
  expect(result.status).toBe("success");
});

test.each<[string, string, Partial<CanonicalOutputFieldRule>, string]>([
  ["matches nothing", "echo x", { extractMethod: "regEx", expression: "y" }, '"y" matches nothing'],
  [
    "is no JSON",
    "echo x",
    { extractMethod: "jsonPath", expression: "$.a" },
    "the source is not JSON",
  ],
  [
    "is too large",
    "head -c 70000 /dev/zero | tr '\\0' x",
    {},
    "has 70000 bytes; a value has at most 65536",
  ],
  ["is no text", "printf '\\377\\376'", {}, "is not valid UTF-8 text"],
  [
    "is no file",
    "true",
    { sourceType: "file", source: "/nowhere" },
    "file \"/nowhere\" cannot be read: ENOENT: no such file or directory, open '/nowhere'",
  ],
  ["is a pipe", "mkfifo pipe", { sourceType: "file", source: "pipe" }, "is no file"],
])("a required output that %s fails the attempt, which is retried", async (...row) => {
  const [, script, change, reason] = row;
  const step = shell(
    `cd $(mktemp -d -p ${fixture.directory})\ncd ${fixture.directory}\nrm -f pipe\n${script}`,
    {
      inputs: { dir: fixture.directory },
      outputFieldRules: { A: rule(change) },
      retryCount: 1,
    },
  );

  const result = await execute(assignment([step]));

  expect(result.steps[0]).toMatchObject({ status: "failure", attemptCount: 2, exitCode: 0 });
  expect(result.steps[0]?.reason).toContain(reason);
});

test("an output that is not required may be missing; one that cannot be a value is told of", async () => {
  const run = assignment([
    shell("head -c 70000 /dev/zero | tr '\\0' x", {
      outputFieldRules: {
        LARGE: rule({ required: false }),
        NONE: rule({ required: false, extractMethod: "regEx", expression: "y" }),
      },
    }),
  ]);

  const result = await execute(run);

  expect(statuses(result)).toEqual([
    ["success", 'output "LARGE" has no value: has 70000 bytes; a value has at most 65536'],
  ]);
});

test("a step that needs what was not produced fails and says so", async () => {
  const run = assignment([
    shell("true", {
      outputFieldRules: { A: rule({ required: false, extractMethod: "regEx", expression: "y" }) },
    }),
    shell("echo {{.A}}"),
  ]);

  const result = await execute(run);

  expect(result.reason).toBe(
    'step 2 "step": variable "A" has no value: no step before has produced it',
  );
});

test("a file is read with the rights of the step's user", async () => {
  const secret = join(fixture.directory, "secret");
  writeFileSync(secret, "for root only", { mode: 0o600 });
  const shared = join(fixture.directory, "shared");
  mkdirSync(shared, { mode: 0o777 });
  writeFileSync(join(shared, "open"), "for all", { mode: 0o644 });
  const step = (source: string): CanonicalStep =>
    shell("true", {
      inputs: { user: "nobody", dir: "/" },
      outputFieldRules: { A: rule({ sourceType: "file", source }) },
    });

  const result = await execute(assignment([step(join(shared, "open")), step(secret)]));

  expect(result.steps[0]).toMatchObject({ status: "success", outputs: '{"A":"for all"}' });
  expect(result.steps[1]?.status).toBe("failure");
  expect(result.steps[1]?.reason).toMatch(/cannot be read: .*Permission denied/);
});

test("values survive kill -9 of the agent", async () => {
  const first = fixture.runner();
  await first.ready;
  const gate = join(fixture.directory, "gate");
  const run = assignment([
    shell("echo kept", { outputFieldRules: { A: rule() } }),
    shell(`mkfifo ${gate}\necho here\nread line < ${gate}`),
    shell("echo {{.A}}"),
  ]);
  fixture.server.assign(run);
  await fixture.server.waitFor((message) => message.type === "output" && message.stepNumber === 2);

  await first.kill("SIGKILL");
  const second = fixture.runner();
  await second.ready;
  writeFileSync(gate, "go\n");
  const result = await fixture.server.result(run.runId);

  expect(result.status).toBe("success");
  expect(fixture.server.text(run.runId, { stepNumber: 3 })).toBe("kept\n");
});

test("a run that starts from a later step has the values that it is given", async () => {
  const run = assignment(
    [
      shell("exit 1"),
      shell("echo {{.A}} $B", { expectedInputs: { B: expected({ default: "b" }) } }),
    ],
    {
      ...{ fromStep: 2, values: { A: "a" } },
    },
  );

  const result = await execute(run);

  expect(result.status).toBe("success");
  expect(fixture.server.text(run.runId, { stepNumber: 2 })).toBe("a b\n");
});

test("a step fails that needs what the steps before it produced and nobody knows, until one produces it again", async () => {
  const run = assignment(
    [
      shell("exit 1"),
      shell("echo again", {
        outputFieldRules: { A: rule() },
        failureBehavior: { ...shell("").failureBehavior, action: "retryThenIgnore" },
      }),
      shell("echo {{.A}}"),
      shell("echo $B", { expectedInputs: { B: expected({ default: "b" }) } }),
    ],
    { fromStep: 2, lostValues: ["A", "B"] },
  );

  const result = await execute(run);

  expect(result.steps.map(({ status }) => status)).toEqual([
    ...["skipped", "success", "success", "failure"],
  ]);
  expect(result.reason).toBe(
    'step 4 "step": variable "B" has no value here: a step that this run leaves out produced it, and the service does not know it, because it is sensitive or too long; start from that step',
  );
});
