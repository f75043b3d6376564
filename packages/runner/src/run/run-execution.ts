import { assertNever, retryDelayMsMax, type Values } from "@courier/core";
import type { AttemptArtifacts, StepReport } from "@courier/protocol";
import type { CanonicalStep } from "@courier/schema";
import type { Installation } from "../interpreters/interpreter.ts";
import {
  isRestartStep,
  restartDelayMs,
  takeBackRestart,
} from "../interpreters/restart-interpreter.ts";
import type { AttemptRecord, JournalRecord } from "../journal/journal-record.ts";
import { prepareLaunch, type AttemptEnd, type LaunchOptions } from "../step/launch.ts";
import { reattach } from "../step/reattach.ts";
import { prepareStep, type StepPlan, type StepPreparation } from "../step/prepare-step.ts";
import { wait } from "../wait.ts";
import { AttemptSupervisor, type AttemptVerdict } from "./attempt-supervisor.ts";
import { awaitReboot, endAfterReboot } from "./await-reboot.ts";
import { outcomeOf, type AttemptOutcome } from "./attempt-outcome.ts";
import type { AttemptJudgement } from "./judge-attempt.ts";
import { launchOptionsOf } from "./launch-options.ts";
import { nextMove, type Move } from "./next-move.ts";
import type { NodeContext, RunPort } from "./node-context.ts";
import { resultOf } from "./run-result.ts";
import { applyRecord } from "./run-state.ts";
import { attemptedStep, refusedStep, skippedStep, type Unstarted } from "./step-report.ts";
import { attemptRecord, retryRecord } from "./attempt-records.ts";
import { RunSteps } from "./run-steps.ts";
import { launchedQuota, stepQuota, type StepQuota } from "./step-quota.ts";
import type { StepVariables } from "./step-variables.ts";

