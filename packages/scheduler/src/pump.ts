import { CourierError, type Clock, type Service, type Timer } from "@courier/core";
import type { NodeSession } from "@courier/protocol";
import type { Database } from "@courier/store";
import type { Logger } from "pino";
import type { Announcer } from "./announcer.ts";
import type { Effects } from "./effects.ts";
import {
  framesOfLoad,
  framesPerTurn,
  gatherMs,
  gatherUnderLoadMs,
  instancesPerTurn,
} from "./limits.ts";
import { takeTurn, type Arrival, type ReportFrame, type TurnWork } from "./turn.ts";

/** One thing that a caller waits for until it is committed. */
interface Waiting<Item> {
  readonly item: Item;
  readonly resolve: () => void;
  readonly reject: (cause: unknown) => void;
}

/** What the pump is made of. */
export interface PumpOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly announcer: Announcer;
  /** Told after each commit. */
  readonly onCommitted: (effects: Effects) => void;
}

/**
 * The one writer of run state: gathers what arrives and what is due, and takes one turn (one transaction) at a time.
 * While a turn is under way the next one fills up, so that one commit serves all that arrived meanwhile.
 */
export class Pump implements Service {
  readonly #options: PumpOptions;
  #arrivals: Waiting<Arrival>[] = [];
  #departures: Waiting<NodeSession>[] = [];
  #frames: Waiting<ReportFrame>[] = [];
  readonly #due = new Set<string>();
  readonly #later = new Map<string, { readonly at: number; readonly timer: Timer }>();
  #presenceSettledAt = 0;
  #isRunning = false;
  #turning: Promise<void> | undefined;
  #stopGathering: () => void = () => undefined;
  #isGathering = false;
  #lastTurnAt = Number.NEGATIVE_INFINITY;
  #lastTurnFrameCount = 0;

  constructor(options: PumpOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#isRunning = true;
    this.#schedule();
  }

  /** Finishes what has arrived, then takes nothing more. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    for (const { timer } of this.#later.values()) timer.cancel();
    this.#later.clear();
    this.#stopGathering();
    this.#isGathering = false;
    // Turns are taken one at a time also by two that stop at once, and neither is done before the last turn is.
    while (this.#turning !== undefined || this.backlog + this.#departures.length > 0) {
      await (this.#turning ?? this.#take());
    }
  }

  /** Until this instant a node that is offline may just not have come back yet (Unix ms). */
  set presenceSettledAt(at: number) {
    this.#presenceSettledAt = at;
  }

  /** Node frames and arrivals that are not committed yet. */
  get backlog(): number {
    return this.#frames.length + this.#arrivals.length;
  }

  /** Resolves when the node is online in the database and its runs are reconciled. */
  arrive(item: Arrival): Promise<void> {
    return this.#enqueue((waiting) => this.#arrivals.push(waiting), item);
  }

  /** Resolves when the end of the session is recorded. */
  depart(item: NodeSession): Promise<void> {
    return this.#enqueue((waiting) => this.#departures.push(waiting), item);
  }

  /** Resolves when the frame is recorded; rejects, with nothing recorded, when it could not be. */
  record(item: ReportFrame): Promise<void> {
    return this.#enqueue((waiting) => this.#frames.push(waiting), item);
  }

  /** Marks instances as due for advancing. */
  markDue(instanceIds: Iterable<string>): void {
    for (const id of instanceIds) this.#due.add(id);
    this.#schedule();
  }

  /** Publishes the effects of a transaction that was committed elsewhere and schedules what follows from it. */
  async follow(effects: Effects): Promise<void> {
    for (const id of effects.again) this.#due.add(id);
    for (const [id, at] of effects.later) this.#markLater(id, at);
    this.#options.onCommitted(effects);
    try {
      await this.#options.announcer.announce(effects);
    } catch (error) {
      this.#options.log.error({ err: error }, "announcing failed, the rescuer will repeat it");
    }
    this.#schedule();
  }

