import type { ActionSpec } from "@courier/schema";
import { findInstance, type Db, type InstanceRow } from "@courier/store";
import { assert } from "@courier/core";
import { actionSpecsCached } from "./limits.ts";

/** The part of an instance that every one of its assignments repeats. */
export interface AssignmentBase {
  readonly instanceId: string;
  readonly jobId: string;
  readonly jobName: string;
  readonly steps: ActionSpec["steps"];
  readonly fromStep?: number;
}

/** An assignment base and what it adds to a frame, bytes. */
export interface SizedBase {
  readonly base: AssignmentBase;
  readonly bytes: number;
}

/** Reads the immutable part of instances once and keeps the most recently used ones. */
export class ActionSpecs {
  readonly #db: Db;
  readonly #cached = new Map<string, SizedBase>();

  constructor(db: Db) {
    this.#db = db;
  }

  /** The assignment base of an instance that exists. */
  async read(instanceId: string): Promise<SizedBase> {
    const cached = this.#cached.get(instanceId);
    this.#cached.delete(instanceId);
    const sized = cached ?? (await this.#load(instanceId));
    this.#cached.set(instanceId, sized);
    this.#evict();
    return sized;
  }

  /** Remembers an instance that has just been made. */
  learn(instance: InstanceRow): void {
    this.#cached.set(instance.id, sizedBaseOf(instance));
    this.#evict();
  }

  async #load(instanceId: string): Promise<SizedBase> {
    const instance = await findInstance(this.#db, instanceId);
    assert(instance !== undefined, `instance ${instanceId} has runs but no row`);
    return sizedBaseOf(instance);
  }

  #evict(): void {
    if (this.#cached.size <= actionSpecsCached) return;
    const oldest = this.#cached.keys().next().value;
    if (oldest !== undefined) this.#cached.delete(oldest);
  }
}

function sizedBaseOf(instance: InstanceRow): SizedBase {
  // Written from a validated canonical template when the instance was created.
  const { steps } = JSON.parse(instance.actionSpec) as ActionSpec;
  const { id: instanceId, jobId, jobName, fromStep } = instance;
  const from = fromStep === null ? {} : { fromStep };
  const base = { instanceId, jobId, jobName, steps, ...from };
  return { base, bytes: Buffer.byteLength(JSON.stringify(base)) };
}
