import {
  assertNever,
  batchAt,
  decideGroup,
  findHalt,
  isRunOutcome,
  judgeCriteria,
  noRuns,
  resolveGroupRules,
  transitionGroup,
  type GroupDecision,
  type GroupRules,
  type GroupSpec,
  type GroupStatus,
  type HaltCause,
  type RunCounts,
  type RunOutcome,
  type RunStatus,
} from "@courier/core";
import { expect } from "vitest";

/** What the world does to a group between two decisions. */
export type WorldEvent =
  | { readonly kind: "end"; readonly pick: number; readonly outcome: RunOutcome }
  | { readonly kind: "cancel-run"; readonly pick: number }
  | { readonly kind: "cancel-group" }
  | { readonly kind: "pass"; readonly ms: number }
  | { readonly kind: "online"; readonly count: number };

const finishEvents = {
  success: "succeed",
  failure: "fail",
  skipped: "skip",
  canceled: "cancel",
} as const;

/** A decision asked for again and again must lead to `rest` in fewer steps than this. */
const decisionsMax = 10;

/** One group with its runs; applies every decision as the scheduler does, and checks each on the way. */
export class Rollout {
  readonly rules: GroupRules;
  readonly runs: RunStatus[];
  status: GroupStatus = "pending";
  halt: HaltCause | null = null;
  now = 1_000_000;
  deadlineAt: number | null = null;
  soakUntil: number | null = null;
  /** When the last run of the current batch ended. */
  batchEndedAt = 0;
  onlineCount = 0;
  readonly #seen: string[] = [];
  #cursor = 0;
  #batchEnd = 0;

  constructor(spec: GroupSpec, nodeCount: number) {
    this.rules = resolveGroupRules(spec, nodeCount);
    this.runs = Array.from({ length: nodeCount }, () => "pending");
  }

  counts(): RunCounts {
    const counts: Record<keyof RunCounts, number> = { ...noRuns };
    for (const status of this.runs) {
      if (isRunOutcome(status)) counts[status] += 1;
      else if (status !== "pending") counts.inFlight += 1;
    }
    return counts;
  }

  /** True while a node still has something to say. */
  get isBusy(): boolean {
    return this.counts().inFlight > 0;
  }

  happen(event: WorldEvent): void {
    switch (event.kind) {
      case "end":
        if (!this.isBusy) break;
        this.#endOne("dispatched", event.pick, event.outcome);
        if (!this.isBusy) this.batchEndedAt = this.now;
        break;
      case "cancel-run":
        this.#endOne("pending", event.pick, "canceled");
        break;
      case "cancel-group":
        this.halt ??= "cancel";
        break;
      case "pass":
        this.now += event.ms;
        break;
      case "online":
        this.onlineCount = event.count % (this.runs.length + 1);
        break;
      default:
        assertNever(event, "event");
    }
    this.settle();
  }

  /** Asks and applies until core says `rest`. */
  settle(): void {
    for (let asked = 0; asked < decisionsMax; asked += 1) {
      const decision = this.#ask();
      this.#seen.push(decision.kind);
      if (decision.kind === "rest") return;
      this.#apply(decision);
    }
    throw new Error(`no rest after ${decisionsMax} decisions: ${this.#seen.slice(-5).join()}`);
  }