  #enqueue<Item>(push: (waiting: Waiting<Item>) => void, item: Item): Promise<void> {
    if (!this.#isRunning) {
      return Promise.reject(new CourierError("SERVICE_DRAINING", "the service is stopping"));
    }
    return new Promise((resolve, reject) => {
      push({ item, resolve, reject });
      this.#schedule();
    });
  }

  /** Of several times the earliest counts: whoever looks then asks for the next one. */
  #markLater(id: string, at: number): void {
    if (!this.#isRunning) return;
    const known = this.#later.get(id);
    if (known !== undefined && known.at <= at) return;
    known?.timer.cancel();
    const delayMs = Math.max(1, at - this.#options.clock.now());
    const timer = this.#options.clock.setTimer(delayMs, () => {
      this.#later.delete(id);
      this.markDue([id]);
    });
    this.#later.set(id, { at, timer });
  }

  /** Under load waits a moment so that more arrives; when idle turns as soon as the event loop has read its sockets. */
  #schedule(): void {
    if (!this.#isRunning || this.#turning !== undefined || this.#isGathering) return;
    if (this.backlog + this.#departures.length + this.#due.size === 0) return;
    const delayMs = this.#lastTurnFrameCount < framesOfLoad ? gatherMs : gatherUnderLoadMs;
    const isBusy = this.#options.clock.monotonicMs() - this.#lastTurnAt < delayMs;
    this.#isGathering = true;
    if (isBusy) {
      const timer = this.#options.clock.setTimer(delayMs, () => void this.#take());
      this.#stopGathering = () => timer.cancel();
    } else {
      const immediate = setImmediate(() => void this.#take());
      this.#stopGathering = () => clearImmediate(immediate);
    }
  }

  #take(): Promise<void> {
    this.#isGathering = false;
    this.#turning = this.#turn().finally(() => {
      this.#turning = undefined;
      this.#schedule();
    });
    return this.#turning;
  }

  async #turn(): Promise<void> {
    const batch: Batch = {
      arrivals: this.#arrivals.splice(0, framesPerTurn),
      departures: this.#departures.splice(0, framesPerTurn),
      frames: this.#frames.splice(0, framesPerTurn),
      instanceIds: takeSome(this.#due, instancesPerTurn),
    };
    await this.#commit(batch);
    this.#lastTurnAt = this.#options.clock.monotonicMs();
    this.#lastTurnFrameCount = batch.frames.length;
  }

  async #commit(batch: Batch): Promise<void> {
    const { db, clock } = this.#options;
    try {
      const now = clock.now();
      const presenceSettledAt = this.#presenceSettledAt;
      const effects = await takeTurn(db, workOf(batch), { now, presenceSettledAt });
      for (const { resolve } of waitersOf(batch)) resolve();
      await this.follow(effects);
    } catch (error) {
      await this.#fail(batch, error);
    }
  }

  /** A database that is away fails everybody; a defect that one frame triggers must not: then each is tried alone. */
  async #fail(batch: Batch, error: unknown): Promise<void> {
    const size = waitersOf(batch).length + batch.instanceIds.size;
    const isStoreAway = error instanceof CourierError && error.retryable;
    if (!isStoreAway && size > 1) {
      for (const single of singles(batch)) await this.#commit(single);
      return;
    }
    this.#options.log.error({ err: error, size }, "a turn failed");
    for (const { reject } of waitersOf(batch)) reject(error);
    for (const id of batch.instanceIds) this.#markLater(id, this.#options.clock.now() + 1_000);
  }
}

interface Batch {
  readonly arrivals: readonly Waiting<Arrival>[];
  readonly departures: readonly Waiting<NodeSession>[];
  readonly frames: readonly Waiting<ReportFrame>[];
  readonly instanceIds: ReadonlySet<string>;
}

function workOf(batch: Batch): TurnWork {
  return {
    arrivals: batch.arrivals.map(({ item }) => item),
    departures: batch.departures.map(({ item }) => item),
    frames: batch.frames.map(({ item }) => item),
    instanceIds: batch.instanceIds,
  };
}

function waitersOf(batch: Batch): Waiting<unknown>[] {
  return [...batch.arrivals, ...batch.departures, ...batch.frames];
}

/** Each piece of a batch as a batch of its own. */
function singles(batch: Batch): Batch[] {
  const nothing: Batch = { arrivals: [], departures: [], frames: [], instanceIds: new Set() };
  return [
    ...batch.arrivals.map((one) => ({ ...nothing, arrivals: [one] })),
    ...batch.departures.map((one) => ({ ...nothing, departures: [one] })),
    ...batch.frames.map((one) => ({ ...nothing, frames: [one] })),
    ...[...batch.instanceIds].map((id) => ({ ...nothing, instanceIds: new Set([id]) })),
  ];
}

function takeSome(from: Set<string>, count: number): Set<string> {
  const taken = new Set<string>();
  for (const id of from) {
    if (taken.size === count) break;
    taken.add(id);
    from.delete(id);
  }
  return taken;
}
