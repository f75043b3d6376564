import type { Readable } from "node:stream";

import { isInstanceFinal } from "@courier/core";
import type { InstanceDetail } from "@courier/schema";

import { readEvents } from "./event-stream.ts";
import { isRecord, parseJson } from "./json.ts";
import { streamSilenceMs } from "./limits.ts";
import { readLines } from "./line-stream.ts";
import { Outage, type OutageEvent } from "./outage.ts";
import type { Pace } from "./retry-policy.ts";
import { UnreachableError } from "./service-error.ts";

/** What a watcher is told. */
export type WatchEvent = { readonly kind: "instance"; readonly item: InstanceDetail } | OutageEvent;

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
  for await (const item of readInstances(options)) {
    yield* outage.end();
    yield { kind: "instance", item };
    if (isInstanceFinal(item.status)) return true;
  }
  return false;
}

async function* readInstances(
  options: WatchOptions,
): AsyncGenerator<InstanceDetail, void, undefined> {
  const stream = await options.open();
  const lines = readLines(stream, { ...options, silenceMs: streamSilenceMs });
  for await (const event of readEvents(lines)) {
    if (event.name !== "instance") continue;
    const data = parseJson(event.data);
    const item = isRecord(data) && isRecord(data["item"]) ? data["item"] : data;
    if (!isRecord(item) || typeof item["status"] !== "string") {
      throw new UnreachableError(`${options.url} sent an event that is not an instance`, {
        isTransient: false,
      });
    }
    // The service serialises events with the schema that the type is generated from.
    yield item as unknown as InstanceDetail;
  }
}
