import type { ActionSpec } from "@courier/schema";
import { findInstance, type Db } from "@courier/store";
import { assert } from "@courier/core";
import { actionSpecsCached } from "./limits.ts";

/** The part of an instance that every one of its assignments repeats. */
export interface AssignmentBase {
  readonly instanceId: string;
  readonly jobId: string;
  readonly jobName: string;
  readonly steps: ActionSpec["steps"];
}

/** Reads the immutable part of instances once and keeps the most recently used ones. */
export class ActionSpecs {
  readonly #db: Db;
  readonly #cached = new Map<string, AssignmentBase>();

  constructor(db: Db) {
    this.#db = db;
  }

  /** The assignment base of an instance that exists. */
  async read(instanceId: string): Promise<AssignmentBase> {
    const cached = this.#cached.get(instanceId);
    this.#cached.delete(instanceId);
    const base = cached ?? (await this.#load(instanceId));
    this.#cached.set(instanceId, base);
    this.#evict();
    return base;
  }

  async #load(instanceId: string): Promise<AssignmentBase> {
    const instance = await findInstance(this.#db, instanceId);
    assert(instance !== undefined, `instance ${instanceId} has runs but no row`);
    // Written from a validated canonical template when the instance was created.
    const { steps } = JSON.parse(instance.actionSpec) as ActionSpec;
    return { instanceId, jobId: instance.jobId, jobName: instance.jobName, steps };
  }

  #evict(): void {
    if (this.#cached.size <= actionSpecsCached) return;
    const oldest = this.#cached.keys().next().value;
    if (oldest !== undefined) this.#cached.delete(oldest);
  }
}
