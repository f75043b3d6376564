import type { CourierClient } from "@courier/client";
import { CourierError, isInstanceFinal } from "@courier/core";
import type { InstanceDetail, TransitionEvent } from "@courier/schema";

import { Interrupted, OutputClosed, unlessClosed } from "../world.ts";
import type { CommandContext } from "../context.ts";
import { EventLedger } from "../events/event-ledger.ts";
import { cancelConfirmMs } from "../limits.ts";
import { ProgressDisplay } from "./progress-display.ts";
import { failureLines, summariseOutcomes } from "./progress-lines.ts";

/** How waiting ended, with the last state that was seen. */
export interface Awaited {
  /** `unread`: before the end came, whoever read what is printed had gone. */
  readonly ending: "ended" | "timed-out" | "interrupted" | "unread";
  /** What was waited for; undefined: the job had no instance yet. */
  readonly instanceId: string | undefined;
  /** Undefined: nothing had been heard of it yet. */
  readonly instance: InstanceDetail | undefined;
  /** What failed alike, for whoever has not seen it happen on a terminal. */
  readonly failures: readonly string[];
}

/** What to wait for. */
export interface AwaitOptions {
  readonly context: CommandContext;
  readonly client: CourierClient;
  /** Asked for under the same limits; for a job that was just added the instance may need a moment to exist. */
  readonly findInstanceId: (signal: AbortSignal) => Promise<string>;
  readonly timeoutMs: number | undefined;
  readonly cancelOnTimeout: boolean;
  /** Survive an outage of the service from the beginning. */
  readonly isPatient: boolean;
  /** Told of every transition; absent: nobody wants to know. */
  readonly onEvents?: ((events: readonly TransitionEvent[]) => Promise<void>) | undefined;
}

/** Waits until an instance is final, the time is over, or Ctrl-C; shows progress. Outages are survived and said. */
export async function awaitInstance(options: AwaitOptions): Promise<Awaited> {
  const display = new ProgressDisplay(options.context.world);
  const deadline = startDeadline(options.timeoutMs);
  const signal = AbortSignal.any([options.context.world.signal, deadline.signal]);
  const seen: Seen = { ledger: new EventLedger(options.context.world.now) };
  const awaited = (ending: Awaited["ending"], failures: readonly string[] = []): Awaited => ({
    ending,
    failures,
    instanceId: seen.id,
    instance: seen.item,
  });
  try {
    seen.id = await options.findInstanceId(signal);
    await follow(options, { seen, display, signal });
    return awaited("ended", display.isLive ? [] : await readFailures(options, seen.item));
  } catch (error) {
    if (error instanceof Interrupted) return awaited("interrupted");
    if (error instanceof OutputClosed) return awaited("unread");
    if (!(error instanceof DeadlinePassed)) throw error;
    if (options.cancelOnTimeout) await cancel(options, { seen, display });
    return awaited("timed-out");
  } finally {
    deadline.end();
    display.stop();
  }
}

/** Says how it ended where a person looks, and returns the exit code; a timeout is thrown as the error that it is. */
export async function concludeWait(context: CommandContext, awaited: Awaited): Promise<number> {
  const { ending, instanceId, instance, failures } = awaited;
  const what = instanceId === undefined ? "the job" : `instance ${instanceId}`;
  const note = async (line: string): Promise<void> => await unlessClosed(context.note(line));
  if (ending === "interrupted") {
    const how =
      instanceId === undefined
        ? ""
        : `; stop it with: courier-cli state instance cancel --instanceId ${instanceId}`;
    await note(`interrupted: ${what} goes on${how}`);
    throw new Interrupted();
  }
  if (ending === "unread") {
    await note(`nobody reads the output any more: ${what} goes on, how it ends is not waited for`);
    return 1;
  }
  if (ending === "timed-out")
    throw new CourierError("WAIT_TIMED_OUT", timeoutMessage(what, awaited));
  if (instance?.status === "success") return 0;
  await note([failureLine(instance), ...failures].join("\n"));
  return 1;
}

