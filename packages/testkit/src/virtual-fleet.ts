import { VirtualAgent, VirtualAgentRefused, type VirtualBehaviour } from "./virtual-fleet-agent.ts";
import { heartbeatFrame } from "./virtual-fleet-frames.ts";
import { FleetLedger, type JobGoal, type JobTally } from "./virtual-fleet-ledger.ts";
import type { VirtualNode } from "./virtual-fleet-nodes.ts";

/** What a fleet is made of. */
export interface VirtualFleetOptions {
  /** Of the service, `http://…`. */
  readonly url: string;
  readonly nodes: readonly VirtualNode[];
  readonly behaviour?: VirtualBehaviour;
}

/** The fleet's connections at one moment. */
export interface VirtualFleetStats {
  readonly connected: number;
  readonly waiting: number;
  /** Agents that the service refused for good, and the last reason. */
  readonly refused: number;
  readonly lastRefusal: string;
}

/** Connections that are under way at once; the rest of a fleet that (re)connects waits its turn. */
const connectingMax = 256;
/** A lost or refused agent comes back after a random part of this, ms. */
const reconnectDelayMaxMs = 250;
const heartbeatIntervalMs = 15_000;
/** Heartbeats are sent in slices, as those of independent agents would arrive. */
const heartbeatSliceMs = 50;

/** Many agents in one process over real WebSockets, light enough to share a machine with the service they load. */
export class VirtualFleet {
  readonly ledger: FleetLedger = new FleetLedger();
  readonly #agents: readonly VirtualAgent[];
  readonly #waiting = new Set<VirtualAgent>();
  readonly #watchers = new Set<() => void>();
  #behaviour: VirtualBehaviour;
  #connecting = 0;
  #connected = 0;
  #refused = 0;
  #lastRefusal = "";
  #isRunning = false;
  #heartbeatTimer: NodeJS.Timeout | undefined;
  #heartbeatIndex = 0;

  constructor(options: VirtualFleetOptions) {
    this.#behaviour = options.behaviour ?? { durationMs: 0, outputBytes: 0 };
    const surroundings = {
      url: `${options.url.replace(/^http/, "ws")}/node/management/v1/session`,
      ledger: this.ledger,
      behaviour: () => this.#behaviour,
      lost: (agent: VirtualAgent) => this.#lost(agent),
    };
    this.#agents = options.nodes.map((node) => new VirtualAgent(node, surroundings));
  }

  /** Connects every agent and keeps them connected until `stop`. Resolves when all are welcome. */
  async start(signal?: AbortSignal): Promise<void> {
    this.#isRunning = true;
    for (const agent of this.#agents) this.#waiting.add(agent);
    this.#heartbeatTimer = setInterval(() => this.#beat(), heartbeatSliceMs);
    this.#fill();
    await this.connected(this.#agents.length, signal);
  }

  /** Breaks all connections; resolves when none is left. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    this.#waiting.clear();
    clearInterval(this.#heartbeatTimer);
    for (const agent of this.#agents) agent.terminate();
    await this.#when(() => this.#connected + this.#connecting === 0);
  }

  /** Resolves when so many agents are connected at the same time. */
  async connected(count: number, signal?: AbortSignal): Promise<void> {
    await this.#when(() => this.#connected >= count, signal);
  }

  /** Resolves when a job has got so far; rejects when the signal aborts. */
  async reached(goal: JobGoal, signal?: AbortSignal): Promise<JobTally> {
    return this.ledger.reached(goal, signal);
  }

  /** What the agents do with runs that arrive from now on. */
  set behaviour(behaviour: VirtualBehaviour) {
    this.#behaviour = behaviour;
  }

  /** Lets held runs end, of all jobs or of one; agents that are not connected tell when they are again. */
  release(jobId?: string): void {
    for (const agent of this.#agents) agent.release(jobId);
  }

  /** How the fleet's connections stand. */
  stats(): VirtualFleetStats {
    return {
      connected: this.#connected,
      waiting: this.#waiting.size + this.#connecting,
      refused: this.#refused,
      lastRefusal: this.#lastRefusal,
    };
  }

  #fill(): void {
    for (const agent of this.#waiting) {
      if (this.#connecting >= connectingMax) return;
      this.#waiting.delete(agent);
      this.#connecting += 1;
      void this.#connect(agent);
    }
  }

  async #connect(agent: VirtualAgent): Promise<void> {
    try {
      await agent.connect();
      this.#connected += 1;
    } catch (error) {
      if (!(error instanceof VirtualAgentRefused)) throw error;
      this.#lastRefusal = error.message;
      if (error.isFinal) this.#refused += 1;
      else this.#comeBack(agent);
    }
    this.#connecting -= 1;
    this.#changed();
    this.#fill();
  }

  #lost(agent: VirtualAgent): void {
    this.#connected -= 1;
    this.#comeBack(agent);
    this.#changed();
  }

  #comeBack(agent: VirtualAgent): void {
    if (!this.#isRunning) return;
    setTimeout(() => {
      if (!this.#isRunning) return;
      this.#waiting.add(agent);
      this.#fill();
    }, Math.random() * reconnectDelayMaxMs);
  }

  /** Sends the heartbeats that are due in this slice of the interval. */
  #beat(): void {
    const count = Math.ceil((this.#agents.length * heartbeatSliceMs) / heartbeatIntervalMs);
    const frame = heartbeatFrame(Date.now());
    for (let sent = 0; sent < count; sent += 1) {
      this.#agents[this.#heartbeatIndex]?.send(frame);
      this.#heartbeatIndex = (this.#heartbeatIndex + 1) % this.#agents.length;
    }
  }

  #when(isReached: () => boolean, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (!isReached()) return;
        this.#watchers.delete(look);
        resolve();
      };
      signal?.addEventListener("abort", () => {
        if (!this.#watchers.delete(look)) return;
        reject(new Error(`${this.#connected} agents are connected; ${this.#lastRefusal}`));
      });
      this.#watchers.add(look);
      look();
    });
  }

  #changed(): void {
    for (const look of this.#watchers) look();
  }
}
