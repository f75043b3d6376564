import { assertNever, retryDelayMsMax, type Values } from "@courier/core";
import type { StepReport } from "@courier/protocol";
import type { CanonicalStep } from "@courier/schema";
import type { AttemptRecord, JournalRecord } from "../journal/journal-record.ts";
import { ordersAwaitedMs, serviceAwaitedMs } from "../limits.ts";
import { prepareStep, type StepPlan, type StepPreparation } from "../step/prepare-step.ts";
import { wait } from "../wait.ts";
import { AttemptExecution, type EndedAttempt } from "./attempt-execution.ts";
import { outcomeOf } from "./attempt-outcome.ts";
import { attemptRecord, retryRecord } from "./attempt-records.ts";
import type { AttemptJudgement } from "./judge-attempt.ts";
import { nextMove, type Move } from "./next-move.ts";
import type { NodeContext, RunPort } from "./node-context.ts";
import { resultOf } from "./run-result.ts";
import { applyRecord } from "./run-state.ts";
import { RunSteps } from "./run-steps.ts";
import { refusedStep, skippedStep, type Unstarted } from "./step-report.ts";

/** Carries one run from wherever its journal says it stands to its result. */
export class RunExecution {
  readonly #context: NodeContext;
  readonly #port: RunPort;
  readonly #detach = new AbortController();
  readonly #halt = new AbortController();
  readonly #steps: RunSteps;
  /** Aborts when there is the first connection. */
  readonly #reached = new AbortController();
  /** The machine has booted while this run was under way, and nothing was started since. */
  #isAfterBoot = false;
  /** Launched, and not over. */
  #attempt: AttemptExecution | undefined;

  constructor(context: NodeContext, port: RunPort) {
    this.#context = context;
    this.#port = port;
    this.#steps = new RunSteps(port);
  }

