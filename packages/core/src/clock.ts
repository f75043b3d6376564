/** A pending timer; `cancel` is idempotent and safe after the timer has fired. */
export interface Timer {
  cancel(): void;
}

/**
 * Source of time for everything with a lifecycle. Production wires the system clock, tests a fake one.
 * `now` is Unix time in ms and may jump; `monotonicMs` never goes back and is for measuring durations only.
 */
export interface Clock {
  now(): number;
  monotonicMs(): number;
  /** Calls `callback` once, at the earliest `delayMs` from now. */
  setTimer(delayMs: number, callback: () => void): Timer;
}
