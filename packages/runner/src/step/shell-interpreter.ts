import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { shellInterpreterName } from "@courier/core";
import type { CanonicalStep } from "@courier/schema";
import { findAccount, type Account } from "./account.ts";
import { isVersionWithin } from "./version-range.ts";

/** Version of our shell interpreter: what templates' `minVersion`/`maxVersion` are compared with. */
export const shellInterpreterVersion = "1.0.0";

/** A step that can be started. */
export interface ShellPlan {
  readonly script: string;
  readonly directory: string;
  readonly account: Account;
  /** Whether the step runs as somebody else than the agent. */
  readonly switchesUser: boolean;
}

/** Outcome of the checks before a step; a reason is the step's failure, nothing is started then. */
export type ShellPreparation =
  | { readonly ok: true; readonly plan: ShellPlan }
  | { readonly ok: false; readonly reason: string };

/** Checks everything that semantics.md section 5 wants checked before a step starts. */
export async function prepareShellStep(
  step: CanonicalStep,
  host: { readonly platform: string; readonly self: Account },
): Promise<ShellPreparation> {
  const refusal = refuseUnsupported(step);
  if (refusal !== undefined) return { ok: false, reason: refusal };
  const script = scriptFor(step.command, host.platform);
  if (!script.ok) return script;
  const account = await accountFor(step.inputs["user"], host.self);
  if (!account.ok) return account;
  const directory = String(step.inputs["dir"] ?? account.account.home);
  const directoryRefusal = refuseDirectory(directory);
  if (directoryRefusal !== undefined) return { ok: false, reason: directoryRefusal };
  const switchesUser = account.account.userId !== host.self.userId;
  return {
    ok: true,
    plan: { script: script.script, directory, account: account.account, switchesUser },
  };
}

/** The shell that runs scripts: bash where present (templates use bashisms), else sh. Real path. */
export function findShell(): string {
  const found = shellCandidates.find((path) => isExecutable(path));
  return realpathSync(found ?? "/bin/sh");
}

const shellCandidates = [
  "/bin/bash",
  "/usr/bin/bash",
  "/usr/local/bin/bash",
  "/opt/homebrew/bin/bash",
];

/** The service refuses these when a job is added; an agent that is older than its service must not ignore them. */
function refuseUnsupported(step: CanonicalStep): string | undefined {
  const { name, skill } = step.interpreter;
  if (name !== shellInterpreterName) {
    return `interpreter "${name}" is not installed on this node; it has "${shellInterpreterName}"`;
  }
  if (!isVersionWithin(shellInterpreterVersion, skill)) {
    return `interpreter "${name}" has version ${shellInterpreterVersion} here, the step wants ${wanted(skill)}`;
  }
  if (step.conditions.length > 0) return "this agent does not evaluate conditions";
  if (Object.keys(step.expectedInputs).length > 0) return "this agent does not pass variables";
  if (Object.keys(step.outputFieldRules).length > 0) return "this agent does not extract outputs";
  return undefined;
}

function wanted(skill: { readonly minVersion: string; readonly maxVersion: string }): string {
  const bounds = [
    skill.minVersion === "" ? "" : `at least ${skill.minVersion}`,
    skill.maxVersion === "" ? "" : `at most ${skill.maxVersion}`,
  ];
  return bounds.filter((bound) => bound !== "").join(" and ");
}

type Script =
  | { readonly ok: true; readonly script: string }
  | { readonly ok: false; readonly reason: string };

function scriptFor(command: CanonicalStep["command"], platform: string): Script {
  const lines = command[platform];
  if (lines === undefined) {
    const forms = Object.keys(command).join(", ");
    return {
      ok: false,
      reason: `the command has no form for ${platform}${forms === "" ? "" : `, only for ${forms}`}`,
    };
  }
  const list: readonly unknown[] = Array.isArray(lines) ? lines : [lines];
  if (list.length === 0 || !list.every((line) => typeof line === "string")) {
    return { ok: false, reason: `the command for ${platform} is not a list of lines` };
  }
  const script = `${list.join("\n")}\n`;
  // The kernel ends a script's text nowhere, but shells stop reading at a NUL byte.
  if (script.includes("\0")) return { ok: false, reason: "the command contains a NUL byte" };
  return { ok: true, script };
}

type AccountChoice =
  | { readonly ok: true; readonly account: Account }
  | { readonly ok: false; readonly reason: string };

async function accountFor(
  user: string | number | boolean | undefined,
  self: Account,
): Promise<AccountChoice> {
  if (user === undefined || user === "" || user === self.name) return { ok: true, account: self };
  const account = await findAccount(String(user));
  if (account === undefined) {
    return { ok: false, reason: `user "${user}" does not exist on this node` };
  }
  if (self.userId !== 0 && account.userId !== self.userId) {
    return {
      ok: false,
      reason: `cannot run as user "${user}": the agent runs as "${self.name}" and only root may switch users`,
    };
  }
  return { ok: true, account };
}

function refuseDirectory(directory: string): string | undefined {
  const stats = statSync(directory, { throwIfNoEntry: false });
  if (stats === undefined) return `directory "${directory}" does not exist`;
  return stats.isDirectory() ? undefined : `"${directory}" is not a directory`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not there or not executable: the next candidate.
    return false;
  }
}
