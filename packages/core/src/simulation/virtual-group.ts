import { assert, assertNever } from "../assert.ts";
import {
  decideGroup,
  type GroupDecision,
  type GroupSnapshot,
  type HaltCause,
} from "../rollout/decide-group.ts";
import type { GroupRules } from "../rollout/group-rules.ts";
import type { Batch } from "../rollout/list-batches.ts";
import { noRuns, pendingCount, type RunCounts } from "../rollout/run-counts.ts";
import { transitionGroup, type GroupEvent } from "../state/group-state.ts";
import { HeldPositions, type BudgetMember, type VirtualBudgets } from "./virtual-budgets.ts";

/** How a run ends that was given to a node that is online; `afterMs` null: it never ends by itself. */
export interface RunFate {
  readonly outcome: "success" | "failure" | "timeout";
  readonly afterMs: number | null;
}

/** The end of the run at a position. */
export interface RunEnd {
  readonly position: number;
  readonly outcome: RunFate["outcome"];
}

/** What a virtual group asks of the world around it. */
export interface GroupWorld {
  readonly isOffline: (position: number) => boolean;
  /** Asked once for each run that reaches its node. */
  readonly fateOf: (position: number) => RunFate;
  /** The node at a position, when it is in disruption budgets. */
  readonly memberAt: (position: number) => BudgetMember | undefined;
  /** Which nodes use the budgets now; shared by all groups. */
  readonly budgets: VirtualBudgets;
  /** A run will end then (virtual ms). */
  readonly runEnds: (at: number, end: RunEnd) => void;
  /** The first runs of a batch start. */
  readonly batchStarts: (batch: Batch) => void;
  /** The group has to be looked at then (virtual ms), whatever else happens. */
  readonly lookAt: (at: number) => void;
}

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/** One group on a virtual clock: does what `decideGroup` decides, as the scheduler does with stored groups. */
export class VirtualGroup {
  readonly rules: GroupRules;
  readonly #world: GroupWorld;
  readonly #counts: Mutable<RunCounts> = { ...noRuns };
  readonly #snapshot: Mutable<GroupSnapshot>;
  readonly #onlineCount: number;
  #touchedCount = 0;
  /** Dispatched runs whose nodes are offline. */
  #undeliveredCount = 0;
  #haltedBy: HaltCause | null = null;
  #isStopped = false;
  readonly #held = new HeldPositions();
  /** Runs in flight that use budgets, by position. */
  readonly #holders = new Map<number, BudgetMember>();

  constructor(rules: GroupRules, nodeCount: number, world: GroupWorld) {
    this.rules = rules;
    this.#world = world;
    this.#onlineCount = rules.minReadyCount === 0 ? nodeCount : countOnline(nodeCount, world);
    this.#snapshot = {
      ...{ status: "pending", nodeCount, counts: this.#counts, cursor: 0, batchEnd: 0 },
      ...{ halt: null, deadlineAt: null, soakUntil: null, hasHeld: false },
    };
  }

  get standing(): Readonly<GroupSnapshot> {
    return this.#snapshot;
  }

  /** Nodes that were given a run and could take it. */
  get touchedCount(): number {
    return this.#touchedCount;
  }

  /** What stopped it first; null: nothing did. */
  get haltedBy(): HaltCause | null {
    return this.#haltedBy;
  }

