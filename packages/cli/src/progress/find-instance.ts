import { isRetryable, type CourierClient } from "@courier/client";
import { CourierError } from "@courier/core";

import {
  instanceLookupDelayBaseMs,
  instanceLookupDelayMaxMs,
  instanceLookupsMax,
} from "../limits.ts";
import type { World } from "../world.ts";

/** Finds the instance of a job that was just added; it exists a few milliseconds later. Outages do not count as looks. */
export async function findInstanceOfJob(
  client: CourierClient,
  jobId: string,
  { world, signal }: { readonly world: World; readonly signal: AbortSignal },
): Promise<string> {
  for (let look = 0; look < instanceLookupsMax;) {
    const id = await lookOnce(client, jobId, signal);
    if (id !== undefined && id !== "unreachable") return id;
    // The client has retried already when the service is away; from then on once per second is enough.
    const exponent = id === undefined ? look : instanceLookupsMax;
    const delayMs = Math.min(instanceLookupDelayMaxMs, instanceLookupDelayBaseMs * 2 ** exponent);
    await world.delay(delayMs, signal);
    if (id === undefined) look += 1;
  }
  throw new CourierError("WAIT_TIMED_OUT", `job ${jobId} has no instance yet; nothing to wait for`);
}

async function lookOnce(
  client: CourierClient,
  jobId: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const { items } = await client.listInstances({ jobId, size: 1 }, { signal });
    return items[0]?.id;
  } catch (error) {
    if (isRetryable(error)) return "unreachable";
    throw error;
  }
}
