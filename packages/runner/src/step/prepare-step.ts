import { statSync } from "node:fs";
import type { CanonicalStep } from "@courier/schema";
import type { InstalledInterpreters } from "../interpreters/installed-interpreters.ts";
import type { Installation, StepProcess } from "../interpreters/interpreter.ts";
import { policyRefusal, type NodePolicy } from "../policy/node-policy.ts";
import { findAccount, type Account } from "./account.ts";

/** A step that can be started. */
export interface StepPlan {
  readonly step: CanonicalStep;
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
  host: {
    readonly interpreters: InstalledInterpreters;
    readonly self: Account;
    readonly policy?: NodePolicy | undefined;
  },
): Promise<StepPreparation> {
  const choice = host.interpreters.choose(step);
  if (!choice.ok) return choice;
  const place = await placeOf(step.inputs, host.self);
  if (!place.ok) return place;
  const directoryRefusal = refuseDirectory(place, step.inputs);
  if (directoryRefusal !== undefined) return { ok: false, reason: directoryRefusal };
  const { process, installation } = choice;
  const { directory, account, switchesUser } = place;
  const forbidden = policyRefusal(host.policy ?? {}, { step, account, directory });
  if (forbidden !== undefined) return { ok: false, reason: forbidden };
  return { ok: true, plan: { step, process, installation, directory, account, switchesUser } };
}

/** Where and as whom a step runs, or why it cannot. */
export type StepPlace =
  | (Pick<StepPlan, "directory" | "account" | "switchesUser"> & { readonly ok: true })
  | { readonly ok: false; readonly reason: string };

/** What the inputs of a step say about its directory and user. */
export async function placeOf(inputs: CanonicalStep["inputs"], self: Account): Promise<StepPlace> {
  const choice = await accountFor(inputs["user"], self);
  if (!choice.ok) return choice;
  const { account } = choice;
  const directory = String(inputs["dir"] ?? account.home);
  return { ok: true, directory, account, switchesUser: account.userId !== self.userId };
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

function refuseDirectory(
  { directory, account }: Pick<StepPlan, "directory" | "account">,
  inputs: CanonicalStep["inputs"],
): string | undefined {
  const stats = statSync(directory, { throwIfNoEntry: false });
  if (stats === undefined) {
    const missing = `directory "${directory}" does not exist`;
    return inputs["dir"] === undefined
      ? `${missing}: it is the home of user "${account.name}", give another one in the step's inputs as "dir"`
      : missing;
  }
  return stats.isDirectory() ? undefined : `"${directory}" is not a directory`;
}
