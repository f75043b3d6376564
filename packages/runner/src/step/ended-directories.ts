import { existsSync } from "node:fs";
import type { Clock, Service, Timer } from "@courier/core";
import { endedDirectoriesIdleMs, endedDirectoriesMax, endedOutputBytesMax } from "../limits.ts";
import type { Logger } from "../logger.ts";
import { maskedDirectory, outputSize, removeRunDirectory } from "./run-directory.ts";

/**
 * Run directories that nobody needs any more. They are removed when the node has nothing else to do: removing files
 * makes creating others slow (ext4 looks at every file that was removed a short while ago).
 */
export class EndedDirectories implements Service {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #waiting = new Set<string>();
  #timer: Timer | undefined;

  constructor(options: { readonly clock: Clock; readonly logger: Logger }) {
    this.#clock = options.clock;
    this.#logger = options.logger;
  }

  /** Large ones and those of steps with secrets do not wait, and what waits longest goes when there are too many. */
  add(path: string): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimer(endedDirectoriesIdleMs, () => this.#removeAll());
    const outputBytes = outputSize(path, "stdout") + outputSize(path, "stderr");
    const mayHoldSecrets = existsSync(maskedDirectory(path));
    if (mayHoldSecrets || outputBytes > endedOutputBytesMax) return this.#remove(path);
    this.#waiting.add(path);
    const [oldest] = this.#waiting;
    if (this.#waiting.size > endedDirectoriesMax && oldest !== undefined) this.#remove(oldest);
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  /** What still waits is removed by the next agent, which finds that no run needs it. */
  stop(): Promise<void> {
    this.#timer?.cancel();
    return Promise.resolve();
  }

  #removeAll(): void {
    for (const path of this.#waiting) this.#remove(path);
  }

  #remove(path: string): void {
    this.#waiting.delete(path);
    removeRunDirectory(path).catch((error: unknown) => {
      this.#logger.warn({ path, error }, "run directory not removed");
    });
  }
}
