import type { Bus, Unsubscribe } from "@courier/bus";
import { CourierError, type Clock, type Timer } from "@courier/core";
import { streamBurst, streamHeartbeatMs, streamIntervalMs, streamsMax } from "./limits.ts";

/** Why a stream looks again. `silence`: nothing was announced for a heartbeat's time. */
export type WakeReason = "changed" | "silence";

/**
 * The wake-ups of one live stream. Any number of announcements between two waits are one, so a reader that is slow costs
 * nothing but its own page.
 */
export class LiveStream {
  readonly #clock: Clock;
  readonly #unsubscribes: Unsubscribe[];
  readonly #onEnd: () => void;
  #hasChanged = false;
  #isEnded = false;
  /** When the next look would be due at the steady pace; ahead of the time by what was spent of the burst. */
  #dueAtMs: number;
  #wake: (() => void) | undefined;

  constructor(options: {
    readonly bus: Bus;
    readonly clock: Clock;
    readonly topics: readonly string[];
    readonly onMessage: (message: unknown) => void;
    readonly onEnd: () => void;
  }) {
    this.#clock = options.clock;
    this.#dueAtMs = options.clock.monotonicMs();
    this.#onEnd = options.onEnd;
    this.#unsubscribes = options.topics.map((topic) =>
      options.bus.subscribe(topic, (message) => {
        options.onMessage(message);
        this.#announce();
      }),
    );
  }

  /** False once the reader has gone or the service stops. */
  get isOpen(): boolean {
    return !this.#isEnded;
  }

  /**
   * Waits until something was announced since the last look, at most so long, and keeps the pace: a short burst, then one per
   * interval.
   */
  async next(longestMs: number = streamHeartbeatMs): Promise<WakeReason> {
    if (!this.#hasChanged) await this.#pause(longestMs, () => this.#hasChanged);
    const reason = this.#hasChanged ? "changed" : "silence";
    const earliestMs = this.#dueAtMs - streamBurst * streamIntervalMs;
    await this.#pause(earliestMs - this.#clock.monotonicMs(), () => false);
    this.#hasChanged = false;
    this.#dueAtMs = Math.max(this.#dueAtMs, this.#clock.monotonicMs()) + streamIntervalMs;
    return reason;
  }

  /** Ends the stream: `next` resolves at once from now on. Idempotent. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    for (const unsubscribe of this.#unsubscribes) unsubscribe();
    this.#wake?.();
    this.#onEnd();
  }

  #announce(): void {
    this.#hasChanged = true;
    this.#wake?.();
  }

  async #pause(delayMs: number, isOver: () => boolean): Promise<void> {
    if (delayMs <= 0 || this.#isEnded) return;
    let timer: Timer | undefined;
    await new Promise<void>((resolve) => {
      timer = this.#clock.setTimer(delayMs, resolve);
      this.#wake = () => {
        if (this.#isEnded || isOver()) resolve();
      };
    });
    this.#wake = undefined;
    timer?.cancel();
  }
}

/** All live streams of this process, so that they can be counted and ended together. */
export class LiveStreams {
  readonly #bus: Bus;
  readonly #clock: Clock;
  readonly #open = new Set<LiveStream>();
  #isEnded = false;

  constructor(bus: Bus, clock: Clock) {
    this.#bus = bus;
    this.#clock = clock;
  }

  /** How many streams are open. */
  get count(): number {
    return this.#open.size;
  }

  /** Opens a stream that wakes up on these topics; throws when there are too many or the service stops. */
  open(
    topics: readonly string[],
    onMessage: (message: unknown) => void = () => undefined,
  ): LiveStream {
    if (this.#isEnded) throw new CourierError("SERVICE_DRAINING", "the service is stopping");
    if (this.#open.size >= streamsMax) {
      throw new CourierError("RATE_LIMITED", `there are ${streamsMax} live streams already`);
    }
    const stream: LiveStream = new LiveStream({
      bus: this.#bus,
      clock: this.#clock,
      topics,
      onMessage,
      onEnd: () => this.#open.delete(stream),
    });
    this.#open.add(stream);
    return stream;
  }

  /** Ends every stream and opens no more. */
  endAll(): void {
    this.#isEnded = true;
    for (const stream of [...this.#open]) stream.end();
  }
}
