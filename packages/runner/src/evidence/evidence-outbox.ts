import type { Clock } from "@courier/core";
import type { Logger } from "../logger.ts";
import type { ArchiveKey, EvidenceSpool } from "./evidence-spool.ts";
import { EvidenceUploader } from "./evidence-uploader.ts";
import { ResultHold } from "./result-hold.ts";
import type { EvidenceTarget } from "./send-archive.ts";

/** Artifacts on their way to the service, and the results that wait for them. */
export class EvidenceOutbox {
  readonly #spool: EvidenceSpool;
  readonly #uploader: EvidenceUploader;
  readonly #hold: ResultHold;
  #hasTarget = false;

  constructor(options: {
    readonly spool: EvidenceSpool;
    readonly clock: Clock;
    readonly logger: Logger;
    /** Uniform in [0, 1). */
    readonly random: () => number;
    /** The run's result may leave now, as far as its artifacts are concerned. */
    readonly onFree: (runId: string) => void;
  }) {
    const { onFree } = options;
    this.#spool = options.spool;
    this.#uploader = new EvidenceUploader({ ...options, onDone: onFree });
    this.#hold = new ResultHold({
      clock: options.clock,
      isHandedIn: (runId) => !this.#hasTarget || this.#uploader.isDone(runId),
      onOver: onFree,
    });
  }

  /** Goes on with what an earlier process left; archives of attempts that are not settled will be packed anew. */
  async recover(isOpenAttempt: (key: ArchiveKey) => boolean): Promise<void> {
    const keys = await this.#spool.recover();
    for (const key of keys.filter((one) => !isOpenAttempt(one))) this.#uploader.add(key);
  }

  /** The archive is in the spool, and the journal knows of it. */
  add(key: ArchiveKey): void {
    const { runId, token, stepNumber, attempt } = key;
    this.#uploader.add({ runId, token, stepNumber, attempt });
  }

  /** Without a target archives stay where they are, and nothing waits for them. */
  connected(target: EvidenceTarget | undefined): void {
    this.#hasTarget = target !== undefined;
    if (target !== undefined) this.#uploader.connected(target);
  }

  disconnected(): void {
    this.#uploader.disconnected();
  }

  /** Whether the run's result may leave now; when it may not, `onFree` is called once it may. */
  mayLeave(runId: string): boolean {
    return this.#hold.mayLeave(runId);
  }

  /** The service wants the run ended: its result is not held back any longer. */
  release(runId: string): void {
    this.#hold.release(runId);
  }

  forget(runId: string): void {
    this.#hold.forget(runId);
  }

  async stop(): Promise<void> {
    this.#hold.stop();
    await this.#uploader.stop();
  }
}
