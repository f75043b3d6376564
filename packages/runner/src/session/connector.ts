import type { Clock, Service } from "@courier/core";
import { reconnectDelayMsMax } from "../limits.ts";
import type { Logger } from "../logger.ts";
import { wait } from "../wait.ts";
import type { NodeIdentity } from "./identity.ts";
import { NodeConnection, type ConnectionEnd, type ConnectionEvents } from "./node-connection.ts";
import { reconnectDelayMs } from "./reconnect-delay.ts";

/** What keeping a node connected takes. */
export interface ConnectorOptions {
  readonly url: string;
  readonly caPem?: string | undefined;
  readonly identity: NodeIdentity;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly events: ConnectionEvents & { lost(): void };
}

/** Keeps the node connected for as long as it runs, however often the connection or the service goes away. */
export class Connector implements Service {
  readonly #options: ConnectorOptions;
  readonly #stopping = new AbortController();
  #connection: NodeConnection | undefined;
  #running: Promise<void> | undefined;

  constructor(options: ConnectorOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#running ??= this.#stayConnected();
    await Promise.resolve();
  }

  async stop(reason: string): Promise<void> {
    this.#stopping.abort();
    this.#connection?.close(reason);
    await this.#running;
  }

  async #stayConnected(): Promise<void> {
    const { clock, random, logger, events } = this.#options;
    const { signal } = this.#stopping;
    let failureCount = 0;
    while (!signal.aborted) {
      this.#connection = new NodeConnection(this.#options);
      const end = await this.#connection.ended;
      events.lost();
      if (signal.aborted) return;
      failureCount = end.wasEstablished ? 1 : failureCount + 1;
      const delayMs = end.isRetryable
        ? reconnectDelayMs(failureCount, random)
        : reconnectDelayMsMax;
      logger.warn({ ...describe(end), delayMs }, "connection lost, connecting again");
      await wait(clock, delayMs, signal);
    }
  }
}

function describe(end: ConnectionEnd): object {
  return { reason: end.reason, isRetryable: end.isRetryable };
}