  /** A run has ended; after a stop nobody waits for it any more. */
  endRun({ position, outcome }: RunEnd): void {
    if (this.#isStopped) return;
    this.#counts.inFlight -= 1;
    this.#counts[outcome] += 1;
    const member = this.#holders.get(position);
    if (member === undefined) return;
    this.#world.budgets.giveBack(member);
    this.#holders.delete(position);
  }

  /** An earlier group did not succeed. */
  bar(): void {
    this.#snapshot.halt ??= "sequence";
    this.#haltedBy ??= "sequence";
  }

  /** Does what is decided now (virtual ms), until core says `rest` or the group has ended. */
  advance(now: number): void {
    let isHeldTried = !this.#snapshot.hasHeld;
    for (;;) {
      const context = { now, onlineCount: this.#onlineCount, isHeldTried };
      const decision = decideGroup(this.rules, this.#snapshot, context);
      if (decision.kind === "rest") return;
      if (decision.kind === "start" && !isHeldTried) {
        isHeldTried = true;
        this.#startHeld(decision.count, now);
      } else {
        this.#apply(decision, now);
      }
      if (decision.kind === "finish") return;
    }
  }

  #apply(decision: Exclude<GroupDecision, { kind: "rest" }>, now: number): void {
    switch (decision.kind) {
      case "await-quorum":
        this.#move("await");
        this.#limit(decision.deadlineAt);
        break;
      case "soak":
        this.#snapshot.soakUntil = decision.until;
        this.#world.lookAt(decision.until);
        break;
      case "start":
        if (this.#snapshot.status !== "running") this.#enter(now);
        this.#start(decision, now);
        break;
      case "halt":
        this.#halt(decision.cause);
        break;
      case "drain":
        this.#counts[decision.outcome] += pendingCount(this.#counts, this.#snapshot.nodeCount);
        this.#held.clear();
        this.#snapshot.hasHeld = false;
        break;
      case "finish":
        this.#move(finishEvents[decision.status]);
        break;
      default:
        assertNever(decision, "group decision");
    }
  }

  #enter(now: number): void {
    this.#move("start");
    this.#limit(this.rules.timeoutMs === 0 ? null : now + this.rules.timeoutMs);
  }

  #limit(deadlineAt: number | null): void {
    this.#snapshot.deadlineAt = deadlineAt;
    if (deadlineAt !== null) this.#world.lookAt(deadlineAt);
  }

  #start(decision: { readonly count: number; readonly batchEnd: number }, now: number): void {
    const from = this.#snapshot.cursor;
    if (decision.batchEnd !== this.#snapshot.batchEnd) {
      this.#world.batchStarts({ from, count: decision.batchEnd - from });
    }
    let position = from;
    let left = decision.count;
    for (; position < decision.batchEnd && left > 0; position += 1) {
      if (this.#begin(position, now)) left -= 1;
    }
    this.#snapshot.cursor = position;
    this.#snapshot.batchEnd = decision.batchEnd;
    this.#snapshot.soakUntil = null;
  }

  /** Tries runs again that were passed over, as many as there may be room for. */
  #startHeld(count: number, now: number): void {
    const { budgets } = this.#world;
    let left = count;
    this.#held.tryFirst(
      (budget) => Math.min(count, budgets.room(budget)),
      (position) => {
        if (this.#begin(position, now)) left -= 1;
        return left > 0;
      },
    );
    this.#snapshot.hasHeld = this.#held.count > 0;
  }

  /** Starts a run, or refuses it because its node is offline; false: it is passed over, because a budget has no room. */
  #begin(position: number, now: number): boolean {
    const isOffline = this.#world.isOffline(position);
    if (isOffline && this.rules.offlinePolicy !== "wait") {
      this.#counts[this.rules.offlinePolicy === "fail" ? "undeliverable" : "skipped"] += 1;
      return true;
    }
    if (!this.#admit(position)) return false;
    this.#counts.inFlight += 1;
    if (isOffline) {
      this.#undeliveredCount += 1;
      return true;
    }
    const { outcome, afterMs } = this.#world.fateOf(position);
    this.#touchedCount += 1;
    if (afterMs !== null) this.#world.runEnds(now + afterMs, { position, outcome });
    return true;
  }

  #admit(position: number): boolean {
    const { budgets, memberAt } = this.#world;
    const member = memberAt(position);
    if (member === undefined) return true;
    const full = budgets.fullFor(member);
    if (full !== undefined) {
      this.#held.add(full, position);
      this.#snapshot.hasHeld = true;
      return false;
    }
    budgets.take(member);
    this.#holders.set(position, member);
    return true;
  }

  /** Nodes are taken to stop at once what the time limit ends. */
  #halt(cause: HaltCause): void {
    this.#snapshot.halt = cause;
    this.#haltedBy ??= cause;
    if (cause !== "timeout") return;
    this.#counts.timeout += this.#counts.inFlight - this.#undeliveredCount;
    this.#counts.undeliverable += this.#undeliveredCount;
    this.#counts.inFlight = 0;
    this.#isStopped = true;
    for (const member of this.#holders.values()) this.#world.budgets.giveBack(member);
    this.#holders.clear();
  }

  #move(event: GroupEvent): void {
    const next = transitionGroup(this.#snapshot.status, event);
    assert(next.ok, `virtual group: ${event} from ${this.#snapshot.status}`);
    this.#snapshot.status = next.state;
  }
}

const finishEvents = {
  success: "succeed",
  failure: "fail",
  skipped: "skip",
  canceled: "cancel",
} as const;

function countOnline(nodeCount: number, { isOffline }: GroupWorld): number {
  let online = 0;
  for (let position = 0; position < nodeCount; position += 1) online += isOffline(position) ? 0 : 1;
  return online;
}
