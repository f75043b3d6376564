import { ServiceError, type CourierClient } from "@courier/client";
import { CourierError } from "@courier/core";
import type { AddJobResponse, InstanceDetail } from "@courier/schema";

import type { CommandSpec } from "../command.ts";
import type { CommandContext } from "../context.ts";
import { writeJunit } from "../junit.ts";
import { awaitInstance, concludeWait } from "../progress/await-instance.ts";
import { findInstanceOfJob } from "../progress/find-instance.ts";
import { summariseOutcomes } from "../progress/progress-lines.ts";
import { bodyOptions, readBody, type Body } from "../template/read-body.ts";
import { TemplateError } from "../template/template-error.ts";
import type { Flags } from "../usage/flags.ts";

/** `scheduler jobs add-job` */
export const addJob: CommandSpec = {
  options: [
    ...bodyOptions,
    { flag: "--wait", summary: "wait until the job's instance has ended; show progress" },
    { flag: "--timeout <SECONDS>", summary: "with --wait: how long to wait at most" },
    { flag: "--cancel-on-timeout", summary: "with --timeout: cancel the instance then" },
    { flag: "--junit <FILE>", summary: "with --wait: write a JUnit XML report of the runs" },
    {
      flag: "--idempotency-key <KEY>",
      summary: "the same key and template add a job once, however often they are sent",
    },
  ],
  notes:
    "The template is checked first; when it has problems nothing is sent.\n" +
    "Exit codes with --wait: 0 success, 1 any other outcome, 7 the time is over, 130 Ctrl-C (the work goes on).",
  run: async (context, flags) => {
    checkFlags(flags);
    const timeoutMs = readTimeoutMs(flags);
    const body = await readBody(flags, context.world.stdin);
    // Loaded late: the validator is the heaviest module of the CLI.
    const { checkTemplate } = await import("../template/check-template.ts");
    const { warnings } = await checkTemplate(body, Date.now());
    for (const { pointer, message } of warnings) context.trace(`warning: ${pointer}: ${message}`);
    const client = await context.client();
    const added = await submit(client, { context, flags, body });
    if (flags.isOn("wait")) return waitForJob(context, { client, added, flags, timeoutMs });
    await print(context, added, undefined);
    return 0;
  },
};

async function submit(
  client: CourierClient,
  call: { readonly context: CommandContext; readonly flags: Flags; readonly body: Body },
): Promise<AddJobResponse> {
  const { context, flags, body } = call;
  try {
    return await client.addJob(body, {
      idempotencyKey: flags.text("idempotencyKey"),
      signal: context.world.signal,
    });
  } catch (error) {
    if (!(error instanceof ServiceError) || error.details.length === 0) throw error;
    const { details, requestId } = error;
    throw new TemplateError(error.code, error.message, {
      file: body.file,
      details,
      requestId,
      cause: error,
    });
  }
}

async function waitForJob(
  context: CommandContext,
  call: {
    readonly client: CourierClient;
    readonly added: AddJobResponse;
    readonly flags: Flags;
    readonly timeoutMs: number | undefined;
  },
): Promise<number> {
  const { client, added, flags } = call;
  const { world } = context;
  const awaited = await awaitInstance({
    context,
    client,
    findInstanceId: (signal) => findInstanceOfJob(client, added.item.id, { world, signal }),
    timeoutMs: call.timeoutMs,
    cancelOnTimeout: flags.isOn("cancelOnTimeout"),
    isPatient: true,
  });
  await print(context, added, awaited.instance);
  const junit = flags.text("junit");
  if (junit !== undefined && awaited.instance !== undefined && awaited.ending !== "interrupted") {
    await writeJunit(junit, { client, instance: awaited.instance, signal: world.signal });
  }
  return concludeWait(context, awaited);
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

function checkFlags(flags: Flags): void {
  const needs = (name: string, other: string): void => {
    throw new CourierError("USAGE", `${name} only makes sense with ${other}`);
  };
  if (flags.isOn("cancelOnTimeout") && flags.text("timeout") === undefined) {
    needs("--cancel-on-timeout", "--wait --timeout SECONDS");
  }
  if (flags.isOn("wait")) return;
  if (flags.text("timeout") !== undefined) needs("--timeout", "--wait");
  if (flags.text("junit") !== undefined) needs("--junit", "--wait");
}

function readTimeoutMs(flags: Flags): number | undefined {
  const seconds = flags.integer("timeout", { min: 1, max: 2_000_000 });
  return seconds === undefined ? undefined : seconds * 1000;
}
