import type { Clock, Service, Timer } from "@courier/core";
import type { Logger } from "pino";

/**
 * What a loop does each time; `true` asks to be called again at once because more is due, a number to be called in so many ms
 * where that is sooner than the interval.
 */
export type LoopWork = () => Promise<boolean | number>;

/**
 * Calls `work` every `intervalMs` and whenever it is woken, never twice at the same time.
 * A failing call is logged and tried again at the next interval: a loop never dies.
 */
export class Loop implements Service {
  readonly #options: {
    readonly name: string;
    readonly clock: Clock;
    readonly log: Logger;
    readonly intervalMs: number;
    readonly work: LoopWork;
  };
  #timer: Timer | undefined;
  #turn: Promise<void> | undefined;
  #isWoken = false;
  #againInMs = Infinity;
  #isRunning = false;

  constructor(options: {
    readonly name: string;
    readonly clock: Clock;
    readonly log: Logger;
    readonly intervalMs: number;
    readonly work: LoopWork;
  }) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#isRunning = true;
    this.wake();
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    this.#timer?.cancel();
    await this.#turn;
  }

  /** Makes the loop work now, or once more right after the call that is under way. */
  wake(): void {
    if (!this.#isRunning) return;
    if (this.#turn !== undefined) {
      this.#isWoken = true;
      return;
    }
    this.#timer?.cancel();
    this.#turn = this.#take().finally(() => {
      this.#turn = undefined;
      this.#schedule();
    });
  }

  #schedule(): void {
    if (!this.#isRunning) return;
    if (this.#isWoken) {
      this.wake();
      return;
    }
    const { clock, intervalMs } = this.#options;
    this.#timer = clock.setTimer(Math.min(intervalMs, this.#againInMs), () => this.wake());
  }

  async #take(): Promise<void> {
    this.#isWoken = false;
    this.#againInMs = Infinity;
    try {
      const again = await this.#options.work();
      if (typeof again === "number") this.#againInMs = again;
      else this.#isWoken ||= again;
    } catch (error) {
      this.#options.log.error({ err: error, loop: this.#options.name }, "loop failed, will retry");
    }
  }
}
