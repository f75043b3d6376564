import { execFileSync } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Assignment, NodeMessage, RunResult } from "@courier/protocol";
import type { CanonicalOutputFieldRule, CanonicalStep } from "@courier/schema";
import { afterEach, beforeEach, expect, test } from "vitest";
import { assignment, setup, shell, until, type RunnerFixture } from "./runner-fixture.ts";

const secret = "hunter2-and/more";

let fixture: RunnerFixture;

beforeEach(async () => {
  fixture = await setup();
});

afterEach(async () => {
  await fixture.dispose();
});

/** A step that gets the secret as TOKEN. */
function knowing(script: string, change: Partial<CanonicalStep> = {}): CanonicalStep {
  const input = { default: secret, required: true, sensitive: true, type: "string" };
  return shell(script, { expectedInputs: { TOKEN: input }, ...change });
}

function sensitive(change: Partial<CanonicalOutputFieldRule>): CanonicalOutputFieldRule {
  return {
    ...{ sourceType: "output", source: "stdout", extractMethod: "content", expression: "" },
    ...{ required: true, sensitive: true },
    ...change,
  };
}

async function execute(run: Assignment): Promise<RunResult> {
  await fixture.agent();
  fixture.server.assign(run);
  return await fixture.server.result(run.runId);
}

/** All that a node has sent, output decoded. */
function sent(): string {
  return fixture.server.messages.map(asText).join("\n");
}

function asText(message: NodeMessage): string {
  if (message.type !== "output") return JSON.stringify(message);
  return Buffer.from(message.data, "base64").toString();
}

test("a sensitive input is used in the step and shown nowhere", async () => {
  const proof = join(fixture.directory, "proof");
  const run = assignment([
    knowing(`printf %s {{ shellquote .TOKEN }} > ${proof}
echo "env $TOKEN url $(printf %s "$TOKEN" | sed s,/,%2F,)"
printf 'user:%s' "$TOKEN" | base64
echo "{{.TOKEN}}" >&2`),
    shell(`cat ${proof}`),
  ]);

  const result = await execute(run);

  expect(result.status).toBe("success");
  expect(readFileSync(proof, "utf8")).toBe(secret);
  const { server } = fixture;
  expect(server.text(run.runId)).toMatch(/^env \*\*\* url \*\*\*\ndXNlcj\w?\*\*\*=*\n$/);
  expect(server.text(run.runId, { stream: "stderr" })).toBe("***\n");
  expect(server.text(run.runId, { stepNumber: 2 })).toBe("***");
  expect(result.steps[0]?.inputs).toBe('{"TOKEN":"***"}');
  expect(sent()).not.toContain("hunter2");
});

test("output that is written in pieces is masked while the step runs", async () => {
  const gate = join(fixture.directory, "gate");
  const run = assignment([
    knowing(
      `mkfifo ${gate}\nprintf 'begin hunter2'\nread line < ${gate}\nprintf -- '-and/more end'`,
    ),
  ]);
  await fixture.agent();
  fixture.server.assign(run);
  await fixture.server.waitFor(
    (message) => message.type === "output" && message.runId === run.runId,
  );
  const live = fixture.server.text(run.runId);

  writeFileSync(gate, "go\n");
  await fixture.server.result(run.runId);

  expect(live).toBe("begin ");
  expect(fixture.server.text(run.runId)).toBe("begin *** end");
});

test("a secret that the step itself produces is masked in what it wrote before", async () => {
  const run = assignment([
    shell("echo early; echo 'token=abc-def-123'; echo abc-def-123 >&2", {
      outputFieldRules: {
        TOKEN: sensitive({ extractMethod: "regEx", expression: "token=(.+)" }),
        // Holds the secret, so that it is sensitive although its rule does not say so.
        WHOLE: { ...sensitive({}), sensitive: false },
      },
    }),
    shell("echo {{.TOKEN}}; printf %s {{ shellquote .WHOLE }} | tail -n 1"),
  ]);

  const result = await execute(run);

  const { server } = fixture;
  expect(server.text(run.runId)).toBe("early\ntoken=***\n");
  expect(server.text(run.runId, { stream: "stderr" })).toBe("***\n");
  expect(server.text(run.runId, { stepNumber: 2 })).toBe("***\ntoken=***\n");
  expect(result.steps[0]?.outputs).toBe('{"TOKEN":"***","WHOLE":"***"}');
  expect(sent()).not.toContain("abc-def");
});

test("output is withheld when a sensitive value cannot be taken from it", async () => {
  const run = assignment([
    shell("head -c 20000 /dev/zero | tr '\\0' k", { outputFieldRules: { KEY: sensitive({}) } }),
  ]);

  const result = await execute(run);

  const reason = 'output "KEY" has no value: has 20000 bytes; a sensitive value has at most 16384';
  expect(result.steps[0]).toMatchObject({ status: "failure", reason });
  expect(fixture.server.text(run.runId)).toBe("");
  expect(fixture.server.text(run.runId, { stream: "stderr" })).toBe(
    `(output withheld: ${reason})\n`,
  );
});

