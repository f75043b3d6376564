import type { Bus } from "@courier/bus";
import {
  instanceTopic,
  nodeTopic,
  runsPerMessageMax,
  runTopic,
  type Assign,
  type Assignment,
  type NodeDelivery,
  type Stop,
} from "@courier/protocol";
import type { Db } from "@courier/store";
import { ActionSpecs } from "./action-specs.ts";
import type { DispatchedRun, Effects } from "./effects.ts";

/** Publishes what a committed transaction decided: work for nodes, and what changed for everyone who watches. */
export class Announcer {
  readonly #bus: Bus;
  readonly #specs: ActionSpecs;

  constructor(options: { readonly bus: Bus; readonly db: Db }) {
    this.#bus = options.bus;
    this.#specs = new ActionSpecs(options.db);
  }

  /** Call only after the commit. A message that gets lost is made good by the rescuer. */
  async announce(effects: Effects): Promise<void> {
    this.#announceStops(effects);
    await this.#announceAssignments(effects.dispatched);
    for (const id of effects.changedRuns) this.#bus.publish(runTopic(id), null);
    for (const id of effects.changedInstances) this.#bus.publish(instanceTopic(id), null);
  }

  #announceStops({ stopped }: Effects): void {
    const byNode = new Map<string, Stop["runs"][number][]>();
    for (const { id, nodeId, token, outcome } of stopped) {
      const orders = byNode.get(nodeId) ?? [];
      orders.push({ runId: id, token, outcome });
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
    const bySession = new Map<string, { nodeId: string; assignments: Assignment[] }>();
    for (const run of dispatched) {
      if (run.sessionId === null) continue;
      const base = await this.#specs.read(run.instanceId);
      const ofSession = bySession.get(run.sessionId) ?? { nodeId: run.nodeId, assignments: [] };
      ofSession.assignments.push({ runId: run.id, token: run.token, ...base });
      bySession.set(run.sessionId, ofSession);
    }
    for (const [sessionId, { nodeId, assignments }] of bySession) {
      for (const chunk of chunks(assignments)) {
        const message: Assign = { type: "assign", runs: chunk };
        this.#publish(nodeId, { sessionId, message });
      }
    }
  }

  #publish(nodeId: string, delivery: NodeDelivery): void {
    this.#bus.publish(nodeTopic(nodeId), delivery);
  }
}

function* chunks<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let start = 0; start < items.length; start += runsPerMessageMax) {
    yield items.slice(start, start + runsPerMessageMax);
  }
}