/** Carries one run from wherever its journal says it stands to its result. */
export class RunExecution {
  readonly #context: NodeContext;
  readonly #port: RunPort;
  readonly #detach = new AbortController();
  readonly #wake = new AbortController();
  #supervisor: AttemptSupervisor | undefined;
  /** The attempt that the service was told of on this connection. */
  #announced: AttemptRecord | undefined;
  readonly #steps: RunSteps;
  #installation: Installation = { path: "", version: "" };

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
    this.#wake.abort();
    const outcome = this.#port.state().stop;
    if (outcome !== undefined) this.#supervisor?.end(outcome);
  }

  /** There is a new connection: what was said on the old one may be lost. */
  connected(): void {
    this.#announced = undefined;
  }

  /** The agent stops: lets go of a running step without ending it. */
  detach(): void {
    this.#detach.abort();
    this.#wake.abort();
  }

  async #make(move: Exclude<Move, { readonly kind: "report" }>): Promise<void> {
    switch (move.kind) {
      case "launch":
        return await this.#begin(move.stepNumber, 1);
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
    if (!(await wait(this.#context.clock, cappedMs, this.#wake.signal))) return;
    await this.#begin(move.stepNumber, move.attempt);
  }

  async #begin(stepNumber: number, attempt: number): Promise<void> {
    const plan = await this.#prepare(stepNumber);
    if (plan === undefined) return;
    const launch = { ...this.#moment(), stepNumber, attempt, launch: 1 };
    await this.#launch(plan, attemptRecord(plan, launch));
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
    if (this.#wake.signal.aborted) return undefined;
    if (preparation.ok) return preparation.plan;
    await this.#endStep(refusedStep(unstarted(preparation.reason)));
    return undefined;
  }

  /** Journal first, then execute: after a crash between the two, the directory without a wrapper proves that nothing ran. */
  async #launch(plan: StepPlan, record: AttemptRecord): Promise<void> {
    const variables = this.#steps.variables(record.stepNumber);
    const supervisor = this.#supervise(record, variables);
    const options = launchOptionsOf({
      ...{ plan, record, variables, context: this.#context, assignment: this.#steps.assignment() },
      runDirectory: supervisor.runDirectory,
    });
    const quota = stepQuota(record, { limits: plan.step.limits, quotas: this.#context.cpuQuotas });
    const isFirst = this.#port.state().startedAt === undefined;
    const durable = this.#port.record([record]);
    const failure = prepareLaunch(options, {
      prepareOutput: () => supervisor.prepareOutput(),
      spares: this.#context.spareDirectories,
    });
    await durable;
    const { runId, token, at } = record;
    if (isFirst) this.#port.send({ type: "started", runId, token, at });
    // Once it has been started there may be no time left to say so.
    if (isRestartStep(this.#steps.at(record.stepNumber))) this.#announceOnce(record);
    this.#supervisor = supervisor;
    this.#installation = plan.installation;
    const ended = this.#startUnlessStopped({ ...options, admit: quota.admit }, failure);
    await this.#follow(supervisor, { record, ended, quota });
  }

  #startUnlessStopped(
    options: LaunchOptions,
    failure: string | undefined,
  ): Promise<AttemptEnd | undefined> {
    if (this.#detach.signal.aborted) return Promise.resolve(undefined);
    if (this.#wake.signal.aborted) {
      this.stop();
      const reason = "stopped before it was started";
      return Promise.resolve({ kind: "notStarted", reason });
    }
    if (failure !== undefined) return Promise.resolve({ kind: "notStarted", reason: failure });
    const aborted = new Promise<undefined>((resolve) => {
      this.#detach.signal.addEventListener("abort", () => resolve(undefined), { once: true });
    });
    return Promise.race([this.#context.launcher.launch(options), aborted]);
  }

  /** An earlier agent process launched this: supervise it by its run directory. */
  async #takeOver(record: AttemptRecord): Promise<void> {
    const supervisor = this.#supervise(record, this.#steps.variables(record.stepNumber));
    supervisor.prepareOutput();
    this.#supervisor = supervisor;
    const stop = this.#port.state().stop;
    if (stop !== undefined) supervisor.end(stop);
    const { clock, bootId, interpreters } = this.#context;
    const step = this.#steps.at(record.stepNumber);
    this.#installation = interpreters.installationOf(step.interpreter.name);
    const hasRebooted = isRestartStep(step) && record.bootId !== bootId;
    const ended = hasRebooted
      ? Promise.resolve(endAfterReboot(supervisor.runDirectory))
      : reattach({
          runDirectory: supervisor.runDirectory,
          launchBootId: record.bootId,
          currentBootId: bootId,
          clock,
          signal: this.#detach.signal,
        });
    const quota = launchedQuota(record, { limits: step.limits, quotas: this.#context.cpuQuotas });
    await this.#follow(supervisor, { record, ended, quota });
  }

  async #follow(
    supervisor: AttemptSupervisor,
    options: {
      readonly record: AttemptRecord;
      readonly ended: Promise<AttemptEnd | undefined>;
      readonly quota: StepQuota;
    },
  ): Promise<void> {
    const { record, quota } = options;
    const step = this.#steps.at(record.stepNumber);
    const { timeoutSeconds } = step.limits;
    const passedMs = this.#context.clock.now() - record.at;
    const over = new AbortController();
    const ended = isRestartStep(step) ? this.#awaitReboot(options, over.signal) : options.ended;
    const verdict = await supervisor.follow(ended, {
      remainingMs: timeoutSeconds > 0 ? timeoutSeconds * 1000 - passedMs : undefined,
      onTick: () => this.#announceOnce(record),
    });
    // With a reason, because without one an error is made, with its stack.
    over.abort("over");
    this.#supervisor = undefined;
    if (verdict === undefined) return;
    if (isRestartStep(step) && verdict.cause !== undefined) this.#takeBackRestart();
    if (verdict.end.kind === "abandoned" && verdict.cause === undefined) {
      await supervisor.finishOutput(this.#steps.variables(record.stepNumber).secretMask(), {
        withheld: undefined,
      });
      return await this.#launchAgain(record);
    }
    quota.release();
    await this.#settle(record, { verdict, supervisor, notes: quota.notes });
  }

  /** The attempt ends in this boot only when it has failed; the next boot's agent finds that it has succeeded. */
  async #awaitReboot(
    attempt: { readonly record: AttemptRecord; readonly ended: Promise<AttemptEnd | undefined> },
    over: AbortSignal,
  ): Promise<AttemptEnd | undefined> {
    const { record, ended } = attempt;
    const { clock, bootId } = this.#context;
    if (record.bootId !== bootId) return await ended;
    const signal = AbortSignal.any([over, this.#detach.signal]);
    const dueAt = record.at + restartDelayMs(this.#steps.at(record.stepNumber));
    return await awaitReboot(ended, { clock, dueAt, signal });
  }

  #takeBackRestart(): void {
    const { path } = this.#installation;
    if (path !== "") takeBackRestart(path);
  }

  /** Provably nothing was executed, so the same attempt may begin once more, in a directory of its own. */
  async #launchAgain(record: AttemptRecord): Promise<void> {
    const plan = await this.#prepare(record.stepNumber);
    if (plan === undefined) return;
    const { stepNumber, attempt } = record;
    const launch = { ...this.#moment(), stepNumber, attempt, launch: record.launch + 1 };
    await this.#launch(plan, attemptRecord(plan, launch));
  }

  async #settle(
    record: AttemptRecord,
    options: {
      readonly verdict: AttemptVerdict;
      readonly supervisor: AttemptSupervisor;
      readonly notes: readonly string[];
    },
  ): Promise<void> {
    const step = this.#steps.at(record.stepNumber);
    const variables = this.#steps.variables(record.stepNumber);
    const attempt = { ...options, step, variables };
    const outcome = await outcomeOf(attempt, this.#context);
    const { judgement, secrets, privacy } = outcome;
    const { runDirectory } = options.supervisor;
    const kept = { runDirectory, step, privacy };
    const artifacts = await this.#context.evidence.keep(record, kept);
    if (this.#mayRetry(step, record.attempt, judgement)) {
      const at = this.#context.clock.now();
      const retry = retryRecord(step, { failed: record, at, artifacts, secrets });
      await this.#port.record([retry]);
      const next = `attempt ${record.attempt + 1} at ${new Date(retry.retryAt).toISOString()}`;
      this.#announce(record, `attempt ${record.attempt}: ${judgement.reason}; ${next}`);
    } else {
      const ended = { outcome, artifacts, supervisor: options.supervisor };
      const unknownReason = judgement.isUnknown ? judgement.reason : undefined;
      await this.#endStep(this.#report(record, ended), { values: outcome.values, unknownReason });
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

  #moment(): Pick<AttemptRecord, "runId" | "token" | "bootId" | "at"> {
    const { runId, token } = this.#port.state();
    const { bootId, clock } = this.#context;
    return { runId, token, bootId, at: clock.now() };
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

  #report(
    record: AttemptRecord,
    ended: {
      readonly outcome: AttemptOutcome;
      readonly artifacts: AttemptArtifacts | undefined;
      readonly supervisor: AttemptSupervisor;
    },
  ): StepReport {
    const { outcome, artifacts } = ended;
    const { status, reason, exitCode } = outcome.judgement;
    const { stdout, stderr } = ended.supervisor;
    return attemptedStep({
      stepNumber: record.stepNumber,
      ...{ status, reason, exitCode },
      attemptCount: record.attempt,
      installation: this.#installation,
      startedAt: this.#port.state().current?.stepStartedAt ?? record.at,
      finishedAt: this.#context.clock.now(),
      outputBytes: stdout.size + stderr.size,
      outputDroppedBytes: stdout.droppedBytes + stderr.droppedBytes,
      inputs: this.#steps.variables(record.stepNumber).shownInputs,
      outputs: outcome.shownOutputs,
      artifacts: [...this.#port.state().artifacts, ...(artifacts === undefined ? [] : [artifacts])],
    });
  }

  /** Steps that end within a tick are told by their end alone: the fast path stays one message shorter. */
  #announceOnce(record: AttemptRecord): void {
    if (this.#announced === record) return;
    this.#announced = record;
    this.#announce(record, "");
  }

  /** Tells the service, for display, which attempt is running or why the next one is waited for. */
  #announce(record: AttemptRecord, reason: string): void {
    const { runId, token, stepNumber, attempt } = record;
    const isRebooting = isRestartStep(this.#steps.at(stepNumber)) && reason === "";
    const step = attemptedStep({
      stepNumber,
      ...{ status: isRebooting ? "active" : "running", reason, exitCode: null },
      attemptCount: attempt,
      installation: this.#installation,
      startedAt: this.#port.state().current?.stepStartedAt ?? record.at,
      ...{ finishedAt: null, outputBytes: 0, outputDroppedBytes: 0, outputs: "" },
      inputs: this.#steps.variables(stepNumber).shownInputs,
    });
    this.#port.send({ type: "step", runId, token, step });
  }

  #supervise(record: AttemptRecord, { masking }: StepVariables): AttemptSupervisor {
    return new AttemptSupervisor(record, this.#context, { port: this.#port, masking });
  }
}
