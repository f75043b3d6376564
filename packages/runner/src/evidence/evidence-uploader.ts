import type { Clock } from "@courier/core";
import { evidenceDeadlineMs } from "@courier/protocol";
import type { Logger } from "../logger.ts";
import { reconnectDelayMs } from "../session/reconnect-delay.ts";
import { wait } from "../wait.ts";
import type { ArchiveKey, EvidenceSpool } from "./evidence-spool.ts";
import { sendArchive, type EvidenceTarget, type SendOutcome } from "./send-archive.ts";

/** What an uploader is made of. */
export interface EvidenceUploaderOptions {
  readonly spool: EvidenceSpool;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Nothing of this run waits any more. */
  readonly onDone: (runId: string) => void;
}

/**
 * Hands archives in one after the other while there is a connection; what fails is tried again until its deadline, the
 * others in between. The spool is its memory: after a restart it goes on with what is there.
 */
export class EvidenceUploader {
  readonly #options: EvidenceUploaderOptions;
  readonly #stopping = new AbortController();
  readonly #queue: ArchiveKey[] = [];
  #target: EvidenceTarget | undefined;
  #isConnected = false;
  #working: Promise<void> | undefined;

  constructor(options: EvidenceUploaderOptions) {
    this.#options = options;
  }

  add(key: ArchiveKey): void {
    this.#queue.push(key);
    this.#wake();
  }

  /** Whether nothing of the run waits to be handed in. */
  isDone(runId: string): boolean {
    return !this.#queue.some((key) => key.runId === runId);
  }

  connected(target: EvidenceTarget): void {
    this.#target = target;
    this.#isConnected = true;
    this.#wake();
  }

  disconnected(): void {
    this.#isConnected = false;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#working;
  }

  #wake(): void {
    if (this.#working !== undefined || this.#target === undefined) return;
    this.#working = this.#work(this.#target)
      .catch((error: unknown) => this.#options.logger.error({ error }, "artifacts not handed in"))
      .finally(() => {
        this.#working = undefined;
        // What was added while the last look was taken.
        const mayGoOn = this.#isConnected && !this.#stopping.signal.aborted;
        if (mayGoOn && this.#queue.length > 0) this.#wake();
      });
  }

  async #work(target: EvidenceTarget): Promise<void> {
    const { clock, random } = this.#options;
    const { signal } = this.#stopping;
    let failureCount = 0;
    while (this.#isConnected && !signal.aborted) {
      const [key] = this.#queue;
      if (key === undefined) return;
      const isOver = await this.#handIn(key, target);
      this.#queue.shift();
      if (isOver) {
        failureCount = 0;
        if (this.isDone(key.runId)) this.#options.onDone(key.runId);
        continue;
      }
      this.#queue.push(key);
      failureCount += 1;
      await wait(clock, reconnectDelayMs(failureCount, random), signal);
    }
  }

  /** False when it is to be tried again. */
  async #handIn(key: ArchiveKey, target: EvidenceTarget): Promise<boolean> {
    const { spool, clock, logger } = this.#options;
    const archive = await spool.find(key);
    if (archive === undefined) return true;
    const outcome = await this.#send(archive, target);
    if (outcome.kind === "failed") {
      if (this.#stopping.signal.aborted) return false;
      const isLate = clock.now() - archive.keptAt > evidenceDeadlineMs;
      logger.warn({ ...key, reason: outcome.reason, isLate }, "artifacts not handed in");
      if (!isLate) return false;
    }
    if (outcome.kind === "refused") {
      logger.error({ ...key, reason: outcome.reason }, "the service refuses artifacts");
    }
    await spool.remove(key);
    return true;
  }

  async #send(
    archive: NonNullable<Awaited<ReturnType<EvidenceSpool["find"]>>>,
    target: EvidenceTarget,
  ): Promise<SendOutcome> {
    try {
      return await sendArchive(archive, target, this.#stopping.signal);
    } catch (error) {
      // The archive cannot be read: a failing disk.
      const reason = error instanceof Error ? error.message : String(error);
      return { kind: "failed", reason };
    }
  }
}
