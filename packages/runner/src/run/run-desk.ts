import type { Service } from "@courier/core";
import {
  nodeQueueMax,
  type Ack,
  type Assignment,
  type JournalledRun,
  type RunResult,
  type Stop,
} from "@courier/protocol";
import type { EvidenceTarget } from "../evidence/send-archive.ts";
import type { JournalFile } from "../journal/journal-file.ts";
import type { JournalRecord } from "../journal/journal-record.ts";
import { attemptName } from "../step/run-directory.ts";
import { sweepRunDirectories } from "../step/sweep-run-directories.ts";
import type { Link } from "./link.ts";
import type { NodeContext } from "./node-context.ts";
import type { RunBook } from "./run-book.ts";
import { RunReports } from "./run-reports.ts";
import { RunSlots } from "./run-slots.ts";
import type { RunState } from "./run-state.ts";
import { knowsSecrets } from "./step-variables.ts";

/** What the desk is made of. */
export interface RunDeskOptions {
  readonly context: NodeContext;
  readonly journal: JournalFile;
  /** Holds already what the journal held. */
  readonly book: RunBook;
  readonly maxConcurrentRuns: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/**
 * Takes what the service says of runs, assignments, stops and acknowledgements, each as often as it is said: a run has
 * one execution, that of its newest token. Works on whether there is a connection or not.
 */
export class RunDesk implements Service {
  readonly #context: NodeContext;
  readonly #journal: JournalFile;
  readonly #book: RunBook;
  readonly #reports: RunReports;
  readonly #slots: RunSlots;
  /** Accepted in memory, not yet on disk. */
  readonly #arriving = new Set<string>();

  constructor(options: RunDeskOptions) {
    this.#context = options.context;
    this.#journal = options.journal;
    this.#book = options.book;
    this.#reports = new RunReports(options.context, options);
    this.#slots = new RunSlots({ ...options, reports: this.#reports });
  }

  /** Goes on with what the journal holds: attempts under way first, whatever the number of slots. */
  async start(): Promise<void> {
    const states = this.#book.states();
    const kept = new Set(states.flatMap((state) => state.launches.map(attemptName)));
    await sweepRunDirectories(this.#context.runsDirectory, kept);
    await this.#reports.recover();
    for (const service of this.#context.services) await service.start();
    for (const state of states) this.#resume(state);
    this.#slots.startNext();
  }

  /** Lets go of running steps without ending them. */
  async stop(): Promise<void> {
    this.disconnected();
    await this.#slots.stop();
    for (const service of this.#context.services) await service.stop("the node stops");
    await this.#reports.stop();
    await this.#journal.close();
  }

  /** What `hello` tells of the journal. */
  journalledRuns(): readonly JournalledRun[] {
    return this.#book.journalledRuns().filter((run) => !this.#arriving.has(run.runId));
  }

  /** Without a target archives of artifacts stay where they are. */
  connected(link: Link, target?: EvidenceTarget): void {
    this.#slots.connected();
    this.#reports.connected(link, target);
  }

  disconnected(): void {
    this.#reports.disconnected();
  }

  assign(assignments: readonly Assignment[]): void {
    for (const assignment of assignments) this.#assign(assignment);
  }

  stopRuns(runs: Stop["runs"]): void {
    for (const run of runs) this.#stopRun(run);
  }

  acknowledge(ack: Ack): void {
    this.#reports.acknowledgeOutput(ack.output);
    for (const runId of ack.results) this.#forget(runId);
  }

  #assign(assignment: Assignment): void {
    const { runId, token } = assignment;
    const known = this.#book.knownToken(runId);
    if (known !== undefined && token < known) return;
    if (known === token) return this.#acknowledgeAgain(runId, token);
    if (this.#slots.size >= nodeQueueMax) {
      return this.#refuse(assignment, `the node's queue of ${nodeQueueMax} runs is full`);
    }
    const older = this.#endOlder(runId);
    if (older !== undefined) return void older.then(() => this.#assign(assignment));
    this.#accept(assignment);
  }

  #acknowledgeAgain(runId: string, token: number): void {
    // Still on its way to the disk: it is acknowledged once it is there.
    if (!this.#arriving.has(runId)) this.#reports.send({ type: "accepted", runId, token });
  }

  /** A newer assignment of the same run fences the older one off: whatever of it runs is ended first. */
  #endOlder(runId: string): Promise<void> | undefined {
    const state = this.#book.get(runId);
    if (state === undefined) return undefined;
    const open = this.#slots.executionOf(runId);
    if (open === undefined) {
      this.#letGo(state);
      return undefined;
    }
    this.#markStopped(state, "canceled");
    open.execution.stop();
    return open.done;
  }

  /** The queue is looked at in the same turn, so that one write journals both the arrival and the first attempt. */
  #accept(assignment: Assignment): void {
    const { runId, token } = assignment;
    const at = this.#context.clock.now();
    const record: JournalRecord = { type: "accepted", runId, token, at, assignment };
    this.#book.apply(record);
    this.#arriving.add(runId);
    this.#slots.enqueue(runId);
    this.#journal.append([record]).then(
      () => {
        this.#arriving.delete(runId);
        this.#reports.send({ type: "accepted", runId, token });
      },
      (error: unknown) => {
        this.#arriving.delete(runId);
        this.#slots.withdraw(runId);
        this.#book.drop(runId);
        this.#refuse(assignment, `the node's journal cannot be written: ${messageOf(error)}`);
      },
    );
    this.#slots.startNext();
  }

