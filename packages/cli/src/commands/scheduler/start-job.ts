import type { CourierClient } from "@courier/client";
import { CourierError } from "@courier/core";
import type { InstanceDetail, StartJobResponse } from "@courier/schema";

import type { CommandSpec } from "../../command.ts";
import type { CommandContext } from "../../context.ts";
import { waitingLookDelayMs } from "../../limits.ts";
import { finishWait, readWait, waitNotes, waitOptions } from "../../progress/finish-wait.ts";
import { exemptOption, keyOption, readExemption } from "../../progress/print-rerun.ts";
import { summariseOutcomes } from "../../progress/progress-lines.ts";
import { bodyOptions } from "../../template/read-body.ts";
import { readDocument } from "../../template/read-document.ts";
import type { Flags } from "../../usage/flags.ts";
import type { World } from "../../world.ts";
import { jobOption } from "./job-option.ts";

/** `scheduler jobs create-manual-job` and `scheduler jobs activated-job`: the original has both. */
export const startJob: CommandSpec = {
  options: [
    { flag: jobOption.flag, summary: "the job's id, unless the body names it" },
    ...bodyOptions,
    exemptOption,
    keyOption,
    ...waitOptions,
  ],
  notes:
    "An instance of the job starts now, whatever the job's status; its schedule is not touched.\n" +
    'Body, as the original takes it: {"jobId": ID}.\n' +
    "During a global exception it waits for the end of the window; beside another instance it does what overlapPolicy says.\n" +
    waitNotes,
  run: async (context, flags) => {
    const wait = readWait(flags);
    const jobId = await readJobId(context, flags);
    const request = readExemption(flags);
    const client = await context.client();
    const started = await client.startJob(jobId, request, {
      idempotencyKey: flags.text("idempotencyKey"),
      signal: context.world.signal,
    });
    const { id, reason, notBefore } = started.item;
    if (!started.item.started) {
      const until = notBefore === null ? "" : `, not before ${notBefore}`;
      await context.note(`instance ${id} waits to start: ${reason}${until}`);
    }
    return finishWait(context, {
      client,
      wait,
      findInstanceId: (signal) => untilStarted(client, id, { world: context.world, signal }),
      print: (instance) => printStarted(context, started, instance),
    });
  },
};

/** From the flag, or from a body that says nothing else. */
async function readJobId(context: CommandContext, flags: Flags): Promise<string> {
  const hasBody = flags.text("body") !== undefined || flags.text("bodyFile") !== undefined;
  if (!hasBody && flags.text("jobId") === undefined) {
    throw new CourierError("USAGE", '--jobId is required, or a body {"jobId": ID}');
  }
  if (!hasBody) return flags.need("jobId");
  const body = await readDocument(flags, context.world.stdin);
  const { jobId, ...rest } =
    typeof body === "object" && body !== null ? { jobId: null, ...body } : { jobId: null };
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) {
    throw new CourierError("USAGE", `the body has an unknown field "${unknown}"; it takes jobId`);
  }
  const named = flags.text("jobId") ?? jobId;
  if (typeof named !== "string" || named.trim() === "" || (jobId ?? named) !== named) {
    throw new CourierError(
      "USAGE",
      "the body's jobId must be the id of one job, the same as --jobId",
    );
  }
  return named;
}

/** Resolves with the id when there is such an instance: what waits has none yet. One that was canceled meanwhile is not waited for. */
async function untilStarted(
  client: CourierClient,
  id: string,
  { world, signal }: { readonly world: World; readonly signal: AbortSignal },
): Promise<string> {
  for (;;) {
    try {
      await client.getInstance(id, { signal });
      return id;
    } catch (error) {
      if (!(error instanceof CourierError)) throw error;
      if (error.code === "INSTANCE_NOT_FOUND") throw neverStarts(id, error);
      if (error.code !== "INSTANCE_NOT_STARTED") throw error;
      await world.delay(waitingLookDelayMs, signal);
    }
  }
}

function neverStarts(id: string, cause: CourierError): CourierError {
  const message = `instance "${id}" was canceled, or left out, before it started`;
  return new CourierError("INSTANCE_NOT_FOUND", message, { cause });
}

async function printStarted(
  context: CommandContext,
  started: StartJobResponse,
  instance: InstanceDetail | undefined,
): Promise<void> {
  const item = instance === undefined ? started.item : { ...started.item, instance };
  await context.printItem<StartJobResponse["item"]>({ item }, [
    { header: "instance", value: ({ id }) => id },
    { header: "job", value: ({ jobId }) => jobId },
    { header: "started", value: (start) => (start.started ? "yes" : "no") },
    { header: "not before", value: ({ notBefore }) => notBefore },
    { header: "reason", value: ({ reason }) => reason },
    { header: "status", value: () => instance?.status, isStatus: true },
    { header: "runs", value: () => (instance ? summariseOutcomes(instance.groups) : "") },
  ]);
}
