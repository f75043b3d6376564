import type { JournalledRun } from "@courier/protocol";
import type { ArchiveKey } from "../evidence/evidence-spool.ts";
import type { JournalRecord } from "../journal/journal-record.ts";
import { journalTombstonesMax } from "../limits.ts";
import { applyRecord, type RunState } from "./run-state.ts";

interface Entry {
  readonly state: RunState;
  readonly records: readonly JournalRecord[];
}

/** What the journal holds, by run, in order of arrival; also what a rewritten journal keeps. */
export class RunBook {
  readonly #runs = new Map<string, Entry>();
  /** Acknowledged runs (runId → token), oldest first. */
  readonly #tombstones = new Map<string, number>();

  /** Adds one record; the run's new state. */
  apply(record: JournalRecord): RunState {
    const before = this.#runs.get(record.runId);
    const state = applyRecord(before?.state, record);
    if (state.isAcked) {
      this.#bury(record.runId, state.token);
      return state;
    }
    const isNewer = before === undefined || before.state.token < state.token;
    this.#runs.set(record.runId, {
      state,
      records: isNewer ? [record] : [...before.records, record],
    });
    return state;
  }

  /** The state of a run that is not acknowledged yet. */
  get(runId: string): RunState | undefined {
    return this.#runs.get(runId)?.state;
  }

  /** The highest token of a run that was ever here, as far as is remembered. */
  knownToken(runId: string): number | undefined {
    return this.#runs.get(runId)?.state.token ?? this.#tombstones.get(runId);
  }

  /** Whether an attempt was launched and has not been settled. */
  isOpenAttempt(key: ArchiveKey): boolean {
    const { token, current } = this.get(key.runId) ?? {};
    if (current?.kind !== "launched" || token !== key.token) return false;
    const { stepNumber, attempt } = current.record;
    return stepNumber === key.stepNumber && attempt === key.attempt;
  }

  /** Forgets a run that was refused. */
  drop(runId: string): void {
    this.#runs.delete(runId);
  }

  /** Runs that are not acknowledged, in order of arrival. */
  states(): readonly RunState[] {
    return [...this.#runs.values()].map((entry) => entry.state);
  }

  /** What `hello` tells the service. */
  journalledRuns(): readonly JournalledRun[] {
    return this.states().map((state) => {
      const { runId, token, result, startedAt } = state;
      const open = startedAt === undefined ? "accepted" : "running";
      return { runId, token, state: result === undefined ? open : "ended" };
    });
  }

  /** The records that a rewritten journal needs. */
  *liveRecords(): Generator<JournalRecord> {
    for (const [runId, token] of this.#tombstones) yield { type: "acked", runId, token };
    for (const entry of this.#runs.values()) yield* entry.records;
  }

  #bury(runId: string, token: number): void {
    this.#runs.delete(runId);
    this.#tombstones.delete(runId);
    this.#tombstones.set(runId, token);
    const [oldest] = this.#tombstones.keys();
    if (this.#tombstones.size > journalTombstonesMax && oldest !== undefined) {
      this.#tombstones.delete(oldest);
    }
  }
}
