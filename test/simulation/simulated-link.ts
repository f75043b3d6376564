import type { Clock } from "@courier/core";
import type { SessionTransport } from "@courier/gateway";
import type { Random } from "./random.ts";

/** What the two ends of a link do with what arrives. */
export interface LinkEnds {
  readonly toNode: (frame: string) => void;
  readonly toServer: (frame: string) => void;
  readonly onClosed: () => void;
}

/** One connection between a node and the service: frames take time, stay in order, and are lost when it is cut. */
export class SimulatedLink implements SessionTransport {
  readonly remoteAddress = "simulated";
  readonly queuedBytes = 0;
  readonly #clock: Clock;
  readonly #random: Random;
  #ends: LinkEnds | undefined;
  #isOpen = true;
  #nextToNodeAt = 0;
  #nextToServerAt = 0;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  connect(ends: LinkEnds): void {
    this.#ends = ends;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Server to node. */
  send(frame: string): void {
    this.#nextToNodeAt = this.#carry(this.#nextToNodeAt, () => this.#ends?.toNode(frame));
  }

  /** Node to server. */
  sendToServer(frame: string): void {
    this.#nextToServerAt = this.#carry(this.#nextToServerAt, () => this.#ends?.toServer(frame));
  }

  pause(): void {
    // Frames of a simulation are few; the window is never reached.
  }

  resume(): void {
    // See pause.
  }

  /** The server hangs up after what it sent. */
  close(): void {
    this.#carry(this.#nextToNodeAt, () => this.cut());
  }

  /** Both ends lose the connection, with everything that is on its way. */
  cut(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#ends?.onClosed();
  }

  #carry(notBefore: number, deliver: () => void): number {
    if (!this.#isOpen) return notBefore;
    const arrivesAt = Math.max(notBefore, this.#clock.monotonicMs() + this.#random.between(0, 40));
    this.#clock.setTimer(arrivesAt - this.#clock.monotonicMs(), () => {
      if (this.#isOpen) deliver();
    });
    return arrivesAt;
  }
}
