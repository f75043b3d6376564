import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CanonicalStep } from "@courier/schema";
import { afterEach, beforeEach, expect, test } from "vitest";
import { assignment, setup, shell, type RunnerFixture } from "./runner-fixture.ts";

let fixture: RunnerFixture;

beforeEach(async () => {
  fixture = await setup();
});

afterEach(async () => {
  await fixture.dispose();
});

/** An executable of the node; `$witness` is the fixture's file. */
function install(name: string, lines: readonly string[]): string {
  const path = join(fixture.directory, name);
  const text = ["#!/bin/sh", `witness='${fixture.witness}'`, ...lines, ""].join("\n");
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}

function stepOf(name: string, change: Partial<CanonicalStep> = {}): CanonicalStep {
  return {
    ...shell(""),
    interpreter: { name, skill: { minVersion: "", maxVersion: "" } },
    ...change,
  };
}

test("gives a custom interpreter the step as one JSON document and keeps its answer as output", async () => {
  const { server } = fixture;
  const path = install("mine", ['cat > "$witness"', `echo '{"output": {"a": 1}}'`]);
  await fixture.agent({ customInterpreters: [{ name: "acme/mine", path, version: "1.2.0" }] });
  const step = stepOf("acme/mine", { command: { do: ["it"] }, inputs: { tone: "warm" } });
  const run = assignment([step]);

  server.assign(run);
  const result = await server.result(run.runId);

  expect(result.steps).toEqual([
    expect.objectContaining({
      status: "success",
      reason: "",
      interpreterPath: path,
      interpreterVersion: "1.2.0",
    }),
  ]);
  expect(JSON.parse(fixture.readWitness())).toEqual({
    name: "acme/mine",
    command: { do: ["it"] },
    inputs: { tone: "warm" },
    expectedInputs: {},
    limits: { cores: 0, cpu: 1, timeoutSeconds: 0 },
  });
  expect(server.text(run.runId)).toBe('{"output": {"a": 1}}\n');
});

test.each([
  [`echo '{"error": "no such fleet"}'; exit 3`, "exit code 3: no such fleet"],
  [`echo '{"error": {"message": "no such fleet"}}'; exit 3`, "exit code 3: no such fleet"],
  [`echo '{}'; exit 3`, "exit code 3"],
  ["echo oops; exit 1", "exit code 1: its answer on stdout is not one JSON object"],
])("says why a custom interpreter failed: %s", async (script, reason) => {
  const { server } = fixture;
  const path = install("mine", [script]);
  await fixture.agent({ customInterpreters: [{ name: "acme/mine", path, version: "1.0.0" }] });
  const run = assignment([stepOf("acme/mine")]);

  server.assign(run);
  const result = await server.result(run.runId);

  expect(result.steps[0]).toMatchObject({ status: "failure", reason });
});

test("says that a configured interpreter is not there, and starts nothing", async () => {
  const { server, directory } = fixture;
  const path = join(directory, "gone");
  await fixture.agent({ customInterpreters: [{ name: "acme/mine", path, version: "1.0.0" }] });
  const run = assignment([stepOf("acme/mine", { retryCount: 2 })]);

  server.assign(run);
  const result = await server.result(run.runId);

  expect(result.steps[0]).toMatchObject({
    status: "failure",
    attemptCount: 0,
    reason: `interpreter "acme/mine" is not installed: there is no ${path} on this node`,
  });
  expect(existsSync(fixture.witness)).toBe(false);
});

test("a runner process reads its custom interpreters from a file and refuses a wrong one", async () => {
  const { server, directory } = fixture;
  const file = join(directory, "interpreters.json");
  const wrong = join(directory, "wrong.json");
  install("mine", ["echo '{}'"]);
  writeFileSync(file, '{"interpreters": {"acme/mine": {"path": "mine", "version": "1.0.0"}}}');
  writeFileSync(wrong, "{}");
  const refused = fixture.runner("--interpreters", wrong);

  expect(await refused.exited).toEqual({ code: 2, signal: null });
  expect(refused.stderr()).toContain(`interpreters file ${wrong} has no object "interpreters"`);

  await fixture.runner("--interpreters", file).ready;
  const run = assignment([stepOf("acme/mine")]);
  server.assign(run);
  expect((await server.result(run.runId)).status).toBe("success");
});
