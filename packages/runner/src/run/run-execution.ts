import { assert, assertNever, retryDelayMsMax } from "@courier/core";
import type { Assignment, AttemptArtifacts, StepReport } from "@courier/protocol";
import type { CanonicalStep } from "@courier/schema";
import type { Installation } from "../interpreters/interpreter.ts";
import {
  isRestartStep,
  restartDelayMs,
  takeBackRestart,
} from "../interpreters/restart-interpreter.ts";
import type { AttemptRecord, JournalRecord } from "../journal/journal-record.ts";
import { answerBytesMax, reasonLengthMax } from "../limits.ts";
import { launch, prepareLaunch, type AttemptEnd, type LaunchOptions } from "../step/launch.ts";
import { reattach } from "../step/reattach.ts";
import { prepareStep, type StepPlan } from "../step/prepare-step.ts";
import { artifactsPath, readOutput } from "../step/run-directory.ts";
import { stepEnvironment } from "../step/step-environment.ts";
import { wait } from "../wait.ts";
import { AttemptSupervisor, type AttemptVerdict } from "./attempt-supervisor.ts";
import { awaitReboot, endAfterReboot } from "./await-reboot.ts";
import { judgeAttempt, type AttemptJudgement } from "./judge-attempt.ts";
import { nextMove, type Move } from "./next-move.ts";
import type { NodeContext, RunPort } from "./node-context.ts";
import { resultOf } from "./run-result.ts";
import { attemptRecord, retryRecord } from "./attempt-records.ts";
import { applyRecord } from "./run-state.ts";
import { attemptedStep, refusedStep } from "./step-report.ts";

/** Carries one run from wherever its journal says it stands to its result. */
export class RunExecution {
  readonly #context: NodeContext;
  readonly #port: RunPort;
  readonly #detach = new AbortController();
  readonly #wake = new AbortController();
  #supervisor: AttemptSupervisor | undefined;
  /** The attempt that the service was told of on this connection. */
  #announced: AttemptRecord | undefined;
  #installation: Installation = { path: "", version: "" };

  constructor(context: NodeContext, port: RunPort) {
    this.#context = context;
    this.#port = port;
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
        return await this.#begin(move, 1);
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
    const step = this.#stepAt(move.stepNumber);
    await this.#begin({ step, stepNumber: move.stepNumber }, move.attempt);
  }

