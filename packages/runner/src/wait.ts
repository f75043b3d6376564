import type { Clock } from "@courier/core";

/** Resolves after `delayMs`, or at once when `signal` aborts: true when the time has passed. */
export function wait(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve(false);
      return;
    }
    const aborted = (): void => {
      timer.cancel();
      resolve(false);
    };
    const timer = clock.setTimer(delayMs, () => {
      signal?.removeEventListener("abort", aborted);
      resolve(true);
    });
    signal?.addEventListener("abort", aborted, { once: true });
  });
}