  /** Resolves when the result is in the journal, or after `detach`. */
  async run(): Promise<void> {
    for (;;) {
      const move = nextMove(this.#port.state());
      if (move.kind === "report" || this.#detach.signal.aborted) return;
      await this.#make(move);
    }
  }

  /** The state has a `stop` now: ends a running step or a wait at once. */
  stop(): void {
    this.#halt.abort();
    this.#attempt?.stop();
  }

  /** There is a new connection: what was said on the old one may be lost. */
  connected(): void {
    this.#reached.abort();
    this.#attempt?.connected();
  }

  /** The agent stops: lets go of a running step without ending it. */
  detach(): void {
    this.#detach.abort();
    this.#halt.abort();
  }

  async #make(move: Exclude<Move, { readonly kind: "report" }>): Promise<void> {
    switch (move.kind) {
      case "launch":
        if (this.#isAfterBoot) await this.#listen();
        // A stop that came meanwhile makes another move.
        if (this.#halt.signal.aborted) return;
        return await this.#begin({ stepNumber: move.stepNumber, attempt: 1, launch: 1 });
      case "wait":
        return await this.#waitForRetry(move);
      case "supervise":
        return await this.#takeOver(move.record);
      case "conclude":
        return await this.#port.record([this.#resultRecord(move)]);
      default:
        return assertNever(move, "move");
    }
  }

  /** The wall clock may have jumped: never wait longer than the longest delay that there is. */
  async #waitForRetry(move: Extract<Move, { readonly kind: "wait" }>): Promise<void> {
    const delayMs = move.until - this.#context.clock.now();
    const cappedMs = Math.min(Math.max(delayMs, 0), retryDelayMsMax);
    if (!(await wait(this.#context.clock, cappedMs, this.#halt.signal))) return;
    await this.#begin({ stepNumber: move.stepNumber, attempt: move.attempt, launch: 1 });
  }

  async #begin(launch: Pick<AttemptRecord, "stepNumber" | "attempt" | "launch">): Promise<void> {
    const plan = await this.#prepare(launch.stepNumber);
    if (plan === undefined) return;
    const { runId, token } = this.#port.state();
    const { bootId, clock } = this.#context;
    const record = attemptRecord(plan, { runId, token, bootId, at: clock.now(), ...launch });
    const attempt = this.#open(record);
    await this.#close(attempt, await attempt.launch(plan));
  }

  /**
   * A cancel may have waited for the node while it was down: what comes after a boot is started when the service has had
   * the time to say so. One that is away holds nothing up.
   */
  async #listen(): Promise<void> {
    this.#isAfterBoot = false;
    const { clock } = this.#context;
    const awaited = AbortSignal.any([this.#reached.signal, this.#halt.signal]);
    if (await wait(clock, serviceAwaitedMs, awaited)) return;
    await wait(clock, ordersAwaitedMs, this.#halt.signal);
  }

  async #takeOver(record: AttemptRecord): Promise<void> {
    this.#isAfterBoot = record.bootId !== this.#context.bootId;
    const attempt = this.#open(record);
    await this.#close(attempt, await attempt.takeOver());
  }

  #open(record: AttemptRecord): AttemptExecution {
    this.#attempt = new AttemptExecution(record, {
      ...{ context: this.#context, port: this.#port, steps: this.#steps },
      ...{ detached: this.#detach.signal, halted: this.#halt.signal },
    });
    return this.#attempt;
  }

  async #close(attempt: AttemptExecution, ended: EndedAttempt | undefined): Promise<void> {
    this.#attempt = undefined;
    if (ended === undefined) return;
    const { end, cause } = ended.verdict;
    if (end.kind !== "abandoned" || cause !== undefined) return await this.#settle(attempt, ended);
    // Provably nothing was executed, so the same attempt may begin once more, in a directory of its own.
    const { stepNumber, attempt: number, launch } = attempt.record;
    const secrets = this.#steps.variables(stepNumber).secretMask();
    await ended.supervisor.finishOutput(secrets, { withheld: undefined });
    await this.#begin({ stepNumber, attempt: number, launch: launch + 1 });
  }

  /** The plan of a step that is to be started. Undefined: it has ended without a start, or the run is being stopped. */
  async #prepare(stepNumber: number): Promise<StepPlan | undefined> {
    const variables = this.#steps.variables(stepNumber);
    const { resolved } = variables;
    const unstarted = (reason: string): Unstarted => ({
      stepNumber,
      reason: variables.secretMask().maskText(reason),
      at: this.#context.clock.now(),
      inputs: variables.shownInputs,
    });
    if (resolved.kind === "skip") {
      await this.#endStep(skippedStep(unstarted(resolved.reason)));
      return undefined;
    }
    const refusal = resolved.kind === "fail" ? resolved.reason : variables.tooMuch();
    const preparation: StepPreparation =
      resolved.kind === "run" && refusal === undefined
        ? await prepareStep(resolved.step, this.#context)
        : { ok: false, reason: refusal ?? "" };
    // A stop that came meanwhile finds nothing to end here; nothing may start after it.
    if (this.#halt.signal.aborted) return undefined;
    if (preparation.ok) return preparation.plan;
    await this.#endStep(refusedStep(unstarted(preparation.reason)));
    return undefined;
  }

  async #settle(attempt: AttemptExecution, ended: EndedAttempt): Promise<void> {
    const { record } = attempt;
    const step = this.#steps.at(record.stepNumber);
    const variables = this.#steps.variables(record.stepNumber);
    const outcome = await outcomeOf({ ...ended, step, variables }, this.#context);
    const { judgement, secrets, privacy } = outcome;
    const { runDirectory } = ended.supervisor;
    const kept = { runDirectory, step, privacy };
    const artifacts = await this.#context.evidence.keep(record, kept);
    if (this.#mayRetry(step, record.attempt, judgement)) {
      const at = this.#context.clock.now();
      const retry = retryRecord(step, { failed: record, at, artifacts, secrets });
      await this.#port.record([retry]);
      const next = `attempt ${record.attempt + 1} at ${new Date(retry.retryAt).toISOString()}`;
      attempt.announce(`attempt ${record.attempt}: ${judgement.reason}; ${next}`);
    } else {
      const unknownReason = judgement.isUnknown ? judgement.reason : undefined;
      const report = attempt.report(outcome, artifacts);
      await this.#endStep(report, { values: outcome.values, unknownReason });
    }
    if (artifacts !== undefined && artifacts.sha256 !== "") this.#port.artifactsKept(record);
  }

  #mayRetry(step: CanonicalStep, attempt: number, judgement: AttemptJudgement): boolean {
    if (judgement.status === "success" || judgement.isUnknown) return false;
    return this.#port.state().stop === undefined && attempt <= step.retryCount;
  }

  /** One write for the step and, when it was the last, for the run. */
  async #endStep(
    step: StepReport,
    {
      values = {},
      unknownReason,
    }: { readonly values?: Values; readonly unknownReason?: string | undefined } = {},
  ): Promise<void> {
    const { runId, token } = this.#port.state();
    const produced = Object.keys(values).length === 0 ? {} : { values };
    const ended: JournalRecord = { type: "step-ended", runId, token, step, ...produced };
    const after = nextMove(applyRecord(this.#port.state(), ended));
    const conclusion =
      unknownReason === undefined
        ? after
        : ({ kind: "conclude", status: "unknown", reason: unknownReason } as const);
    if (conclusion.kind === "conclude") {
      return await this.#port.record([ended, this.#resultRecord(conclusion, ended)]);
    }
    await this.#port.record([ended]);
    this.#port.send({ type: "step", runId, token, step });
  }

  #resultRecord(
    conclusion: Extract<Move, { readonly kind: "conclude" }>,
    before?: JournalRecord,
  ): JournalRecord {
    const current = this.#port.state();
    const state = before === undefined ? current : applyRecord(current, before);
    const { status, reason } = conclusion;
    const result = resultOf(state, { status, reason, at: this.#context.clock.now() });
    return { type: "result", runId: state.runId, token: state.token, result };
  }
}
