import type { Logger } from "pino";

interface Part {
  readonly name: string;
  readonly stop: (reason: string) => Promise<void>;
}

/** Stops what was started, last first. A part that fails to stop is logged and does not keep the others from it. */
export class StopStack {
  readonly #log: Logger;
  readonly #parts: Part[] = [];
  #stopping: Promise<void> | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Adds a part that runs now. */
  push(name: string, stop: Part["stop"]): void {
    this.#parts.push({ name, stop });
  }

  /** Resolves when everything has stopped; a second call waits for the first. */
  async stop(reason: string): Promise<void> {
    this.#stopping ??= this.#stopAll(reason);
    return this.#stopping;
  }

  async #stopAll(reason: string): Promise<void> {
    for (let part = this.#parts.pop(); part !== undefined; part = this.#parts.pop()) {
      try {
        await part.stop(reason);
      } catch (error) {
        this.#log.error({ err: error, part: part.name }, "a part failed to stop");
      }
    }
  }
}
