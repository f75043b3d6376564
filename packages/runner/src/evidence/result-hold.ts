import type { Clock, Timer } from "@courier/core";
import { evidenceHoldMs } from "../limits.ts";

/**
 * Holds results back until the artifacts of their runs are handed in, so that whoever sees the end finds them, but only
 * for a moment: an upload that fails or takes long must not keep an outcome from the service.
 */
export class ResultHold {
  readonly #clock: Clock;
  readonly #isHandedIn: (runId: string) => boolean;
  readonly #onOver: (runId: string) => void;
  readonly #timers = new Map<string, Timer>();
  readonly #over = new Set<string>();

  constructor(options: {
    readonly clock: Clock;
    readonly isHandedIn: (runId: string) => boolean;
    readonly onOver: (runId: string) => void;
  }) {
    this.#clock = options.clock;
    this.#isHandedIn = options.isHandedIn;
    this.#onOver = options.onOver;
  }

  /** Whether a result that could leave now may; when it may not, `onOver` is called once it may. */
  mayLeave(runId: string): boolean {
    if (this.#over.has(runId) || this.#isHandedIn(runId)) return true;
    if (!this.#timers.has(runId)) {
      this.#timers.set(
        runId,
        this.#clock.setTimer(evidenceHoldMs, () => this.release(runId)),
      );
    }
    return false;
  }

  /** Holds this result back no longer. */
  release(runId: string): void {
    this.#over.add(runId);
    this.#onOver(runId);
  }

  forget(runId: string): void {
    this.#timers.get(runId)?.cancel();
    this.#timers.delete(runId);
    this.#over.delete(runId);
  }

  stop(): void {
    for (const timer of this.#timers.values()) timer.cancel();
  }
}
