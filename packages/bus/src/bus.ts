/** Ends a subscription; idempotent. */
export type Unsubscribe = () => void;

/** Called for each message of a topic; must not throw and must not block. */
export type BusListener = (message: unknown) => void;

/**
 * Wake-ups and live events between the parts of a service and between its replicas.
 * Delivery is best effort: losing a message costs latency, never correctness.
 */
export interface Bus {
  /** Hands `message` (plain data) to every current subscriber of `topic`. */
  publish(topic: string, message: unknown): void;
  subscribe(topic: string, listener: BusListener): Unsubscribe;
  close(): Promise<void>;
}