test("a failed attempt's secret stays masked in the next one's output", async () => {
  const state = join(fixture.directory, "state");
  const run = assignment([
    shell(
      `test -e ${state} && echo again $(cat ${state}) && exit 0; echo first-secret | tee ${state}; exit 1`,
      {
        outputFieldRules: {
          KEY: sensitive({ required: false, extractMethod: "regEx", expression: "^first-.*" }),
        },
        retryCount: 1,
      },
    ),
  ]);

  const result = await execute(run);

  expect(result.steps[0]).toMatchObject({ status: "success", attemptCount: 2 });
  expect(fixture.server.text(run.runId, { attempt: 2 })).toBe("again ***\n");
  expect(sent()).not.toContain("first-secret");
});

test("the node's disk holds no secret once the service has recorded the run", async () => {
  const journal = join(fixture.dataDir, "journal.jsonl");
  const run = assignment([knowing("echo made-secret", { outputFieldRules: { M: sensitive({}) } })]);
  fixture.server.acksResults = false;

  await execute(run);
  const before = readFileSync(journal, "utf8");
  fixture.server.send({ type: "ack", results: [run.runId], output: [] });
  while (readFileSync(journal, "utf8").includes("secret")) await new Promise(setImmediate);

  expect(before).toContain(secret);
  expect(before).toContain("made-secret");
  expect(readFileSync(journal, "utf8")).not.toContain(secret);
  while (fixture.runDirectories().length > 0) await new Promise(setImmediate);
});

test("reasons are masked", async () => {
  const run = assignment([knowing("true", { inputs: { dir: "/nowhere/{{.TOKEN}}" } })]);

  const result = await execute(run);

  expect(result.reason).toBe('step 1 "step": directory "/nowhere/***" does not exist');
});

test("a value that is too short to be masked in output is told of", async () => {
  const run = assignment([
    shell("echo pin {{.PIN}} 1", {
      expectedInputs: { PIN: { default: "17", required: true, sensitive: true, type: "string" } },
    }),
  ]);

  const result = await execute(run);

  expect(fixture.server.text(run.runId)).toBe("pin 17 1\n");
  expect(result.steps[0]).toMatchObject({
    status: "success",
    inputs: '{"PIN":"***"}',
    reason:
      "a sensitive value is too short to be masked within the output; where it is shown by name it is ***",
  });
});

test("what is masked is the same bytes after kill -9 of the agent, and nothing else leaves the node", async () => {
  const { server } = fixture;
  server.acksOutput = false;
  const first = fixture.runner();
  await first.ready;
  const gate = join(fixture.directory, "gate");
  const loop = 'for i in 1 2 3 4 5 6 7 8; do echo "$i $TOKEN"; done';
  const run = assignment([
    shell("echo made-secret", { outputFieldRules: { MADE: sensitive({}) } }),
    knowing(`mkfifo ${gate}\n${loop}\nread line < ${gate}\n${loop}; echo {{.MADE}}`),
  ]);
  server.assign(run);
  const lines = [1, 2, 3, 4, 5, 6, 7, 8].map((line) => `${line} ***\n`).join("");
  await until(() => server.text(run.runId, { stepNumber: 2 }) === lines);

  await first.kill("SIGKILL");
  server.acksOutput = true;
  const second = fixture.runner();
  await second.ready;
  writeFileSync(gate, "go\n");
  await server.result(run.runId);

  expect(server.text(run.runId)).toBe("***\n");
  expect(server.text(run.runId, { stepNumber: 2 })).toBe(`${lines}${lines}***\n`);
  expect(sent()).not.toMatch(/hunter2|made-secret/);
  expect(second.stderr()).not.toMatch(/hunter2|made-secret/);
});

test("only the agent and the step's user can read what a step's files hold", async () => {
  const gate = join(fixture.directory, "gate");
  const run = assignment([
    knowing(`mkfifo ${gate}\necho {{.TOKEN}}\nread line < ${gate}`, {
      inputs: { user: "nobody", dir: fixture.directory },
    }),
  ]);
  execFileSync("chmod", ["0777", fixture.directory]);
  await fixture.agent();
  fixture.server.assign(run);
  await fixture.server.waitFor(
    (message) => message.type === "output" && message.runId === run.runId,
  );

  const modes = fixture
    .runDirectories()
    .map((name) => statSync(join(fixture.dataDir, "runs", name)).mode & 0o777);
  const { mode } = statSync(join(fixture.dataDir, "journal.jsonl"));
  writeFileSync(gate, "go\n");
  await fixture.server.result(run.runId);

  expect(modes).toEqual([0o700, 0o700]);
  expect(mode & 0o777).toBe(0o600);
});

test("a step cannot make the agent read for it what its user may not read", async () => {
  const file = join(fixture.directory, "root-only");
  writeFileSync(file, "for root only", { mode: 0o600 });
  const steal = `cd "$COURIER_ARTIFACTS/.."\nrm -f stdout\nln -s ${file} stdout`;
  const rule = { ...sensitive({ required: false }), sensitive: false };
  const inputs = { user: "nobody", dir: "/" };
  const run = assignment([
    shell(steal, { inputs }),
    shell(steal, { inputs, outputFieldRules: { A: rule } }),
    knowing(steal, { inputs }),
  ]);

  const result = await execute(run);

  expect(result.status).toBe("success");
  expect(sent()).not.toContain("for root only");
  expect(result.steps[1]).not.toHaveProperty("outputs");
});
