import { join } from "node:path";
import type { Service } from "@courier/core";
import {
  nodeQueueMax,
  type Ack,
  type Assignment,
  type JournalledRun,
  type RunReport,
  type RunResult,
  type Stop,
} from "@courier/protocol";
import { EvidenceOutbox } from "../evidence/evidence-outbox.ts";
import type { EvidenceTarget } from "../evidence/send-archive.ts";
import type { JournalFile } from "../journal/journal-file.ts";
import type { JournalRecord } from "../journal/journal-record.ts";
import { journalRetryMs } from "../limits.ts";
import { endedOutput } from "../step/output-spool.ts";
import { attemptName } from "../step/run-directory.ts";
import { sweepRunDirectories } from "../step/sweep-run-directories.ts";
import { wait } from "../wait.ts";
import type { Link } from "./link.ts";
import type { NodeContext, RunPort } from "./node-context.ts";
import { OutputPump } from "./output-pump.ts";
import type { RunBook } from "./run-book.ts";
import { RunDropped } from "./run-dropped.ts";
import { RunExecution } from "./run-execution.ts";
import { resultOf } from "./run-result.ts";
import type { RunState } from "./run-state.ts";
import { knowsSecrets } from "./step-variables.ts";

interface OpenExecution {
  readonly execution: RunExecution;
  readonly done: Promise<void>;
}

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
 * Takes assignments and stops, executes runs in order of arrival, and keeps each result until it is acknowledged.
 * Works on whether there is a connection or not.
 */
export class RunDesk implements Service {
  readonly #context: NodeContext;
  readonly #journal: JournalFile;
  readonly #book: RunBook;
  readonly #maxConcurrentRuns: number;
  readonly #pump: OutputPump;
  readonly #executions = new Map<string, OpenExecution>();
  /** Accepted, waiting for a slot. */
  readonly #queue = new Set<string>();
  /** Accepted in memory, not yet on disk. */
  readonly #arriving = new Set<string>();
  /** Ended, and the result is on disk. */
  readonly #ended = new Set<string>();
  /** Never accepted: kept in memory only, until acknowledged. */
  readonly #refusals = new Map<string, RunResult>();
  readonly #stopping = new AbortController();
  readonly #evidence: EvidenceOutbox;
  #link: Link | undefined;
  #reported = new Set<string>();

