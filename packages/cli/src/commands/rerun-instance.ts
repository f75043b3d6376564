import { CourierError, runOutcomes, type RunOutcome } from "@courier/core";
import type { CommandSpec } from "../command.ts";
import { finishWait, readWait, waitNotes, waitOptions } from "../progress/finish-wait.ts";
import {
  exemptOption,
  fromStepOption,
  keyOption,
  printRerun,
  readExemption,
  readFromStep,
} from "../progress/print-rerun.ts";

/** `state instance rerun` */
export const rerunInstance: CommandSpec = {
  options: [
    { flag: "--instanceId <ID>", summary: "the instance, which has ended", isRequired: true },
    {
      flag: "--status <LIST>",
      summary: `outcomes of the runs to execute again, separated by commas (default: all but success): ${runOutcomes.join(", ")}`,
    },
    fromStepOption,
    exemptOption,
    keyOption,
    ...waitOptions,
  ],
  notes:
    "A new instance of the same job with the same template and groups, on the nodes of those runs. The first one stays as it is.\n" +
    waitNotes,
  run: async (context, flags) => {
    const instanceId = flags.need("instanceId");
    const wait = readWait(flags);
    const status = readOutcomes(flags.text("status"));
    const request = {
      ...(status === undefined ? {} : { status }),
      ...readFromStep(flags),
      ...readExemption(flags),
    };
    const client = await context.client();
    const rerun = await client.rerunInstance(instanceId, request, {
      idempotencyKey: flags.text("idempotencyKey"),
      signal: context.world.signal,
    });
    return finishWait(context, {
      client,
      wait,
      findInstanceId: () => Promise.resolve(rerun.item.id),
      print: (instance) => printRerun(context, rerun, instance),
    });
  },
};

function readOutcomes(text: string | undefined): RunOutcome[] | undefined {
  if (text === undefined) return undefined;
  const outcomes = new Set<RunOutcome>();
  for (const word of text.split(",").map((one) => one.trim())) {
    const outcome = runOutcomes.find((one) => one === word);
    if (outcome === undefined) {
      throw new CourierError(
        "USAGE",
        `--status: "${word}" is not an outcome; use ${runOutcomes.join(", ")}`,
      );
    }
    outcomes.add(outcome);
  }
  return [...outcomes];
}
