import {
  addCounts,
  assert,
  isGroupFinal,
  noRuns,
  runCountNames,
  transitionGroup,
  type GroupEvent,
  type GroupSnapshot,
  type GroupStatus,
  type HaltCause,
  type RunCounts,
} from "@courier/core";
import { addToCounts, updateGroup, type Db, type GroupRow, type GroupUpdate } from "@courier/store";
import type { PendingWrites } from "./pending-writes.ts";

/** Mutable counts, for gathering deltas. */
export type CountDeltas = { -readonly [K in keyof RunCounts]: number };

/** One group during one turn: gathers what changes, writes it once at the end. */
export class GroupDraft {
  readonly #row: GroupRow;
  readonly #deltas: CountDeltas = { ...noRuns };
  #status: GroupStatus;
  #reason: string;
  #cursor: number;
  #batchEnd: number;
  #haltReason: string;
  #startedAt: number | null;
  #deadlineAt: number | null;
  #soakUntil: number | null;
  #heldAt: number | null;
  #finishedAt: number | null;
  #hasChanged = false;

  constructor(row: GroupRow) {
    this.#row = row;
    this.#status = row.status;
    this.#reason = row.reason;
    this.#cursor = row.cursor;
    this.#batchEnd = row.batchEnd;
    this.#haltReason = row.haltReason;
    this.#startedAt = row.startedAt;
    this.#deadlineAt = row.deadlineAt;
    this.#soakUntil = row.soakUntil;
    this.#heldAt = row.heldAt;
    this.#finishedAt = row.finishedAt;
  }

  get instanceId(): string {
    return this.#row.instanceId;
  }

  get groupNumber(): number {
    return this.#row.groupNumber;
  }

  get nodeCount(): number {
    return this.#row.nodeCount;
  }

  get cursor(): number {
    return this.#cursor;
  }

  get status(): GroupStatus {
    return this.#status;
  }

  /** Whether runs of it were passed over and wait for a disruption budget. */
  get hasHeld(): boolean {
    return this.#heldAt !== null;
  }

  /** Why the group was halted, for people; "" while it is not. */
  get haltText(): string {
    return this.#haltReason === "" ? "" : this.#reason;
  }

  /** The group as core sees it, with this turn's changes in it. */
  snapshot(): GroupSnapshot {
    return {
      status: this.#status,
      nodeCount: this.#row.nodeCount,
      counts: addCounts(this.#row.counts, this.#deltas),
      cursor: this.#cursor,
      batchEnd: this.#batchEnd,
      // The column is only ever written from a HaltCause, "" stands for none.
      halt: this.#haltReason === "" ? null : (this.#haltReason as HaltCause),
      deadlineAt: this.#deadlineAt,
      soakUntil: this.#soakUntil,
      hasHeld: this.hasHeld,
    };
  }

  /** Adds to one counter. */
  count(key: keyof RunCounts, delta: number): void {
    this.#deltas[key] += delta;
  }

  /** Moves the status; a rejection is a defect, because the decision came from the same table. */
  move(event: GroupEvent): void {
    const next = transitionGroup(this.#status, event);
    assert(
      next.ok,
      `group ${this.#row.instanceId}/${this.#row.groupNumber}: ${event} from ${this.#status}`,
    );
    this.#status = next.state;
    this.#hasChanged = true;
  }

  /** Remembers where dispatching stands; whoever goes on has waited enough. */
  moveCursor(cursor: number, batchEnd: number): void {
    this.#soakUntil = null;
    this.#cursor = cursor;
    this.#batchEnd = batchEnd;
    this.#hasChanged = true;
  }

  /** Starts the group's clock; the deadline counts from the first dispatch. */
  begin(now: number, timeoutMs: number): void {
    this.move("start");
    this.#startedAt = now;
    this.#deadlineAt = timeoutMs === 0 ? null : now + timeoutMs;
  }

  /** Moves the clocks of an open group; one that has none keeps none. */
  postpone(ms: number): void {
    if (isGroupFinal(this.#status)) return;
    if (this.#deadlineAt !== null) this.#deadlineAt += ms;
    if (this.#soakUntil !== null) this.#soakUntil += ms;
    this.#hasChanged ||= this.#deadlineAt !== null || this.#soakUntil !== null;
  }

  /** Remembers since when runs wait for a disruption budget, or that none does (null). */
  hold(since: number | null): void {
    const heldAt = since === null ? null : (this.#heldAt ?? since);
    this.#hasChanged ||= heldAt !== this.#heldAt;
    this.#heldAt = heldAt;
  }

  /** Sets the end of the wait after a batch. */
  soak(until: number): void {
    this.#soakUntil = until;
    this.#hasChanged = true;
  }

  /** Sets the limit of a wait for a quorum. */
  awaitUntil(deadlineAt: number | null): void {
    this.move("await");
    this.#deadlineAt = deadlineAt;
  }

  /** Starts nothing more; the first cause wins, and its reason stays also when the time of what was in flight runs out. */
  halt(cause: HaltCause, reason: string): void {
    const isFirst = this.#haltReason === "";
    const isByOutcome = this.#haltReason === "criteria" || this.#haltReason === "haltOn";
    if (!isFirst && !(cause === "timeout" && isByOutcome)) return;
    this.#haltReason = cause;
    this.#soakUntil = null;
    if (isFirst) this.#reason = reason;
    this.#hasChanged = true;
  }

  /** Ends the group; a reason that was written when it was halted stays. */
  finish(event: GroupEvent, reason: string, now: number): void {
    this.move(event);
    if (this.#reason === "") this.#reason = reason;
    this.#finishedAt = now;
    this.#soakUntil = null;
    this.#heldAt = null;
  }

  /** Writes what has changed; at most two statements. Tells whether anything had. */
  async save(tx: Db): Promise<boolean> {
    const { instanceId, groupNumber } = this.#row;
    const hasDeltas = runCountNames.some((key) => this.#deltas[key] !== 0);
    if (hasDeltas) {
      await addToCounts(tx, [{ instanceId, groupNumber, counts: this.#deltas }]);
    }
    if (this.#hasChanged) await this.#saveRow(tx);
    return hasDeltas || this.#hasChanged;
  }

  /** Leaves what has changed to be written with other groups' changes. */
  collect(writes: PendingWrites): void {
    const { instanceId, groupNumber } = this.#row;
    const hasDeltas = runCountNames.some((key) => this.#deltas[key] !== 0);
    if (hasDeltas) writes.count({ instanceId, groupNumber, counts: this.#deltas });
    if (this.#hasChanged) writes.changeGroup(this.#update());
  }

  async #saveRow(tx: Db): Promise<void> {
    const { from, ...update } = this.#update();
    const wasUpdated = await updateGroup(tx, { ...update, from: [from] });
    assert(wasUpdated, "a locked group changed under its lock");
  }

  #update(): GroupUpdate {
    return {
      instanceId: this.#row.instanceId,
      groupNumber: this.#row.groupNumber,
      from: this.#row.status,
      set: {
        status: this.#status,
        reason: this.#reason,
        cursor: this.#cursor,
        batchEnd: this.#batchEnd,
        haltReason: this.#haltReason,
        startedAt: this.#startedAt,
        deadlineAt: this.#deadlineAt,
        soakUntil: this.#soakUntil,
        heldAt: this.#heldAt,
        finishedAt: this.#finishedAt,
      },
    };
  }
}