  constructor(options: RunDeskOptions) {
    this.#context = options.context;
    this.#journal = options.journal;
    this.#book = options.book;
    this.#maxConcurrentRuns = options.maxConcurrentRuns;
    this.#pump = new OutputPump(options.context);
    this.#evidence = new EvidenceOutbox({
      ...options.context,
      spool: options.context.evidence,
      random: options.random,
      onFree: (runId) => this.#report(runId),
    });
  }

  /** Goes on with what the journal holds: attempts under way first, whatever the number of slots. */
  async start(): Promise<void> {
    const states = this.#book.states();
    const kept = new Set(states.flatMap((state) => state.launches.map(attemptName)));
    await sweepRunDirectories(this.#context.runsDirectory, kept);
    await this.#evidence.recover((key) => this.#book.isOpenAttempt(key));
    for (const service of this.#context.services) await service.start();
    for (const state of states) this.#resume(state);
    this.#startNext();
  }

  /** Lets go of running steps without ending them. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.disconnected();
    for (const { execution } of this.#executions.values()) execution.detach();
    await Promise.all([...this.#executions.values()].map((open) => open.done));
    for (const service of this.#context.services) await service.stop("the node stops");
    await this.#evidence.stop();
    await this.#journal.close();
  }

  /** What `hello` tells of the journal. */
  journalledRuns(): readonly JournalledRun[] {
    return this.#book.journalledRuns().filter((run) => !this.#arriving.has(run.runId));
  }

  /** Without a target archives of artifacts stay where they are. */
  connected(link: Link, target?: EvidenceTarget): void {
    this.#link = link;
    this.#reported = new Set();
    for (const state of this.#book.states()) this.#tellWhereItStands(state);
    for (const { execution } of this.#executions.values()) execution.connected();
    for (const result of this.#refusals.values()) link.send(result);
    this.#pump.connect(link);
    this.#evidence.connected(target);
    for (const runId of this.#ended) this.#report(runId);
  }

  disconnected(): void {
    this.#link = undefined;
    this.#pump.disconnect();
    this.#evidence.disconnected();
  }

  assign(assignments: readonly Assignment[]): void {
    for (const assignment of assignments) this.#assign(assignment);
  }

  stopRuns(runs: Stop["runs"]): void {
    for (const run of runs) this.#stopRun(run);
  }

  acknowledge(ack: Ack): void {
    for (const output of ack.output) {
      this.#pump.acknowledge(output);
      this.#report(output.runId);
    }
    for (const runId of ack.results) this.#forget(runId);
  }

  #assign(assignment: Assignment): void {
    const { runId, token } = assignment;
    const known = this.#book.knownToken(runId);
    if (known !== undefined && token < known) return;
    if (known === token) return this.#acknowledgeAgain(runId, token);
    if (this.#queue.size + this.#executions.size >= nodeQueueMax) {
      return this.#refuse(assignment, `the node's queue of ${nodeQueueMax} runs is full`);
    }
    const older = this.#endOlder(runId);
    if (older !== undefined) return void older.then(() => this.#assign(assignment));
    this.#accept(assignment);
  }

  #acknowledgeAgain(runId: string, token: number): void {
    // Still on its way to the disk: it is acknowledged once it is there.
    if (!this.#arriving.has(runId)) this.#send({ type: "accepted", runId, token });
  }

  /** A newer assignment of the same run fences the older one off: whatever of it runs is ended first. */
  #endOlder(runId: string): Promise<void> | undefined {
    const state = this.#book.get(runId);
    if (state === undefined) return undefined;
    const open = this.#executions.get(runId);
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
    this.#queue.add(runId);
    this.#journal.append([record]).then(
      () => {
        this.#arriving.delete(runId);
        this.#send({ type: "accepted", runId, token });
      },
      (error: unknown) => {
        this.#arriving.delete(runId);
        this.#queue.delete(runId);
        this.#book.drop(runId);
        this.#refuse(assignment, `the node's journal cannot be written: ${messageOf(error)}`);
      },
    );
    this.#startNext();
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
    this.#refusals.set(runId, result);
    this.#send(result);
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
    if (state.result !== undefined) return this.#evidence.release(state.runId);
    this.#markStopped(state, outcome);
    const open = this.#executions.get(state.runId);
    if (open !== undefined) return open.execution.stop();
    this.#queue.delete(state.runId);
    this.#execute(state);
  }

  /** The stop overtook the assignment: should that still come, the run is known and has ended. */
  #buryUnarrived({ runId, token, outcome }: Stop["runs"][number]): void {
    const at = this.#context.clock.now();
    const stop: JournalRecord = { type: "stop", runId, token, at, outcome };
    this.#execute(this.#book.apply(stop), this.#record(runId, [stop]));
  }

  /** Ending processes does not wait for the disk: a stop that is lost in a crash is sent again. */
  #markStopped({ runId, token }: RunState, outcome: Stop["runs"][number]["outcome"]): void {
    const at = this.#context.clock.now();
    const stop: JournalRecord = { type: "stop", runId, token, at, outcome };
    this.#book.apply(stop);
    this.#record(runId, [stop]).catch((error: unknown) => {
      this.#context.logger.debug({ runId, error }, "stop not journalled");
    });
  }

  #resume(state: RunState): void {
    for (const record of state.launches) {
      if (state.current?.kind !== "launched" || state.current.record !== record) {
        const runDirectory = this.#directoryOf(record);
        const quotaBytes = this.#context.outputQuotaBytes;
        for (const spool of endedOutput(record, { runDirectory, quotaBytes }))
          this.#pump.add(spool);
      }
    }
    if (state.result !== undefined) this.#ended.add(state.runId);
    else if (state.current !== undefined || state.stop !== undefined) this.#execute(state);
    else this.#queue.add(state.runId);
  }

  #startNext(): void {
    for (const runId of this.#queue) {
      if (this.#executions.size >= this.#maxConcurrentRuns || this.#stopping.signal.aborted) return;
      this.#queue.delete(runId);
      const state = this.#book.get(runId);
      if (state !== undefined) this.#execute(state);
    }
  }

  #execute({ runId, token }: RunState, after: Promise<void> = Promise.resolve()): void {
    const execution = new RunExecution(this.#context, this.#portOf(runId, token));
    const done = this.#runToEnd(runId, { execution, after });
    this.#executions.set(runId, { execution, done });
  }

  async #runToEnd(
    runId: string,
    options: { readonly execution: RunExecution; readonly after: Promise<void> },
  ): Promise<void> {
    try {
      const running = options.execution.run();
      await options.after;
      await running;
      if (this.#book.get(runId)?.result !== undefined) this.#ended.add(runId);
    } catch (error) {
      if (!(error instanceof RunDropped)) await this.#giveUp(runId, error);
    }
    this.#executions.delete(runId);
    this.#report(runId);
    this.#startNext();
  }

  /** A defect of ours must not leave a run without an outcome. */
  async #giveUp(runId: string, error: unknown): Promise<void> {
    this.#context.logger.error({ runId, error }, "run execution failed");
    const state = this.#book.get(runId);
    if (state === undefined) return;
    const reason = `the agent failed while it executed the run: ${messageOf(error)}`;
    const result = resultOf(state, { status: "unknown", reason, at: this.#context.clock.now() });
    const record: JournalRecord = { type: "result", runId, token: state.token, result };
    this.#book.apply(record);
    try {
      await this.#record(runId, [record]);
      this.#ended.add(runId);
    } catch (cause) {
      this.#context.logger.error({ runId, cause }, "failed run not journalled");
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
        await this.#record(runId, records);
      },
      send: (report) => this.#send(report),
      watchOutput: (spool) => this.#pump.add(spool),
      outputChanged: () => this.#pump.wake(),
      artifactsKept: (attempt) => this.#evidence.add(attempt),
    };
  }

  /** A disk that refuses is tried again until it takes it: what has happened cannot be refused. */
  async #record(runId: string, records: readonly JournalRecord[]): Promise<void> {
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

  /** The result leaves only after all output has arrived, and artifacts within a while. */
  #report(runId: string): void {
    const result = this.#book.get(runId)?.result;
    if (result === undefined || !this.#ended.has(runId) || this.#link === undefined) return;
    if (this.#reported.has(runId) || !this.#pump.isDone(runId)) return;
    if (!this.#evidence.mayLeave(runId)) return;
    this.#reported.add(runId);
    this.#link.send(result);
  }

  /** After a reconnect: what `hello` did not say. */
  #tellWhereItStands(state: RunState): void {
    if (state.result !== undefined || state.startedAt === undefined) return;
    const { runId, token } = state;
    this.#send({ type: "started", runId, token, at: state.startedAt });
    for (const step of state.endedSteps) this.#send({ type: "step", runId, token, step });
  }

  #forget(runId: string): void {
    this.#refusals.delete(runId);
    const state = this.#book.get(runId);
    if (state?.result === undefined || !this.#ended.has(runId)) return;
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
    this.#ended.delete(state.runId);
    this.#reported.delete(state.runId);
    this.#queue.delete(state.runId);
    this.#pump.forget(state.runId);
    this.#evidence.forget(state.runId);
    const { endedDirectories } = this.#context;
    for (const record of state.launches) endedDirectories.add(this.#directoryOf(record));
  }

  #directoryOf(record: RunState["launches"][number]): string {
    return join(this.#context.runsDirectory, attemptName(record));
  }

  #send(report: RunReport): void {
    this.#link?.send(report);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
