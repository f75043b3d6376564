import { setTimeout as delay } from "node:timers/promises";
import { isRetryable } from "@courier/client";

const pollMs = 40;

/** Only what never comes takes so long, on the slowest machine as well. */
export const patienceMs = 300_000;

/**
 * Looks until `look` finds something, and returns it; fails, with what it waited for, when that never comes. A service
 * that cannot be reached at the moment has not shown anything yet.
 */
export async function until<Found>(
  what: string,
  look: () => Promise<Found | undefined> | Found | undefined,
): Promise<Found> {
  const endsAt = performance.now() + patienceMs;
  for (;;) {
    const found = await lookOnce(look);
    if (found.value !== undefined) return found.value;
    if (performance.now() > endsAt) {
      throw new Error(`not within ${patienceMs} ms: ${what}`, { cause: found.error });
    }
    await delay(pollMs);
  }
}

interface Look<Found> {
  readonly value?: Found | undefined;
  readonly error?: unknown;
}

async function lookOnce<Found>(
  look: () => Promise<Found | undefined> | Found | undefined,
): Promise<Look<Found>> {
  try {
    return { value: await look() };
  } catch (error) {
    if (!isRetryable(error)) throw error;
    return { error };
  }
}
