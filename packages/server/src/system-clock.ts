import type { Clock, Timer } from "@courier/core";

/** The machine's clock. */
export class SystemClock implements Clock {
  now(): number {
    return Date.now();
  }

  monotonicMs(): number {
    return performance.now();
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const timer = setTimeout(callback, Math.min(Math.max(0, delayMs), timerDelayMaxMs));
    return { cancel: () => clearTimeout(timer) };
  }
}

/** Node fires a timer with a longer delay at once; ours fires early, which every loop takes as a wake-up. */
const timerDelayMaxMs: number = 2 ** 31 - 1;
