import type { Bus } from "@courier/bus";
import {
  instanceTopic,
  nodeTopic,
  runsPerMessageMax,
  runTopic,
  type Assign,
  type Assignment,
  type InstanceMoved,
  type NodeDelivery,
  type Stop,
} from "@courier/protocol";
import { listStepOutputs, type Db } from "@courier/store";
import { ActionSpecs } from "./action-specs.ts";
import { carriedValues, type CarriedValues } from "./carried-values.ts";
import type { DispatchedRun, Effects } from "./effects.ts";
import { messageBytesMax } from "./limits.ts";

/** Publishes what a committed transaction decided: work for nodes, and what changed for everyone who watches. */
export class Announcer {
  readonly #bus: Bus;
  readonly #db: Db;
  readonly #specs: ActionSpecs;

  constructor(options: { readonly bus: Bus; readonly db: Db }) {
    this.#bus = options.bus;
    this.#db = options.db;
    this.#specs = new ActionSpecs(options.db);
  }

  /** Call only after the commit. A message that gets lost is made good by the rescuer. */
  async announce(effects: Effects): Promise<void> {
    for (const instance of effects.created) this.#specs.learn(instance);
    this.#announceStops(effects);
    try {
      await this.#announceAssignments(effects.dispatched);
    } finally {
      for (const id of effects.changedRuns) this.#bus.publish(runTopic(id), null);
      this.#announceInstances(effects);
    }
  }

  #announceInstances(effects: Effects): void {
    for (const { id, instanceId } of effects.dispatched) effects.moved(instanceId, id);
    const { changedInstances, movedRuns, movedInBulk } = effects;
    const instanceIds = new Set([...changedInstances, ...movedRuns.keys(), ...movedInBulk]);
    for (const id of instanceIds) {
      const runIds = movedRuns.get(id) ?? [];
      const message: InstanceMoved = { runIds, isBulk: movedInBulk.has(id) };
      this.#bus.publish(instanceTopic(id), message);
    }
  }

  #announceStops({ stopped }: Effects): void {
    const byNode = new Map<string, Sized<Stop["runs"][number]>[]>();
    for (const { id, nodeId, token, outcome } of stopped) {
      const orders = byNode.get(nodeId) ?? [];
      orders.push({ item: { runId: id, token, outcome }, bytes: 0 });
      byNode.set(nodeId, orders);
    }
    for (const [nodeId, orders] of byNode) {
      for (const chunk of chunks(orders)) {
        const message: Stop = { type: "stop", runs: chunk };
        this.#publish(nodeId, { sessionId: null, message });
      }
    }
  }

  async #announceAssignments(dispatched: readonly DispatchedRun[]): Promise<void> {
    const bySession = new Map<string, { nodeId: string; assignments: Sized<Assignment>[] }>();
    const carried = await this.#carriedValues(dispatched);
    for (const run of dispatched) {
      if (run.sessionId === null) continue;
      const { base, bytes: baseBytes } = await this.#specs.read(run.instanceId);
      const { values, lost = [], bytes: valuesBytes } = carried.get(run.id) ?? noValues;
      const bytes = baseBytes + valuesBytes;
      const ofSession = bySession.get(run.sessionId) ?? { nodeId: run.nodeId, assignments: [] };
      const item = { runId: run.id, token: run.token, ...base };
      const withValues = {
        ...item,
        ...(values === undefined ? {} : { values }),
        ...(lost.length === 0 ? {} : { lostValues: lost }),
      };
      ofSession.assignments.push({ item: withValues, bytes });
      bySession.set(run.sessionId, ofSession);
    }
    for (const [sessionId, { nodeId, assignments }] of bySession) {
      for (const chunk of chunks(assignments)) {
        const message: Assign = { type: "assign", runs: chunk };
        this.#publish(nodeId, { sessionId, message });
      }
    }
  }

  /** Only reruns from a later step have any: all others cost no statement. */
  async #carriedValues(
    dispatched: readonly DispatchedRun[],
  ): Promise<ReadonlyMap<string, CarriedValues>> {
    const later: string[] = [];
    for (const { id, instanceId, sessionId } of dispatched) {
      if (sessionId === null) continue;
      const { base } = await this.#specs.read(instanceId);
      if ((base.fromStep ?? 1) > 1) later.push(id);
    }
    return later.length === 0 ? new Map() : carriedValues(await listStepOutputs(this.#db, later));
  }

  #publish(nodeId: string, delivery: NodeDelivery): void {
    this.#bus.publish(nodeTopic(nodeId), delivery);
  }
}

/** Of a run that starts from its first step. */
const noValues: Partial<CarriedValues> & Pick<CarriedValues, "bytes"> = { bytes: 0 };

interface Sized<Item> {
  readonly item: Item;
  /** What dominates its size; the rest of an item is small against the margin that `messageBytesMax` leaves. */
  readonly bytes: number;
}

/** Messages that fit into a frame: a node that is sent a larger one closes the connection, and would be sent it again. */
function* chunks<Item>(items: readonly Sized<Item>[]): Generator<readonly Item[]> {
  let chunk: Item[] = [];
  let chunkBytes = 0;
  for (const { item, bytes } of items) {
    const isFull = chunk.length === runsPerMessageMax || chunkBytes + bytes > messageBytesMax;
    if (isFull && chunk.length > 0) {
      yield chunk;
      chunk = [];
      chunkBytes = 0;
    }
    chunk.push(item);
    chunkBytes += bytes;
  }
  if (chunk.length > 0) yield chunk;
}
