import type { JournalFile } from "../journal/journal-file.ts";
import type { JournalRecord } from "../journal/journal-record.ts";
import { journalRetryMs } from "../limits.ts";
import { wait } from "../wait.ts";
import type { NodeContext, RunPort } from "./node-context.ts";
import type { RunBook } from "./run-book.ts";
import { RunDropped } from "./run-dropped.ts";
import { RunExecution } from "./run-execution.ts";
import type { RunReports } from "./run-reports.ts";
import { resultOf } from "./run-result.ts";
import type { RunState } from "./run-state.ts";

/** A run that is being executed. */
export interface OpenExecution {
  readonly execution: RunExecution;
  /** Resolves when it is over, or let go of. */
  readonly done: Promise<void>;
}

/** What the slots are made of. */
export interface RunSlotsOptions {
  readonly context: NodeContext;
  readonly journal: JournalFile;
  readonly book: RunBook;
  readonly reports: RunReports;
  readonly maxConcurrentRuns: number;
}

/** Executes runs, in order of arrival and no more of them at a time than the node takes. */
export class RunSlots {
  readonly #context: NodeContext;
  readonly #journal: JournalFile;
  readonly #book: RunBook;
  readonly #reports: RunReports;
  readonly #maxConcurrentRuns: number;
  readonly #executions = new Map<string, OpenExecution>();
  /** Accepted, waiting for a slot. */
  readonly #queue = new Set<string>();
  readonly #stopping = new AbortController();

  constructor(options: RunSlotsOptions) {
    this.#context = options.context;
    this.#journal = options.journal;
    this.#book = options.book;
    this.#reports = options.reports;
    this.#maxConcurrentRuns = options.maxConcurrentRuns;
  }

  /** Runs that wait or are executed. */
  get size(): number {
    return this.#queue.size + this.#executions.size;
  }

  /** Puts a run at the end of the queue; `startNext` looks at it. */
  enqueue(runId: string): void {
    this.#queue.add(runId);
  }

  /** Takes a run out of the queue, if it waits there. */
  withdraw(runId: string): void {
    this.#queue.delete(runId);
  }

  executionOf(runId: string): OpenExecution | undefined {
    return this.#executions.get(runId);
  }

  connected(): void {
    for (const { execution } of this.#executions.values()) execution.connected();
  }

  /** Lets go of running steps without ending them. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const { execution } of this.#executions.values()) execution.detach();
    await Promise.all([...this.#executions.values()].map((open) => open.done));
  }

  /** Executes what waits while there is a free slot. */
  startNext(): void {
    for (const runId of this.#queue) {
      if (this.#executions.size >= this.#maxConcurrentRuns || this.#stopping.signal.aborted) return;
      this.#queue.delete(runId);
      const state = this.#book.get(runId);
      if (state !== undefined) this.execute(state);
    }
  }

  /** Executes a run whatever the number of slots, and reports it when `after` has happened as well. */
  execute({ runId, token }: RunState, after: Promise<void> = Promise.resolve()): void {
    const execution = new RunExecution(this.#context, this.#portOf(runId, token));
    const done = this.#runToEnd(runId, { execution, after });
    this.#executions.set(runId, { execution, done });
  }

  async #runToEnd(
    runId: string,
    options: { readonly execution: RunExecution; readonly after: Promise<void> },
  ): Promise<void> {
    const isRecorded = await this.#carryToEnd(runId, options);
    this.#executions.delete(runId);
    if (isRecorded) this.#reports.ended(runId);
    this.startNext();
  }

  /** Whether all that is known of the run is on disk. */
  async #carryToEnd(
    runId: string,
    options: { readonly execution: RunExecution; readonly after: Promise<void> },
  ): Promise<boolean> {
    try {
      const running = options.execution.run();
      await options.after;
      await running;
      return true;
    } catch (error) {
      return error instanceof RunDropped ? false : await this.#giveUp(runId, error);
    }
  }

  /** A defect of ours must not leave a run without an outcome. */
  async #giveUp(runId: string, error: unknown): Promise<boolean> {
    this.#context.logger.error({ runId, error }, "run execution failed");
    const state = this.#book.get(runId);
    if (state === undefined) return false;
    const reason = `the agent failed while it executed the run: ${messageOf(error)}`;
    const result = resultOf(state, {
      status: "unknown",
      reason,
      at: this.#context.clock.now(),
    });
    const record: JournalRecord = { type: "result", runId, token: state.token, result };
    this.#book.apply(record);
    try {
      await this.record(runId, [record]);
      return true;
    } catch (cause) {
      this.#context.logger.error({ runId, cause }, "failed run not journalled");
      return false;
    }
  }

  #portOf(runId: string, token: number): RunPort {
    return {
      state: () => {
        const state = this.#book.get(runId);
        if (state === undefined || state.token !== token) throw new RunDropped(runId);
        return state;
      },
      record: async (records) => {
        for (const record of records) this.#book.apply(record);
        await this.record(runId, records);
      },
      send: (report) => this.#reports.send(report),
      watchOutput: (spool) => this.#reports.watchOutput(spool),
      outputChanged: () => this.#reports.outputChanged(),
      artifactsKept: (attempt) => this.#reports.artifactsKept(attempt),
    };
  }

  /** A disk that refuses is tried again until it takes it: what has happened cannot be refused. */
  async record(runId: string, records: readonly JournalRecord[]): Promise<void> {
    for (;;) {
      try {
        return await this.#journal.append(records);
      } catch (error) {
        if (this.#book.get(runId) === undefined) throw new RunDropped(runId, { cause: error });
        this.#context.logger.error({ runId, error }, "journal cannot be written, trying again");
      }
      const hasWaited = await wait(this.#context.clock, journalRetryMs, this.#stopping.signal);
      if (!hasWaited) throw new RunDropped(runId);
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