/** The verdict is known by now: nothing that goes wrong here may change how the command ends. */
async function readFailures(
  { client, context }: AwaitOptions,
  item: InstanceDetail | undefined,
): Promise<readonly string[]> {
  if (item === undefined || item.status === "success") return [];
  try {
    return failureLines((await client.explainInstance(item.id, context.world)).item);
  } catch (error) {
    context.trace(`the failures could not be read: ${String(error)}`);
    return [];
  }
}

interface Seen {
  /** Outlives every connection: it knows what was told already. */
  readonly ledger: EventLedger;
  id?: string;
  item?: InstanceDetail;
}

interface Following {
  readonly seen: Seen;
  readonly display: ProgressDisplay;
  readonly signal: AbortSignal;
}

async function follow(options: AwaitOptions, { seen, display, signal }: Following): Promise<void> {
  const { client, isPatient, onEvents } = options;
  const withRuns = onEvents !== undefined;
  const wanted = { signal, isPatient, withRuns, withExplanation: display.isLive };
  for await (const event of client.watchInstance(seen.id ?? "", wanted)) {
    switch (event.kind) {
      case "instance":
        seen.item = event.item;
        display.update(event.item);
        await onEvents?.(seen.ledger.settle(event.item));
        break;
      case "runs":
        seen.ledger.holdRuns(event.items);
        break;
      case "explanation":
        display.explain(event.item);
        break;
      case "interrupted":
        display.note(`${event.error.message}; trying again until it is back`);
        break;
      case "resumed":
        display.note("connected again");
        break;
    }
  }
}

/** Asks for the cancel and gives the nodes time to confirm it, so that the answer shows how it ended. */
async function cancel(
  options: AwaitOptions,
  { seen, display }: Omit<Following, "signal">,
): Promise<void> {
  if (seen.id === undefined) {
    display.note(
      "the time is over; there is no instance yet that could be canceled, the job stays",
    );
    return;
  }
  const grace = startDeadline(cancelConfirmMs);
  const signal = AbortSignal.any([options.context.world.signal, grace.signal]);
  display.note("the time is over, cancelling");
  try {
    await options.client.cancelInstance(seen.id, { signal });
    await follow(options, { seen, display, signal });
  } catch (error) {
    if (error instanceof OutputClosed) throw error;
    const isQuiet = error instanceof DeadlinePassed || error instanceof Interrupted;
    const reason = isQuiet
      ? "not confirmed yet"
      : String(error instanceof Error ? error.message : error);
    display.note(`cancel: ${reason}`);
  } finally {
    grace.end();
  }
}

class DeadlinePassed extends Error {}

function startDeadline(ms: number | undefined): { signal: AbortSignal; end: () => void } {
  const controller = new AbortController();
  const timer =
    ms === undefined
      ? undefined
      : setTimeout(() => {
          controller.abort(new DeadlinePassed("deadline passed"));
        }, ms);
  return {
    signal: controller.signal,
    end: () => {
      clearTimeout(timer);
    },
  };
}

function timeoutMessage(what: string, { instanceId, instance }: Awaited): string {
  if (instanceId === undefined) return `${what} has no instance yet, the time to wait is over`;
  if (instance === undefined)
    return `nothing was heard of ${what} until the time to wait was over; it goes on`;
  const outcomes = summariseOutcomes(instance.groups);
  if (isInstanceFinal(instance.status))
    return `the time to wait was over; ${what} ended ${instance.status} (${outcomes})`;
  return `${what} is still ${instance.status} when the time to wait was over (${outcomes}); it goes on`;
}

function failureLine(instance: InstanceDetail | undefined): string {
  if (instance === undefined) return "nothing was heard of the instance";
  const reason = instance.reason === "" ? "" : `: ${instance.reason}`;
  const outcomes = summariseOutcomes(instance.groups);
  return `instance ${instance.id} ended ${instance.status}${reason} (${outcomes})`;
}
