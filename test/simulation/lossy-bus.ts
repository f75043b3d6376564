import { InProcessBus, type Bus, type BusListener, type Unsubscribe } from "@courier/bus";
import type { Clock } from "@courier/core";
import type { Random } from "./random.ts";

/** A bus as bad as one between replicas may be: it loses, repeats, delays and reorders. */
export class LossyBus implements Bus {
  readonly #inner = new InProcessBus();
  readonly #clock: Clock;
  readonly #random: Random;
  #isFaulty = true;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** From now on everything arrives, once and at once. */
  heal(): void {
    this.#isFaulty = false;
  }

  publish(topic: string, message: unknown): void {
    if (!this.#isFaulty) {
      this.#inner.publish(topic, message);
      return;
    }
    if (this.#random.chance(0.03)) return;
    const copies = this.#random.chance(0.05) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      const delayMs = this.#random.chance(0.2) ? this.#random.between(1, 3000) : 0;
      if (delayMs === 0) this.#inner.publish(topic, message);
      else this.#clock.setTimer(delayMs, () => this.#inner.publish(topic, message));
    }
  }

  subscribe(topic: string, listener: BusListener): Unsubscribe {
    return this.#inner.subscribe(topic, listener);
  }

  async close(): Promise<void> {
    await this.#inner.close();
  }
}