  #ask(): GroupDecision {
    const snapshot = {
      status: this.status,
      nodeCount: this.runs.length,
      counts: this.counts(),
      cursor: this.#cursor,
      batchEnd: this.#batchEnd,
      halt: this.halt,
      deadlineAt: this.deadlineAt,
      soakUntil: this.soakUntil,
      hasHeld: false,
    };
    return decideGroup(this.rules, snapshot, { now: this.now, onlineCount: this.onlineCount });
  }

  #apply(decision: Exclude<GroupDecision, { kind: "rest" }>): void {
    switch (decision.kind) {
      case "await-quorum":
        this.#move("await");
        this.deadlineAt = decision.deadlineAt;
        break;
      case "soak":
        expect(this.isBusy).toBe(false);
        expect(this.soakUntil).toBeNull();
        this.soakUntil = decision.until;
        break;
      case "start":
        this.#start(decision.count, decision.batchEnd);
        break;
      case "halt":
        this.#checkHalt(decision.cause);
        this.halt = decision.cause;
        break;
      case "drain":
        for (const [position, status] of this.runs.entries()) {
          if (status === "pending") this.runs[position] = decision.outcome;
        }
        break;
      case "finish":
        this.#checkFinish(decision.status);
        this.#move(finishEvents[decision.status]);
        break;
      default:
        assertNever(decision, "decision");
    }
  }

  #start(count: number, batchEnd: number): void {
    this.#checkStart();
    if (this.status !== "running") {
      this.#move("start");
      this.deadlineAt = this.rules.timeoutMs === 0 ? null : this.now + this.rules.timeoutMs;
    }
    let started = 0;
    let position = this.#cursor;
    for (; position < batchEnd && started < count; position += 1) {
      if (this.runs[position] !== "pending") continue;
      this.#checkBarrier(position);
      this.runs[position] = "dispatched";
      started += 1;
    }
    this.#cursor = position;
    this.#batchEnd = batchEnd;
    this.soakUntil = null;
    expect(this.counts().inFlight).toBeLessThanOrEqual(this.#roomAt(position - 1));
  }

  /** How many may be in flight while the run at this position is. */
  #roomAt(position: number): number {
    if (this.rules.distributionMethod === "rolling") return this.rules.batchSizes[0];
    const { start, end } = this.#batchOf(position);
    return end - start;
  }

  #batchOf(position: number): { start: number; end: number } {
    return batchAt(this.rules.batchSizes, { position, nodeCount: this.runs.length });
  }

  #move(event: Parameters<typeof transitionGroup>[1]): void {
    const next = transitionGroup(this.status, event);
    if (!next.ok) throw new Error(next.reason);
    this.status = next.state;
  }

  #endOne(from: "pending" | "dispatched", pick: number, outcome: RunOutcome): void {
    const candidates = [...this.runs.keys()].filter((position) => this.runs[position] === from);
    const position = candidates[pick % candidates.length];
    if (position !== undefined) this.runs[position] = outcome;
  }

  #standing(): string {
    return judgeCriteria(this.rules.criteria, this.counts(), this.runs.length).standing;
  }

  #checkStart(): void {
    expect(this.halt).toBeNull();
    if (this.rules.earlyTermination) expect(this.#standing()).not.toBe("lost");
    expect(this.#haltReason()).toBeUndefined();
    const isFirst = this.status !== "running";
    if (isFirst) expect(this.onlineCount).toBeGreaterThanOrEqual(this.rules.minReadyCount);
    else if (this.deadlineAt !== null) expect(this.now).toBeLessThan(this.deadlineAt);
  }

  /** Batch k+1 never starts before batch k has ended. */
  #checkBarrier(position: number): void {
    if (this.rules.distributionMethod === "rolling") return;
    const { start } = this.#batchOf(position);
    const before = this.runs.slice(0, start);
    expect(before.every((status) => isRunOutcome(status))).toBe(true);
    const isFirstOfBatch = this.#cursor === start && start > 0;
    if (isFirstOfBatch) {
      expect(this.now).toBeGreaterThanOrEqual(this.batchEndedAt + this.rules.soakMs);
    }
  }

  #haltReason(): string | undefined {
    return findHalt(this.rules.haltOn, this.counts(), this.runs.length);
  }

  #checkHalt(cause: HaltCause): void {
    const isByOutcome = this.halt === "criteria" || this.halt === "haltOn";
    if (!(cause === "timeout" && isByOutcome)) expect(this.halt).toBeNull();
    if (cause === "haltOn") expect(this.#haltReason()).toBeDefined();
    if (cause === "criteria") {
      expect(this.rules.earlyTermination).toBe(true);
      expect(this.#standing()).toBe("lost");
    }
    if (cause === "timeout" || cause === "quorum") {
      expect(this.deadlineAt).not.toBeNull();
      expect(this.now).toBeGreaterThanOrEqual(this.deadlineAt ?? Number.POSITIVE_INFINITY);
    }
    if (cause === "quorum") expect(this.onlineCount).toBeLessThan(this.rules.minReadyCount);
  }

  #checkFinish(status: GroupStatus): void {
    expect(this.runs.every((run) => isRunOutcome(run))).toBe(true);
    if (this.halt === "cancel") expect(status).toBe("canceled");
    else if (this.halt === "quorum") expect(status).toBe("failure");
    else if (this.runs.length === 0)
      expect(status).toBe(this.rules.onEmpty === "succeed" ? "success" : "failure");
    else if (this.#haltReason() !== undefined) expect(status).toBe("failure");
    else expect(status).toBe(this.#standing() === "met" ? "success" : "failure");
  }
}