  #refuse({ runId, token }: Assignment, reason: string): void {
    this.#context.logger.error({ runId, reason }, "run refused");
    const finishedAt = this.#context.clock.now();
    const status = "failure";
    const text = `refused by the node: ${reason}`;
    const result: RunResult = {
      type: "result",
      ...{ runId, token, status, reason: text, startedAt: null, finishedAt, steps: [] },
    };
    this.#reports.refuse(result);
  }

  #stopRun(run: Stop["runs"][number]): void {
    const known = this.#book.knownToken(run.runId);
    if (known !== undefined && run.token < known) return;
    const state = this.#book.get(run.runId);
    if (state?.token === run.token) return this.#stopKnown(state, run.outcome);
    if (known === run.token) return;
    const older = this.#endOlder(run.runId);
    if (older !== undefined) return void older.then(() => this.#stopRun(run));
    this.#buryUnarrived(run);
  }

  #stopKnown(state: RunState, outcome: Stop["runs"][number]["outcome"]): void {
    if (state.result !== undefined) return this.#reports.releaseResult(state.runId);
    this.#markStopped(state, outcome);
    const open = this.#slots.executionOf(state.runId);
    if (open !== undefined) return open.execution.stop();
    this.#slots.withdraw(state.runId);
    this.#slots.execute(state);
  }

  /** The stop overtook the assignment: should that still come, the run is known and has ended. */
  #buryUnarrived({ runId, token, outcome }: Stop["runs"][number]): void {
    const at = this.#context.clock.now();
    const stop: JournalRecord = { type: "stop", runId, token, at, outcome };
    this.#slots.execute(this.#book.apply(stop), this.#slots.record(runId, [stop]));
  }

  /** Ending processes does not wait for the disk: a stop that is lost in a crash is sent again. */
  #markStopped({ runId, token }: RunState, outcome: Stop["runs"][number]["outcome"]): void {
    const at = this.#context.clock.now();
    const stop: JournalRecord = { type: "stop", runId, token, at, outcome };
    this.#book.apply(stop);
    this.#slots.record(runId, [stop]).catch((error: unknown) => {
      this.#context.logger.debug({ runId, error }, "stop not journalled");
    });
  }

  #resume(state: RunState): void {
    if (state.result !== undefined) return;
    if (state.current !== undefined || state.stop !== undefined) this.#slots.execute(state);
    else this.#slots.enqueue(state.runId);
  }

  #forget(runId: string): void {
    const state = this.#reports.acknowledgeResult(runId);
    if (state === undefined) return;
    this.#letGo(state);
    const record: JournalRecord = { type: "acked", runId, token: state.token };
    this.#book.apply(record);
    // Lost in a crash, it only means that the result is sent once more.
    this.#journal.appendLater([record]);
    // Secrets stay on the disk no longer than they are needed.
    if (knowsSecrets(state)) void this.#journal.rewrite();
  }

  /** Nothing of this run is needed any more. */
  #letGo(state: RunState): void {
    this.#slots.withdraw(state.runId);
    this.#reports.letGo(state);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
