import { join } from "node:path";
import type { Ack, RunReport, RunResult } from "@courier/protocol";
import { EvidenceOutbox } from "../evidence/evidence-outbox.ts";
import type { EvidenceTarget } from "../evidence/send-archive.ts";
import type { AttemptRecord } from "../journal/journal-record.ts";
import { endedOutput, type OutputSpool } from "../step/output-spool.ts";
import { attemptName } from "../step/run-directory.ts";
import type { Link } from "./link.ts";
import type { NodeContext } from "./node-context.ts";
import { OutputPump } from "./output-pump.ts";
import type { RunBook } from "./run-book.ts";
import type { RunState } from "./run-state.ts";

/**
 * Tells the service of runs, on whatever connection there is: where they stand, their output, their artifacts, and
 * their results, each in its order and until it is acknowledged.
 */
export class RunReports {
  readonly #context: NodeContext;
  readonly #book: RunBook;
  readonly #pump: OutputPump;
  readonly #evidence: EvidenceOutbox;
  /** Ended, and the result is on disk. */
  readonly #ended = new Set<string>();
  /** Never accepted: kept in memory only, until acknowledged. */
  readonly #refusals = new Map<string, RunResult>();
  #link: Link | undefined;
  /** Whose result was sent on this connection. */
  #reported = new Set<string>();

  constructor(
    context: NodeContext,
    options: { readonly book: RunBook; readonly random: () => number },
  ) {
    this.#context = context;
    this.#book = options.book;
    this.#pump = new OutputPump(context);
    this.#evidence = new EvidenceOutbox({
      ...context,
      spool: context.evidence,
      random: options.random,
      onFree: (runId) => this.#report(runId),
    });
  }

  /** Goes on with what an earlier agent left to be told. */
  async recover(): Promise<void> {
    await this.#evidence.recover((key) => this.#book.isOpenAttempt(key));
    for (const state of this.#book.states()) {
      for (const spool of this.#endedOutput(state)) this.#pump.add(spool);
      if (state.result !== undefined) this.#ended.add(state.runId);
    }
  }

  async stop(): Promise<void> {
    await this.#evidence.stop();
  }

  /** Without a target archives of artifacts stay where they are. */
  connected(link: Link, target: EvidenceTarget | undefined): void {
    this.#link = link;
    this.#reported = new Set();
    for (const state of this.#book.states()) this.#tellWhereItStands(state);
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

  /** Sends if connected. */
  send(report: RunReport): void {
    this.#link?.send(report);
  }

  /** The result of a run that was not accepted: sent on every connection until it is acknowledged. */
  refuse(result: RunResult): void {
    this.#refusals.set(result.runId, result);
    this.send(result);
  }

  watchOutput(spool: OutputSpool): void {
    this.#pump.add(spool);
  }

  outputChanged(): void {
    this.#pump.wake();
  }

  artifactsKept(attempt: AttemptRecord): void {
    this.#evidence.add(attempt);
  }

  /** The service wants the run's end: its result waits for artifacts no longer. */
  releaseResult(runId: string): void {
    this.#evidence.release(runId);
  }

  /** The run is executed no longer, and its result on disk if it has one. */
  ended(runId: string): void {
    if (this.#book.get(runId)?.result !== undefined) {
      this.#ended.add(runId);
      // A result waits for output that is final, which it is not yet where the execution broke off.
      this.#pump.close(runId);
    }
    this.#report(runId);
  }

  acknowledgeOutput(output: Ack["output"]): void {
    for (const part of output) {
      this.#pump.acknowledge(part);
      this.#report(part.runId);
    }
  }

  /** The service has the run's result: its state, if there is something to be let go of. */
  acknowledgeResult(runId: string): RunState | undefined {
    this.#refusals.delete(runId);
    const state = this.#book.get(runId);
    return state?.result === undefined || !this.#ended.has(runId) ? undefined : state;
  }

  /** Nothing of this run is to be told any more. */
  letGo(state: RunState): void {
    this.#ended.delete(state.runId);
    this.#reported.delete(state.runId);
    this.#pump.forget(state.runId);
    this.#evidence.forget(state.runId);
    const { endedDirectories } = this.#context;
    for (const record of state.launches) endedDirectories.add(this.#directoryOf(record));
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
    this.send({ type: "started", runId, token, at: state.startedAt });
    for (const step of state.endedSteps) this.send({ type: "step", runId, token, step });
  }

  /** Of launches that are over. */
  #endedOutput({ launches, current }: RunState): readonly OutputSpool[] {
    const open = current?.kind === "launched" ? current.record : undefined;
    const quotaBytes = this.#context.outputQuotaBytes;
    return launches
      .filter((record) => record !== open)
      .flatMap((record) =>
        endedOutput(record, { runDirectory: this.#directoryOf(record), quotaBytes }),
      );
  }

  #directoryOf(record: AttemptRecord): string {
    return join(this.#context.runsDirectory, attemptName(record));
  }
}
