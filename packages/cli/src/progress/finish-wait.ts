import type { CourierClient } from "@courier/client";
import { CourierError } from "@courier/core";
import type { InstanceDetail, TransitionEvent } from "@courier/schema";

import type { OptionSpec } from "../command.ts";
import type { CommandContext } from "../context.ts";
import { checkJunitPath, writeJunit } from "../junit.ts";
import type { Flags } from "../usage/flags.ts";
import { unlessClosed, writeFully } from "../world.ts";
import { awaitInstance, concludeWait, type Awaited } from "./await-instance.ts";

/** The flags of every command that starts an instance. */
export const waitOptions: readonly OptionSpec[] = [
  { flag: "--wait", summary: "wait until the instance has ended; show progress" },
  { flag: "--timeout <SECONDS>", summary: "with --wait: how long to wait at most" },
  { flag: "--cancel-on-timeout", summary: "with --timeout: cancel the instance then" },
  { flag: "--junit <FILE>", summary: "with --wait: write a JUnit XML report of the runs" },
  {
    flag: "--output-events <FORMAT>",
    summary: "with --wait: print every transition as one line of JSON instead of the result",
    choices: ["jsonl"],
  },
];

/** What help says about them. */
export const waitNotes =
  "Exit codes with --wait: 0 success, 1 any other outcome, 7 the time is over, 130 Ctrl-C (the work goes on).";

/** How to wait; undefined: not at all. */
export interface Wait {
  readonly timeoutMs: number | undefined;
  readonly cancelOnTimeout: boolean;
  readonly junit: string | undefined;
  /** Transitions go to stdout, one line each, and nothing else does. */
  readonly hasEvents: boolean;
}

/** Reads the flags; throws a usage error when one of them only makes sense with another, or names a file that cannot be. */
export function readWait(flags: Flags): Wait | undefined {
  const seconds = flags.integer("timeout", { min: 1, max: 2_000_000 });
  const junit = flags.text("junit");
  const cancelOnTimeout = flags.isOn("cancelOnTimeout");
  const hasEvents = flags.text("outputEvents") !== undefined;
  if (cancelOnTimeout && seconds === undefined) {
    throw onlyWith("--cancel-on-timeout", "--wait --timeout SECONDS");
  }
  if (!flags.isOn("wait")) {
    if (seconds !== undefined) throw onlyWith("--timeout", "--wait");
    if (junit !== undefined) throw onlyWith("--junit", "--wait");
    if (hasEvents) throw onlyWith("--output-events", "--wait");
    return undefined;
  }
  if (junit !== undefined) checkJunitPath(junit);
  const timeoutMs = seconds === undefined ? undefined : seconds * 1000;
  return { timeoutMs, cancelOnTimeout, junit, hasEvents };
}

/** What was started, and how to show it. */
export interface Started {
  readonly client: CourierClient;
  readonly wait: Wait | undefined;
  readonly findInstanceId: (signal: AbortSignal) => Promise<string>;
  readonly print: (instance: InstanceDetail | undefined) => Promise<void>;
}

/** Prints what was started, after its end when that is waited for; returns the exit code. */
export async function finishWait(context: CommandContext, started: Started): Promise<number> {
  const { client, wait, findInstanceId, print } = started;
  if (wait === undefined) {
    await print(undefined);
    return 0;
  }
  const { timeoutMs, cancelOnTimeout, junit, hasEvents } = wait;
  const awaited = await awaitInstance({
    ...{ context, client, findInstanceId, timeoutMs, cancelOnTimeout },
    isPatient: true,
    ...(hasEvents ? { onEvents: (events) => printEvents(context, events) } : {}),
  });
  return await reportWait(context, awaited, {
    ...{ client, junit },
    print: async (instance) => (hasEvents ? undefined : await print(instance)),
  });
}

/** Writes the report, prints the result, says how it ended; returns the exit code, whoever has stopped to read. */
export async function reportWait(
  context: CommandContext,
  awaited: Awaited,
  report: Pick<Started, "client" | "print"> & { readonly junit: string | undefined },
): Promise<number> {
  const { client, junit, print } = report;
  const { instance, ending } = awaited;
  const isOver = ending === "ended" || ending === "timed-out";
  try {
    // First, because printing to a reader that has gone ends everything that is still to be asked.
    if (junit !== undefined && instance !== undefined && isOver) {
      await writeJunit(junit, { client, instance, signal: context.world.signal });
    }
  } finally {
    await unlessClosed(print(instance));
  }
  return await concludeWait(context, awaited);
}

/** One JSON document a line, for programs such as jq. */
export async function printEvents(
  context: CommandContext,
  events: readonly TransitionEvent[],
): Promise<void> {
  if (events.length === 0) return;
  const text = events.map((event) => `${JSON.stringify(event)}\n`).join("");
  await writeFully(context.world.stdout, text);
}

function onlyWith(name: string, other: string): CourierError {
  return new CourierError("USAGE", `${name} only makes sense with ${other}`);
}
