import { setTimeout as delay } from "node:timers/promises";
import { isRetryable } from "@courier/client";

const pollMs = 40;
const limitMsDefault = 30_000;

/**
 * Looks until `look` finds something, and returns it; fails after `limitMs`. A service that cannot be reached at the
 * moment has not shown anything yet.
 */
export async function until<Found>(
  what: string,
  look: () => Promise<Found | undefined> | Found | undefined,
  limitMs: number = limitMsDefault,
): Promise<Found> {
  const endsAt = performance.now() + limitMs;
  for (;;) {
    const found = await lookOnce(look);
    if (found.value !== undefined) return found.value;
    if (performance.now() > endsAt) {
      throw new Error(`not within ${limitMs} ms: ${what}`, { cause: found.error });
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
