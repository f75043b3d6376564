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

/** `state run retry` */
export const retryRun: CommandSpec = {
  options: [
    { flag: "--runId <ID>", summary: "the run, which has ended", isRequired: true },
    fromStepOption,
    exemptOption,
    keyOption,
    ...waitOptions,
  ],
  notes:
    "A new instance of the same job with the same template, on this run's node alone. The run stays as it is.\n" +
    waitNotes,
  run: async (context, flags) => {
    const runId = flags.need("runId");
    const wait = readWait(flags);
    const request = { ...readFromStep(flags), ...readExemption(flags) };
    const client = await context.client();
    const rerun = await client.retryRun(runId, request, {
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
