import { statSync } from "node:fs";
import type { CanonicalStep } from "@courier/schema";
import type { InstalledInterpreters } from "../interpreters/installed-interpreters.ts";
import type { Installation, StepProcess } from "../interpreters/interpreter.ts";
import { findAccount, type Account } from "./account.ts";

/** A step that can be started. */
export interface StepPlan {
  readonly process: StepProcess;
  readonly installation: Installation;
  readonly directory: string;
  readonly account: Account;
  /** Whether the step runs as somebody else than the agent. */
  readonly switchesUser: boolean;
}

/** Outcome of the checks before a step; a reason is the step's failure, nothing is started then. */
export type StepPreparation =
  | { readonly ok: true; readonly plan: StepPlan }
  | { readonly ok: false; readonly reason: string };

/** Checks everything that semantics.md section 5 wants checked before a step starts. */
export async function prepareStep(
  step: CanonicalStep,
  host: { readonly interpreters: InstalledInterpreters; readonly self: Account },
): Promise<StepPreparation> {
  const refusal = refuseUnsupported(step);
  if (refusal !== undefined) return { ok: false, reason: refusal };
  const choice = host.interpreters.choose(step);
  if (!choice.ok) return choice;
  const account = await accountFor(step.inputs["user"], host.self);
  if (!account.ok) return account;
  const directory = String(step.inputs["dir"] ?? account.account.home);
  const directoryRefusal = refuseDirectory(directory);
  if (directoryRefusal !== undefined) return { ok: false, reason: directoryRefusal };
  const switchesUser = account.account.userId !== host.self.userId;
  const { process, installation } = choice;
  return {
    ok: true,
    plan: { process, installation, directory, account: account.account, switchesUser },
  };
}

/** The service refuses these when a job is added; an agent that is older than its service must not ignore them. */
function refuseUnsupported(step: CanonicalStep): string | undefined {
  if (step.conditions.length > 0) return "this agent does not evaluate conditions";
  if (Object.keys(step.expectedInputs).length > 0) return "this agent does not pass variables";
  if (Object.keys(step.outputFieldRules).length > 0) return "this agent does not extract outputs";
  return undefined;
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
