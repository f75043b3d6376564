import type { Clock, Timer } from "@courier/core";

interface PendingTimer {
  readonly dueAt: number;
  readonly callback: () => void;
}

/**
 * A clock that stands still until a test moves it. Timers fire in the order of their due times.
 * `now` can be made to jump without moving the monotonic time, as a machine's wall clock does.
 */
export class FakeClock implements Clock {
  #monotonicMs = 0;
  #wallOffsetMs: number;
  readonly #timers = new Set<PendingTimer>();

  constructor(startAt: number = Date.UTC(2026, 0, 1)) {
    this.#wallOffsetMs = startAt;
  }

  now(): number {
    return this.#monotonicMs + this.#wallOffsetMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const timer = { dueAt: this.#monotonicMs + Math.max(0, delayMs), callback };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  /** How many timers wait; zero after a clean stop. */
  get pendingCount(): number {
    return this.#timers.size;
  }

  /** Moves the time on by `ms`, firing each timer at its own due time and letting promises settle after each. */
  async advance(ms: number): Promise<void> {
    const endsAt = this.#monotonicMs + ms;
    await settle();
    for (let next = this.#nextDue(endsAt); next !== undefined; next = this.#nextDue(endsAt)) {
      this.#timers.delete(next);
      this.#monotonicMs = Math.max(this.#monotonicMs, next.dueAt);
      next.callback();
      await settle();
    }
    this.#monotonicMs = endsAt;
  }

  /** Lets the wall clock jump (either way), as when a machine corrects its time. */
  jump(ms: number): void {
    this.#wallOffsetMs += ms;
  }

  #nextDue(endsAt: number): PendingTimer | undefined {
    let earliest: PendingTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueAt <= endsAt && (earliest === undefined || timer.dueAt < earliest.dueAt)) {
        earliest = timer;
      }
    }
    return earliest;
  }
}

/** One turn of the event loop: every promise that can settle without I/O has settled. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
