import { CourierError } from "@courier/core";
import type { AddJobResponse, InstanceDetail } from "@courier/schema";

import type { CommandSpec } from "../command.ts";
import type { CommandContext } from "../context.ts";
import { finishWait, readWait, waitNotes, waitOptions } from "../progress/finish-wait.ts";
import { findInstanceOfJob } from "../progress/find-instance.ts";
import { summariseOutcomes } from "../progress/progress-lines.ts";
import { noteWarnings } from "../render/warnings.ts";
import { templateOptions, readBody } from "../template/read-body.ts";
import { jobExamples } from "../template/job-examples.ts";
import type { Flags } from "../usage/flags.ts";

/** `scheduler jobs add-job` */
export const addJob: CommandSpec = {
  options: [
    ...templateOptions,
    ...waitOptions,
    {
      flag: "--idempotency-key <KEY>",
      summary: "the same key and template add a job once, however often they are sent",
    },
    {
      flag: "--plan <HASH>",
      summary:
        "add it only if template and targets are as `scheduler jobs plan` saw them; else exit code 5 and what has drifted",
    },
  ],
  examples: jobExamples,
  notes: "The template is checked first; when it has problems nothing is sent.\n" + waitNotes,
  run: async (context, flags) => {
    const wait = readWait(flags);
    const plan = readPlan(flags);
    const body = await readBody(flags, context.world.stdin);
    // Loaded late: the validator is the heaviest module of the CLI.
    const { checkTemplate } = await import("../template/check-template.ts");
    const { warnings } = await checkTemplate(body, Date.now());
    await noteWarnings(context, warnings, body.file);
    const client = await context.client();
    const { locateProblems } = await import("../template/locate-problems.ts");
    const added = await locateProblems(body, () =>
      client.addJob(body, {
        idempotencyKey: flags.text("idempotencyKey"),
        plan,
        signal: context.world.signal,
      }),
    );
    await noteNeverFree(context, added.item);
    return finishWait(context, {
      client,
      wait,
      findInstanceId: (signal) =>
        findInstanceOfJob(client, added.item.id, { world: context.world, signal }),
      print: (instance) => print(context, added, instance),
    });
  },
};

function readPlan(flags: Flags): string | undefined {
  const plan = flags.text("plan");
  if (plan === undefined || /^p\d+-[0-9a-f]+-[0-9a-f]+$/.test(plan)) return plan;
  const message = `--plan must be the hash that \`scheduler jobs plan\` prints (p1-…), not "${plan}"`;
  throw new CourierError("USAGE", message);
}

/** The job is there, and as the exceptions are now it will not run. */
async function noteNeverFree(
  context: CommandContext,
  { nextExecutionTime, exceptionReasons }: AddJobResponse["item"],
): Promise<void> {
  if (exceptionReasons.length === 0 || !nextExecutionTime.startsWith("0001-")) return;
  const message = "every time in sight is blocked, so the job does not run: see exceptionReasons";
  await noteWarnings(context, [{ pointer: "", message }]);
}

async function print(
  context: CommandContext,
  added: AddJobResponse,
  instance: InstanceDetail | undefined,
): Promise<void> {
  const item = instance === undefined ? added.item : { ...added.item, instance };
  await context.printItem<AddJobResponse["item"]>({ item }, [
    { header: "job", value: ({ id }) => id },
    { header: "next", value: (job) => (instance === undefined ? job.nextExecutionTime : "") },
    { header: "exceptions", value: (job) => job.exceptionReasons.join(", ") },
    { header: "instance", value: () => instance?.id },
    { header: "status", value: () => instance?.status, isStatus: true },
    { header: "reason", value: () => instance?.reason },
    { header: "runs", value: () => (instance ? summariseOutcomes(instance.groups) : "") },
  ]);
}
