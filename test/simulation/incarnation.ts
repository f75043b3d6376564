import { CourierError, type Clock, type Timer } from "@courier/core";
import { Session, type ServerKey } from "@courier/gateway";
import { Scheduler } from "@courier/scheduler";
import type { Database } from "@courier/store";
import { pino } from "pino";
import { LossyBus } from "./lossy-bus.ts";
import type { Random } from "./random.ts";
import { SimulatedLink } from "./simulated-link.ts";
import type { SimulatedNode } from "./simulated-node.ts";

/** What one life of the service is made of. */
export interface IncarnationOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly serverKey: ServerKey;
  /** Called when a link of a node is gone, for whatever reason. */
  readonly onLinkClosed: (node: SimulatedNode) => void;
  /** Called when the service is to die right after a commit. */
  readonly onCrash: () => void;
}

/** One life of the service process: everything in it except the database is gone when it dies. */
export class Incarnation {
  readonly scheduler: Scheduler;
  readonly #options: IncarnationOptions;
  readonly #bus: LossyBus;
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #links = new Set<SimulatedLink>();
  #isAlive = true;
  #isFaulty = true;

  constructor(options: IncarnationOptions) {
    this.#options = options;
    this.#clock = this.#mortalClock();
    this.#bus = new LossyBus(this.#clock, options.random);
    this.#db = this.#mortalDatabase();
    this.scheduler = new Scheduler({
      db: this.#db,
      bus: this.#bus,
      clock: this.#clock,
      newId: () => options.random.uuid(),
      log: silentLog,
    });
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** No more faults inside the service from now on. */
  heal(): void {
    this.#isFaulty = false;
    this.#bus.heal();
  }

  /** Opens a connection for a node. */
  accept(node: SimulatedNode): void {
    const link = new SimulatedLink(this.#options.clock, this.#options.random);
    node.attach(link);
    this.#links.add(link);
    const session = new Session({
      db: this.#db,
      bus: this.#bus,
      clock: this.#clock,
      log: silentLog,
      reports: this.scheduler,
      serverKey: this.#options.serverKey,
      transport: link,
    });
    link.connect({
      toNode: (frame) => node.receive(frame),
      toServer: (frame) => session.receive(frame),
      onClosed: () => {
        this.#links.delete(link);
        if (this.#isAlive) void session.closed();
        this.#options.onLinkClosed(node);
      },
    });
  }

  /** kill -9. */
  die(): void {
    this.#isAlive = false;
    for (const link of [...this.#links]) link.cut();
    void this.#bus.close();
  }

  #mortalClock(): Clock {
    const { clock } = this.#options;
    return {
      now: () => clock.now(),
      monotonicMs: () => clock.monotonicMs(),
      setTimer: (delayMs, callback): Timer =>
        clock.setTimer(delayMs, () => {
          if (this.#isAlive) callback();
        }),
    };
  }

  /** The real database, which a dead process cannot reach, and which now and then is away or outlives a commit. */
  #mortalDatabase(): Database {
    const { db } = this.#options;
    return new Proxy(db, {
      get: (target, key) => {
        if (!this.#isAlive) throw new Error("the process is dead");
        if (key === "transaction") return this.#transaction.bind(this);
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }

  async #transaction<Result>(work: Parameters<Database["transaction"]>[0]): Promise<Result> {
    const { db, random, onCrash } = this.#options;
    if (this.#isFaulty && random.chance(0.002)) {
      throw new CourierError("STORE_UNAVAILABLE", "the database is away");
    }
    // The proxy keeps the signature of Database.transaction; the result type is the caller's.
    const result = (await db.transaction(work)) as Result;
    if (this.#isFaulty && random.chance(0.001)) {
      onCrash();
      return new Promise(() => {});
    }
    return result;
  }
}

const silentLog = pino({ level: "silent" });
