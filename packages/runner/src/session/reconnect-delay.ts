import { reconnectDelayMsFirst, reconnectDelayMsMax } from "../limits.ts";

/** How long to wait before attempt `failureCount` + 1: full jitter under an exponential cap, so that a fleet spreads out. ms. */
export function reconnectDelayMs(failureCount: number, random: () => number): number {
  const cap = Math.min(reconnectDelayMsMax, reconnectDelayMsFirst * 2 ** (failureCount - 1));
  return Math.round(cap * random());
}