  async #begin(
    target: { readonly step: CanonicalStep; readonly stepNumber: number },
    attempt: number,
  ): Promise<void> {
    const { step, stepNumber } = target;
    const preparation = await prepareStep(step, this.#context);
    // A stop that came meanwhile finds nothing to end here; nothing may start after it.
    if (this.#wake.signal.aborted) return;
    if (!preparation.ok) {
      const at = this.#context.clock.now();
      return await this.#endStep(refusedStep(stepNumber, preparation.reason, at));
    }
    const { plan } = preparation;
    await this.#launch(
      plan,
      attemptRecord(plan, { ...this.#moment(), stepNumber, attempt, launch: 1 }),
    );
  }

  /** Journal first, then execute: after a crash between the two, the directory without a wrapper proves that nothing ran. */
  async #launch(plan: StepPlan, record: AttemptRecord): Promise<void> {
    const supervisor = new AttemptSupervisor(record, this.#context, this.#port);
    const options = this.#launchOptions({ plan, record, runDirectory: supervisor.runDirectory });
    const isFirst = this.#port.state().startedAt === undefined;
    const durable = this.#port.record([record]);
    const failure = prepareLaunch(options);
    await durable;
    const { runId, token, at } = record;
    if (isFirst) this.#port.send({ type: "started", runId, token, at });
    // Once it has been started there may be no time left to say so.
    if (isRestartStep(this.#stepAt(record.stepNumber))) this.#announceOnce(record);
    this.#supervisor = supervisor;
    this.#installation = plan.installation;
    const ended = this.#startUnlessStopped(options, failure);
    await this.#follow(supervisor, { record, ended });
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
    return Promise.race([launch(options), aborted]);
  }

  /** An earlier agent process launched this: supervise it by its run directory. */
  async #takeOver(record: AttemptRecord): Promise<void> {
    const supervisor = new AttemptSupervisor(record, this.#context, this.#port);
    this.#supervisor = supervisor;
    const stop = this.#port.state().stop;
    if (stop !== undefined) supervisor.end(stop);
    const { clock, bootId, interpreters } = this.#context;
    const step = this.#stepAt(record.stepNumber);
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
    await this.#follow(supervisor, { record, ended });
  }

  async #follow(
    supervisor: AttemptSupervisor,
    options: {
      readonly record: AttemptRecord;
      readonly ended: Promise<AttemptEnd | undefined>;
    },
  ): Promise<void> {
    const { record } = options;
    const step = this.#stepAt(record.stepNumber);
    const { timeoutSeconds } = step.limits;
    const passedMs = this.#context.clock.now() - record.at;
    const over = new AbortController();
    const ended = isRestartStep(step) ? this.#awaitReboot(options, over.signal) : options.ended;
    const verdict = await supervisor.follow(ended, {
      remainingMs: timeoutSeconds > 0 ? timeoutSeconds * 1000 - passedMs : undefined,
      onTick: () => this.#announceOnce(record),
    });
    over.abort();
    this.#supervisor = undefined;
    if (verdict === undefined) return;
    if (isRestartStep(step) && verdict.cause !== undefined) this.#takeBackRestart();
    if (verdict.end.kind === "abandoned" && verdict.cause === undefined) {
      return await this.#launchAgain(record);
    }
    await this.#settle(record, { verdict, supervisor });
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
    const dueAt = record.at + restartDelayMs(this.#stepAt(record.stepNumber));
    return await awaitReboot(ended, { clock, dueAt, signal });
  }

  #takeBackRestart(): void {
    const { path } = this.#installation;
    if (path !== "") takeBackRestart(path);
  }

  /** Provably nothing was executed, so the same attempt may begin once more, in a directory of its own. */
  async #launchAgain(record: AttemptRecord): Promise<void> {
    const preparation = await prepareStep(this.#stepAt(record.stepNumber), this.#context);
    if (this.#wake.signal.aborted) return;
    if (!preparation.ok) {
      const at = this.#context.clock.now();
      return await this.#endStep(refusedStep(record.stepNumber, preparation.reason, at));
    }
    const { stepNumber, attempt } = record;
    const { plan } = preparation;
    const next = attemptRecord(plan, {
      ...this.#moment(),
      stepNumber,
      attempt,
      launch: record.launch + 1,
    });
    await this.#launch(plan, next);
  }

  async #settle(
    record: AttemptRecord,
    outcome: { readonly verdict: AttemptVerdict; readonly supervisor: AttemptSupervisor },
  ): Promise<void> {
    const step = this.#stepAt(record.stepNumber);
    const { spoolBytesMax } = this.#context;
    const { timeoutSeconds } = step.limits;
    const judged = judgeAttempt(outcome.verdict, { timeoutSeconds, spoolBytesMax });
    const judgement = this.#explain(judged, { step, supervisor: outcome.supervisor });
    const { runDirectory } = outcome.supervisor;
    const artifacts = await this.#context.evidence.keep(record, { runDirectory, step });
    if (this.#mayRetry(step, record.attempt, judgement)) {
      const at = this.#context.clock.now();
      await this.#port.record([retryRecord(step, { failed: record, at, artifacts })]);
      this.#announce(record, `attempt ${record.attempt}: ${judgement.reason}`);
    } else {
      const report = this.#report(record, { judgement, artifacts, supervisor: outcome.supervisor });
      await this.#endStep(report, judgement.isUnknown ? judgement.reason : undefined);
    }
    if (artifacts !== undefined && artifacts.sha256 !== "") this.#port.artifactsKept(record);
  }

  /** A step that failed by its exit code may have said why, in the way of its interpreter. */
  #explain(
    judgement: AttemptJudgement,
    { step, supervisor }: { readonly step: CanonicalStep; readonly supervisor: AttemptSupervisor },
  ): AttemptJudgement {
    if (judgement.status !== "failure" || judgement.exitCode === null) return judgement;
    const why = this.#context.interpreters.explainFailure(step.interpreter.name, () =>
      readOutput(supervisor.runDirectory, "stdout", answerBytesMax),
    );
    if (why === undefined) return judgement;
    return { ...judgement, reason: `${judgement.reason}: ${why.slice(0, reasonLengthMax)}` };
  }

  #mayRetry(step: CanonicalStep, attempt: number, judgement: AttemptJudgement): boolean {
    if (judgement.status === "success" || judgement.isUnknown) return false;
    return this.#port.state().stop === undefined && attempt <= step.retryCount;
  }

  /** One write for the step and, when it was the last, for the run. */
  async #endStep(step: StepReport, unknownReason?: string): Promise<void> {
    const { runId, token } = this.#port.state();
    const ended: JournalRecord = { type: "step-ended", runId, token, step };
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

  #launchOptions(options: {
    readonly plan: StepPlan;
    readonly record: AttemptRecord;
    readonly runDirectory: string;
  }): LaunchOptions {
    const { plan, record, runDirectory } = options;
    const { wrapperPath, bootId, agentEnvironment, killGraceMs } = this.#context;
    const { inputs, limits } = this.#stepAt(record.stepNumber);
    const environment = stepEnvironment({
      agentEnvironment,
      account: plan.account,
      inputs,
      key: record,
      instanceId: this.#assignment().instanceId,
      interpreterEnvironment: plan.process.environment,
      artifactsDirectory: artifactsPath(runDirectory),
    });
    // The agent's own limit comes first; the wrapper's is for when no agent is there.
    const timeoutSeconds = limits.timeoutSeconds > 0 ? Math.ceil(limits.timeoutSeconds) + 1 : 0;
    const graceSeconds = Math.ceil(killGraceMs / 1000);
    return {
      ...{ wrapperPath, runDirectory, plan, environment, bootId },
      ...{ timeoutSeconds, graceSeconds },
    };
  }

  #report(
    record: AttemptRecord,
    outcome: {
      readonly judgement: AttemptJudgement;
      readonly artifacts: AttemptArtifacts | undefined;
      readonly supervisor: AttemptSupervisor;
    },
  ): StepReport {
    const { judgement, artifacts, supervisor } = outcome;
    const { status, reason, exitCode } = judgement;
    const { stdout, stderr } = supervisor;
    return attemptedStep({
      stepNumber: record.stepNumber,
      ...{ status, reason, exitCode },
      attemptCount: record.attempt,
      installation: this.#installation,
      startedAt: this.#port.state().current?.stepStartedAt ?? record.at,
      finishedAt: this.#context.clock.now(),
      outputBytes: stdout.size + stderr.size,
      outputDroppedBytes: stdout.droppedBytes + stderr.droppedBytes,
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
    const isRebooting = isRestartStep(this.#stepAt(stepNumber)) && reason === "";
    const step = attemptedStep({
      stepNumber,
      ...{ status: isRebooting ? "active" : "running", reason, exitCode: null },
      attemptCount: attempt,
      installation: this.#installation,
      startedAt: this.#port.state().current?.stepStartedAt ?? record.at,
      ...{ finishedAt: null, outputBytes: 0, outputDroppedBytes: 0 },
    });
    this.#port.send({ type: "step", runId, token, step });
  }

  #assignment(): Assignment {
    const { assignment, runId } = this.#port.state();
    assert(assignment !== undefined, `run ${runId} has no assignment`);
    return assignment;
  }

  #stepAt(stepNumber: number): CanonicalStep {
    const step = this.#assignment().steps[stepNumber - 1];
    assert(step !== undefined, `run has no step ${stepNumber}`);
    return step;
  }
}
