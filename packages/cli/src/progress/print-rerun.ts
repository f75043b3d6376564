import { CourierError } from "@courier/core";
import type { InstanceDetail, RerunResponse } from "@courier/schema";

import type { OptionSpec } from "../command.ts";
import type { CommandContext } from "../context.ts";
import type { Flags } from "../usage/flags.ts";
import { summariseOutcomes } from "./progress-lines.ts";

/** The flag that makes sending a rerun twice harmless. */
export const keyOption: OptionSpec = {
  flag: "--idempotency-key <KEY>",
  summary: "the same key starts one instance, however often it is sent",
};

/** The flag of every command that starts an instance. */
export const exemptOption: OptionSpec = {
  flag: "--ignore-exceptions",
  summary: "start in spite of global exceptions; needs the role admin",
};

/** What `--ignore-exceptions` says. */
export function readExemption(flags: Flags): { readonly ignoreExceptions?: true } {
  return flags.isOn("ignoreExceptions") ? { ignoreExceptions: true } : {};
}

/** The flag that leaves out steps that are done. */
export const fromStepOption: OptionSpec = {
  flag: "--from-step <STEP>",
  summary: "first step to execute, by number or name; those before it are recorded as skipped",
};

/** The step of `--from-step`: digits are a number, everything else is a name. */
export function readFromStep(flags: Flags): { readonly fromStep?: number | string } {
  const text = flags.text("fromStep");
  if (text === undefined) return {};
  if (text === "") throw new CourierError("USAGE", "--from-step must not be empty");
  return { fromStep: /^\d{1,9}$/.test(text) ? Number(text) : text };
}

/** Prints the instance that executes runs again, and how it ended when that is known. */
export async function printRerun(
  context: CommandContext,
  rerun: RerunResponse,
  instance: InstanceDetail | undefined,
): Promise<void> {
  const item = instance === undefined ? rerun.item : { ...rerun.item, instance };
  await context.printItem<RerunResponse["item"]>({ item }, [
    { header: "instance", value: ({ id }) => id },
    { header: "origin", value: ({ originInstanceId }) => originInstanceId },
    { header: "job", value: ({ jobId }) => jobId },
    { header: "runs", value: ({ runCount }) => runCount },
    { header: "status", value: () => instance?.status, isStatus: true },
    { header: "reason", value: () => instance?.reason },
    { header: "outcomes", value: () => (instance ? summariseOutcomes(instance.groups) : "") },
  ]);
}
