import type { Readable } from "node:stream";

import { isInstanceFinal } from "@courier/core";
import type { ExplainedInstance, InstanceDetail, RunDetail } from "@courier/schema";

import { readEvents } from "./event-stream.ts";
import { isRecord, parseJson } from "./json.ts";
import { streamSilenceMs } from "./limits.ts";
import { readLines } from "./line-stream.ts";
import { Outage, type OutageEvent } from "./outage.ts";
import type { Pace } from "./retry-policy.ts";
import { UnreachableError } from "./service-error.ts";

/** What a watcher is told. Runs come before the instance that they led to; one may be told twice, none is left out. */
export type WatchEvent =
  | { readonly kind: "instance"; readonly item: InstanceDetail }
  | { readonly kind: "runs"; readonly items: readonly RunDetail[] }
  | { readonly kind: "explanation"; readonly item: ExplainedInstance }
  | OutageEvent;

/** What `followInstance` needs of its caller. */
export interface WatchOptions {
  readonly url: string;
  readonly open: () => Promise<Readable>;
  readonly pace: Pace;
  readonly signal: AbortSignal;
  /** Survive an outage from the first connection on; otherwise the first connection must succeed. */
  readonly isPatient: boolean;
}

/**
 * Follows an instance until it is final, through outages of any length; the caller's signal is the limit.
 * Every connection starts with the state as it is, so nothing is missed that matters.
 */
export async function* followInstance(
  options: WatchOptions,
): AsyncGenerator<WatchEvent, void, undefined> {
  const outage = new Outage(options);
  for (;;) {
    try {
      if (yield* followOnce(options, outage)) return;
      throw new UnreachableError(`${options.url} closed the event stream`, { isTransient: true });
    } catch (error) {
      yield* outage.survive(error);
    }
  }
}

/** Follows through one connection; returns whether the instance is final. */
async function* followOnce(
  options: WatchOptions,
  outage: Outage,
): AsyncGenerator<WatchEvent, boolean, undefined> {
  for await (const event of readWatchEvents(options)) {
    yield* outage.end();
    yield event;
    if (event.kind === "instance" && isInstanceFinal(event.item.status)) return true;
  }
  return false;
}

async function* readWatchEvents(
  options: WatchOptions,
): AsyncGenerator<Exclude<WatchEvent, OutageEvent>, void, undefined> {
  const stream = await options.open();
  const lines = readLines(stream, { ...options, silenceMs: streamSilenceMs });
  for await (const event of readEvents(lines)) {
    const data = parseJson(event.data);
    // The service serialises events with the schemas that the types are generated from.
    if (event.name === "runs" && Array.isArray(data)) yield { kind: "runs", items: data };
    if (event.name === "explanation")
      yield { kind: "explanation", item: data as ExplainedInstance };
    if (event.name !== "instance") continue;
    const item = isRecord(data) && isRecord(data["item"]) ? data["item"] : data;
    if (!isRecord(item) || typeof item["status"] !== "string") {
      throw new UnreachableError(`${options.url} sent an event that is not an instance`, {
        isTransient: false,
      });
    }
    yield { kind: "instance", item: item as unknown as InstanceDetail };
  }
}
