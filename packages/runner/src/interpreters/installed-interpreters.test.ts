import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CanonicalStep } from "@courier/schema";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findExecutable } from "./find-executable.ts";
import { InstalledInterpreters } from "./installed-interpreters.ts";
import type { Interpreter } from "./interpreter.ts";
import { shellInterpreter } from "./shell-interpreter.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "courier-interpreters-"));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

function install(name: string, script: string): string {
  const path = join(directory, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

function toolInterpreter(): Interpreter {
  return {
    name: "acme/tool",
    version: "5.1",
    tool: "tool",
    locate: () => findExecutable(["tool"], [directory]),
    processOf: (_step: CanonicalStep, path: string) => ({
      ok: true,
      process: { argv: () => [path], files: {} },
    }),
  };
}

function step(change: {
  readonly name?: string;
  readonly minVersion?: string;
  readonly maxVersion?: string;
  readonly command?: CanonicalStep["command"];
}): CanonicalStep {
  const { name = "acme/tool", minVersion = "", maxVersion = "", command = {} } = change;
  return {
    name: "step",
    description: "",
    interpreter: { name, skill: { minVersion, maxVersion } },
    command,
    inputs: {},
    expectedInputs: {},
    outputFieldRules: {},
    conditions: [],
    retryCount: 0,
    failureBehavior: {
      action: "retryThenFail",
      retryBackoffStrategy: { type: "none", delaySeconds: 0, arguments: [] },
    },
    limits: { cores: 0, cpu: 1, timeoutSeconds: 0 },
  };
}

test("finds a tool that was installed after the agent had started", () => {
  const interpreters = new InstalledInterpreters([toolInterpreter()]);

  expect(interpreters.skills()).toEqual([]);
  expect(interpreters.choose(step({}))).toEqual({
    ok: false,
    reason: 'interpreter "acme/tool" is not installed: there is no tool on this node',
  });

  install("tool", "true");
  expect(interpreters.choose(step({}))).toMatchObject({
    ok: true,
    installation: { version: "5.1" },
  });
  expect(interpreters.skills()).toEqual([{ name: "acme/tool", version: "5.1" }]);
});

test.each([
  ["", "", true],
  ["5.1", "5.1", true],
  ["5.0", "", true],
  ["5.2", "", false],
  ["", "5.0.9", false],
  ["", "5.1.0", true],
])("takes version 5.1 for [%s, %s]: %s", (minVersion, maxVersion, isWithin) => {
  install("tool", "true");
  const interpreters = new InstalledInterpreters([toolInterpreter()]);

  const choice = interpreters.choose(step({ minVersion, maxVersion }));

  expect(choice.ok).toBe(isWithin);
});

test("says which bounds a version is outside of", () => {
  install("tool", "true");
  const interpreters = new InstalledInterpreters([toolInterpreter()]);

  expect(interpreters.choose(step({ minVersion: "6.0", maxVersion: "7.9.9" }))).toEqual({
    ok: false,
    reason: 'version 5.1 of interpreter "acme/tool" is outside of [6.0, 7.9.9]',
  });
});

test("prefers bash and falls back to sh", () => {
  const shell = shellInterpreter({ platform: "linux", searchPath: [directory] });

  expect(shell.locate()).toBeUndefined();
  const sh = install("sh", "true");
  expect(shell.locate()).toBe(sh);
  const bash = install("bash", "true");
  expect(shell.locate()).toBe(bash);
});

test("takes the command's windows form to PowerShell, which stops at errors and passes exit codes on", () => {
  const pwsh = install("pwsh", "true");
  const shell = shellInterpreter({ platform: "win32", searchPath: [directory] });
  const command = { linux: ["true"], windows: ["Write-Output 'hi'", "cmd /c exit 3"] };

  const choice = new InstalledInterpreters([shell]).choose(step({ name: shell.name, command }));

  if (!choice.ok) throw new Error(choice.reason);
  expect(choice.process.argv("C:/run")).toEqual([
    pwsh,
    ...["-NoLogo", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass"],
    ...["-File", "C:/run/script.ps1"],
  ]);
  expect(choice.process.files["script.ps1"]).toBe(`$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $true
Write-Output 'hi'
cmd /c exit 3
if ($null -ne $LASTEXITCODE) { exit $LASTEXITCODE }
`);
});

test("says for which systems a command has no form", () => {
  const shell = shellInterpreter({ platform: "linux", searchPath: ["/bin", "/usr/bin"] });

  const choice = new InstalledInterpreters([shell]).choose(
    step({ name: shell.name, command: { windows: ["dir"] } }),
  );

  expect(choice).toEqual({
    ok: false,
    reason: "the command has no form for linux, only for windows",
  });
});
