import { mkdirSync, renameSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Clock, Service, Timer } from "@courier/core";
import { spareDelayMs } from "../limits.ts";
import type { Logger } from "../logger.ts";
import { createEmptyRunDirectory } from "./run-directory.ts";

/**
 * Run directories that are made while nothing else is to be done, so that an attempt finds its own by renaming one:
 * creating files is the dearest thing that the agent does for an attempt.
 */
export class SpareDirectories implements Service {
  readonly #directory: string;
  readonly #count: number;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #spares: string[] = [];
  #createdCount = 0;
  #timer: Timer | undefined;

  constructor(options: {
    /** Holds nothing else; on the same file system as the run directories. */
    readonly directory: string;
    /** How many are kept. */
    readonly count: number;
    readonly clock: Clock;
    readonly logger: Logger;
  }) {
    this.#directory = options.directory;
    this.#count = options.count;
    this.#clock = options.clock;
    this.#logger = options.logger;
  }

  /** Those of an earlier agent are removed: nobody knows what is in them. */
  async start(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
    this.#fill();
  }

  stop(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    return Promise.resolve();
  }

  /** Puts an empty run directory at `path`, where there is none; false when there is no spare one. */
  take(path: string): boolean {
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimer(spareDelayMs, () => this.#fill());
    const spare = this.#spares.pop();
    if (spare === undefined) return false;
    try {
      renameSync(spare, path);
      return true;
    } catch {
      // Something is there already, or the spare one was removed: the caller looks closer.
      return false;
    }
  }

  #fill(): void {
    try {
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
      while (this.#spares.length < this.#count) {
        this.#createdCount += 1;
        const path = join(this.#directory, `${this.#createdCount}`);
        createEmptyRunDirectory(path);
        this.#spares.push(path);
      }
    } catch (error) {
      this.#logger.warn({ error }, "no run directory can be made in advance");
    }
  }
}
