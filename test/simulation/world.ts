import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Timer } from "@courier/core";
import {
  changeUserAttributes,
  enrolNode,
  insertBudget,
  findRun,
  insertEnrollmentKey,
  insertJob,
  listInstances,
  listRuns,
  openDatabase,
  type Database,
} from "@courier/store";
import { FakeClock } from "@courier/testkit";
import { Incarnation } from "./incarnation.ts";
import { checkAlways, checkEnded, type Witness } from "./invariants.ts";
import { randomJob } from "./random-job.ts";
import { Random } from "./random.ts";
import { SimulatedNode } from "./simulated-node.ts";

const simulation = { tokenId: "simulation", remoteAddress: "", requestId: "" };

/** Virtual time within which everything must have ended after the last fault, ms. */
const settlingMs = 10 * 60_000;

/** One simulated fleet with one service, driven by one seed. */
export class World {
  readonly #random: Random;
  readonly #clock = new FakeClock();
  readonly #db: Database;
  readonly #directory: string;
  readonly #nodes: SimulatedNode[] = [];
  readonly #accepted: string[] = [];
  readonly #witness = {
    executions: new Map<string, number>(),
    ackedOutput: new Map<string, number>(),
    outcomes: new Map(),
    begunAtHalt: new Map(),
    budgetNodes: new Set<string>(),
    budgetMax: Number.POSITIVE_INFINITY,
  } satisfies Witness;
  readonly #reconnects = new Map<SimulatedNode, Timer>();
  #executing: string[] = [];
  #service: Incarnation | undefined;

  private constructor(seed: number, db: Database, directory: string) {
    this.#random = new Random(seed);
    this.#db = db;
    this.#directory = directory;
  }

  /** Runs one whole simulation; throws when an invariant breaks. */
  static async simulate(seed: number): Promise<void> {
    const directory = mkdtempSync(
      join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "courier-sim-"),
    );
    const db = await openDatabase({ dataDir: directory });
    const world = new World(seed, db, directory);
    try {
      await world.#run();
    } finally {
      await world.#dispose();
    }
  }

  async #run(): Promise<void> {
    await this.#enrol(this.#random.between(2, 8));
    if (this.#random.chance(0.6)) await this.#addBudget();
    // Not awaited: a service that dies while it starts never answers.
    void this.#startService();
    const steps = this.#random.between(40, 100);
    for (let step = 0; step < steps; step += 1) {
      await this.#act();
      await this.#clock.advance(this.#random.between(20, 800));
      await this.#checkStarts();
      if (step % 8 === 0) await checkAlways(this.#db, this.#witness);
    }
    await this.#heal();
    await this.#waitForEnd();
    await checkEnded(this.#db, this.#witness, this.#accepted);
  }

  async #enrol(count: number): Promise<void> {
    await insertEnrollmentKey(this.#db, {
      id: this.#random.uuid(),
      hash: "hash",
      prefix: "prefix",
      expiresAt: this.#clock.now() + 1_000_000,
      usesLeft: count,
      createdAt: this.#clock.now(),
      createdBy: "simulation",
    });
    for (let number = 0; number < count; number += 1) {
      const nodeId = this.#random.uuid();
      await this.#db.transaction((tx) =>
        enrolNode(tx, {
          id: nodeId,
          name: `node-${number}`,
          publicKey: publicKey.export({ format: "der", type: "spki" }).toString("base64"),
          keyHash: "hash",
          attributes: "{}",
          now: this.#clock.now(),
        }),
      );
      this.#nodes.push(this.#node(nodeId));
    }
  }

  /** At most one or two of the nodes whose tag says so, which are some of them. */
  async #addBudget(): Promise<void> {
    const now = this.#clock.now();
    for (const { nodeId } of this.#nodes) {
      const role = this.#random.pick(["db", "db", "web"]);
      if (role === "db") this.#witness.budgetNodes.add(nodeId);
      const change = (): string => JSON.stringify({ tags: { role } });
      await changeUserAttributes(this.#db, { nodeId, now, change });
    }
    const value = this.#random.between(1, 2);
    this.#witness.budgetMax = value;
    const attributes = [{ name: "role", operator: "=", value: ["db"], namespace: ["tags"] }];
    await insertBudget(this.#db, {
      ...{ id: this.#random.uuid(), name: "db", description: "", createdBy: "simulation" },
      constraints: JSON.stringify({ attributes }),
      maxAmount: JSON.stringify({ type: "number", value }),
      ...{ createdAt: now, updatedAt: now },
    });
  }

  #node(nodeId: string): SimulatedNode {
    return new SimulatedNode({
      nodeId,
      random: this.#random,
      clock: this.#clock,
      privateKey,
      observer: {
        executing: (_node, runId, token) => {
          const key = `${runId}/${token}`;
          this.#executing.push(runId);
          this.#witness.executions.set(key, (this.#witness.executions.get(key) ?? 0) + 1);
        },
        outputAcked: (runId, bytes) => this.#witness.ackedOutput.set(runId, bytes),
      },
    });
  }

  async #startService(): Promise<void> {
    const service = new Incarnation({
      db: this.#db,
      clock: this.#clock,
      random: this.#random,
      serverKey: { privateKey, publicKey: "" },
      onLinkClosed: (node) => this.#reconnectLater(node),
      onCrash: () => this.#crashService(),
    });
    this.#service = service;
    try {
      await service.scheduler.start();
    } catch {
      // A start that fails ends the process; whoever supervises it starts it again.
      this.#crashService();
      return;
    }
    for (const node of this.#nodes) this.#reconnectLater(node);
  }

  #crashService(): void {
    const service = this.#service;
    if (service === undefined) return;
    this.#service = undefined;
    service.die();
    this.#clock.setTimer(this.#random.between(50, 4000), () => void this.#startService());
  }

  #reconnectLater(node: SimulatedNode): void {
    this.#reconnects.get(node)?.cancel();
    const timer = this.#clock.setTimer(this.#random.between(20, 2500), () => {
      if (!node.isUp || node.isConnected) return;
      if (this.#service === undefined) this.#reconnectLater(node);
      else this.#service.accept(node);
    });
    this.#reconnects.set(node, timer);
  }

  /** One thing happens: mostly work, sometimes trouble. */
  async #act(): Promise<void> {
    const dice = this.#random.next();
    const node = this.#random.pick(this.#nodes);
    if (dice < 0.12 && this.#accepted.length < 6) await this.#addJob();
    else if (dice < 0.17) await this.#cancelSomething();
    else if (dice < 0.27) node.link?.cut();
    else if (dice < 0.35) this.#crashNode(node);
    else if (dice < 0.39) this.#crashService();
    else if (dice < 0.42) this.#clock.jump(this.#random.between(-20_000, 20_000));
  }

  async #addJob(): Promise<void> {
    const id = this.#random.uuid();
    const nodeIds = this.#nodes.map((node) => node.nodeId);
    const template = randomJob(this.#random, `job-${id}`, nodeIds);
    const now = this.#clock.now();
    const inserted = await insertJob(this.#db, {
      id,
      name: template.name,
      description: "",
      status: "active",
      template: JSON.stringify(template),
      scheduleRule: "immediate",
      nextExecutionAt: now,
      createdAt: now,
      updatedAt: now,
      createdBy: "simulation",
    });
    if (inserted.ok) this.#accepted.push(id);
  }

  async #cancelSomething(): Promise<void> {
    const { items } = await listInstances(this.#db, { page: 1, size: 10 });
    const service = this.#service;
    if (items.length === 0 || service === undefined) return;
    const { id } = this.#random.pick(items);
    if (this.#random.chance(0.5)) {
      await this.#tolerate(service.scheduler.cancelInstance(id, simulation));
      return;
    }
    const { items: runs } = await listRuns(this.#db, { instanceId: id, page: 1, size: 100 });
    if (runs.length === 0) return;
    await this.#tolerate(service.scheduler.cancelRun(this.#random.pick(runs).id, simulation));
  }

  /** A request to a service that fails or dies is answered with an error or not at all. */
  async #tolerate(request: Promise<unknown>): Promise<void> {
    const died = new Promise((resolve) => {
      this.#clock.setTimer(1, () => resolve(undefined));
    });
    const answer = request.catch(() => undefined);
    await Promise.race([answer, Promise.all([died, this.#clock.advance(2)])]);
  }

  #crashNode(node: SimulatedNode): void {
    if (!node.isUp) return;
    node.crash();
    const isDiskLost = this.#random.chance(0.1);
    this.#clock.setTimer(this.#random.between(50, 5000), () => {
      node.restart(isDiskLost);
      this.#reconnectLater(node);
    });
  }

  /** (h) An execution must not begin once a cancel of its run is confirmed. */
  async #checkStarts(): Promise<void> {
    const executing = this.#executing;
    this.#executing = [];
    for (const runId of executing) {
      if (this.#witness.outcomes.get(runId) === "canceled") {
        throw new Error(`(h) run ${runId} began after its cancel was confirmed`);
      }
      const run = await findRun(this.#db, runId);
      if (run === undefined) throw new Error(`run ${runId} was executed but never recorded`);
    }
  }

  async #heal(): Promise<void> {
    while (this.#service === undefined) await this.#clock.advance(500);
    this.#service.heal();
    for (const node of this.#nodes) if (!node.isConnected) this.#reconnectLater(node);
  }

  async #waitForEnd(): Promise<void> {
    for (let waitedMs = 0; waitedMs < settlingMs; waitedMs += 5_000) {
      await this.#clock.advance(5_000);
      if (await this.#haveAllEnded()) return;
    }
  }

  async #haveAllEnded(): Promise<boolean> {
    const { items } = await listInstances(this.#db, { page: 1, size: 100 });
    return items.length === this.#accepted.length && items.every((one) => one.finishedAt !== null);
  }

  async #dispose(): Promise<void> {
    const stopping = this.#service?.scheduler.stop();
    await this.#clock.advance(10);
    await stopping;
    await this.#db.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

const { publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject } =
  generateKeyPairSync("ed25519");
