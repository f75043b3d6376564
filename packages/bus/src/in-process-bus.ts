import type { Bus, BusListener, Unsubscribe } from "./bus.ts";

/** A bus within one process: `publish` calls the listeners before it returns. */
export class InProcessBus implements Bus {
  readonly #listeners = new Map<string, Set<BusListener>>();

  publish(topic: string, message: unknown): void {
    const listeners = this.#listeners.get(topic);
    if (listeners === undefined) return;
    for (const listener of [...listeners]) listener(message);
  }

  subscribe(topic: string, listener: BusListener): Unsubscribe {
    const listeners = this.#listeners.get(topic) ?? new Set();
    listeners.add(listener);
    this.#listeners.set(topic, listeners);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(topic) === listeners) {
        this.#listeners.delete(topic);
      }
    };
  }

  async close(): Promise<void> {
    this.#listeners.clear();
  }
}
