import type { Clock, Timer } from "@courier/core";
import type { OutputAck } from "@courier/protocol";
import { socketBufferBytesMax, socketRetryMs, unackedOutputBytesMax } from "../limits.ts";
import type { Logger } from "../logger.ts";
import type { OutputSpool } from "../step/output-spool.ts";
import type { Link } from "./link.ts";

/**
 * Sends what the spools hold while the connection's window allows; what a lost connection did not acknowledge is sent
 * again. One chunk is in memory at a time.
 */
export class OutputPump {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #spools = new Map<string, OutputSpool[]>();
  #link: Link | undefined;
  #isPumping = false;
  #retry: Timer | undefined;

  constructor(options: { readonly clock: Clock; readonly logger: Logger }) {
    this.#clock = options.clock;
    this.#logger = options.logger;
  }

  add(spool: OutputSpool): void {
    const { runId } = spool.key;
    const spools = this.#spools.get(runId);
    if (spools === undefined) this.#spools.set(runId, [spool]);
    else spools.push(spool);
  }

  /** Everything that the run's steps wrote and that is to be sent is acknowledged. */
  isDone(runId: string): boolean {
    return this.#spools.get(runId)?.every((spool) => spool.isDone) ?? true;
  }

  /** What the run's steps have written until now is all that will be sent of it. */
  close(runId: string): void {
    for (const spool of this.#spools.get(runId) ?? []) spool.refresh({ isFinal: true });
    this.wake();
  }

  forget(runId: string): void {
    this.#spools.delete(runId);
  }

  acknowledge(ack: OutputAck): void {
    const spool = this.#spools.get(ack.runId)?.findLast((candidate) => isMeant(candidate, ack));
    spool?.acknowledge(ack.nextOffset);
    this.wake();
  }

  connect(link: Link): void {
    this.#link = link;
    this.wake();
  }

  disconnect(): void {
    this.#link = undefined;
    this.#retry?.cancel();
    for (const spool of this.#all()) spool.rewind();
  }

  /** There may be something to send. */
  wake(): void {
    if (this.#isPumping || this.#link === undefined) return;
    if (this.#nextSpool() === undefined) return;
    void this.#pumpOnce();
  }

  /** The flag falls in the same turn in which the last look found nothing, so that no wake-up is lost. */
  async #pumpOnce(): Promise<void> {
    this.#isPumping = true;
    try {
      await this.#pump();
    } finally {
      this.#isPumping = false;
    }
  }

  async #pump(): Promise<void> {
    for (;;) {
      const link = this.#link;
      const spool = this.#nextSpool();
      if (link === undefined || spool === undefined) return;
      if (link.bufferedBytes > socketBufferBytesMax) {
        this.#retry = this.#clock.setTimer(socketRetryMs, () => this.wake());
        return;
      }
      await this.#sendChunk(spool, link);
    }
  }

  async #sendChunk(spool: OutputSpool, link: Link): Promise<void> {
    try {
      const chunk = await spool.read();
      if (chunk === undefined) return;
      // Read for a connection that is gone: `disconnect` has rewound the others, this one came later.
      if (this.#link === link) link.send(chunk);
      else spool.rewind();
    } catch (error) {
      this.#logger.error({ runId: spool.key.runId, error }, "output cannot be read");
      spool.giveUp();
    }
  }

  /** None while the window is full. */
  #nextSpool(): OutputSpool | undefined {
    let unackedBytes = 0;
    let next: OutputSpool | undefined;
    for (const spool of this.#all()) {
      unackedBytes += spool.unackedBytes;
      next ??= spool.hasMore ? spool : undefined;
    }
    return unackedBytes < unackedOutputBytesMax ? next : undefined;
  }

  *#all(): Generator<OutputSpool> {
    for (const spools of this.#spools.values()) yield* spools;
  }
}

function isMeant({ key, stream }: OutputSpool, ack: OutputAck): boolean {
  return key.stepNumber === ack.stepNumber && key.attempt === ack.attempt && stream === ack.stream;
}
