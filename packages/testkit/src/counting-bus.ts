import { InProcessBus, type Bus, type BusListener, type Unsubscribe } from "@courier/bus";

/** An in-process bus that knows how many subscriptions are open, so that a test sees what was left behind. */
export class CountingBus implements Bus {
  readonly #inner = new InProcessBus();
  #openCount = 0;

  /** Subscriptions that have not been ended. */
  get subscriptionCount(): number {
    return this.#openCount;
  }

  publish(topic: string, message: unknown): void {
    this.#inner.publish(topic, message);
  }

  subscribe(topic: string, listener: BusListener): Unsubscribe {
    const unsubscribe = this.#inner.subscribe(topic, listener);
    let isOpen = true;
    this.#openCount += 1;
    return () => {
      if (isOpen) this.#openCount -= 1;
      isOpen = false;
      unsubscribe();
    };
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}
