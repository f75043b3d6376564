import type { AttemptArtifacts, StepReport } from "@courier/protocol";
import type { CanonicalStep } from "@courier/schema";
import type { Installation } from "../interpreters/interpreter.ts";
import {
  isRestartStep,
  restartDelayMs,
  takeBackRestart,
} from "../interpreters/restart-interpreter.ts";
import type { AttemptRecord } from "../journal/journal-record.ts";
import { prepareLaunch, type AttemptEnd, type LaunchOptions } from "../step/launch.ts";
import type { StepPlan } from "../step/prepare-step.ts";
import { reattach } from "../step/reattach.ts";
import type { AttemptOutcome } from "./attempt-outcome.ts";
import { AttemptSupervisor, type AttemptVerdict } from "./attempt-supervisor.ts";
import { awaitReboot, endAfterReboot } from "./await-reboot.ts";
import { launchOptionsOf } from "./launch-options.ts";
import type { NodeContext, RunPort } from "./node-context.ts";
import type { RunSteps } from "./run-steps.ts";
import { attemptedStep } from "./step-report.ts";
import { launchedQuota, stepQuota, type StepQuota } from "./step-quota.ts";

/** An attempt that is over. */
export interface EndedAttempt {
  readonly verdict: AttemptVerdict;
  readonly supervisor: AttemptSupervisor;
  /** What a person has to know beside the outcome. */
  readonly notes: readonly string[];
}

/** What an attempt needs to know of the run that it belongs to. */
export interface AttemptOptions {
  readonly context: NodeContext;
  readonly port: RunPort;
  readonly steps: RunSteps;
  /** The agent stops. */
  readonly detached: AbortSignal;
  /** The agent or the run stops. */
  readonly halted: AbortSignal;
}

/**
 * Carries one launch of an attempt to its end, whether it begins now or an earlier agent began it, and tells the
 * service how it stands.
 */
export class AttemptExecution {
  readonly record: AttemptRecord;
  readonly #options: AttemptOptions;
  readonly #step: CanonicalStep;
  readonly #supervisor: AttemptSupervisor;
  #installation: Installation = { path: "", version: "" };
  /** There may be something to end. */
  #isUnderWay = false;
  /** The service was told of it on this connection. */
  #isAnnounced = false;

  constructor(record: AttemptRecord, options: AttemptOptions) {
    const { context, port, steps } = options;
    this.record = record;
    this.#options = options;
    this.#step = steps.at(record.stepNumber);
    const { masking } = steps.variables(record.stepNumber);
    this.#supervisor = new AttemptSupervisor(record, context, { port, masking });
  }

  /**
   * Journal first, then execute: after a crash between the two, the directory without a wrapper proves that nothing
   * ran. Resolves with undefined when the agent stops: the attempt goes on.
   */
  async launch(plan: StepPlan): Promise<EndedAttempt | undefined> {
    const { context, port, steps } = this.#options;
    const { record } = this;
    const supervisor = this.#supervisor;
    const options = launchOptionsOf({
      ...{ plan, record, context, assignment: steps.assignment() },
      variables: steps.variables(record.stepNumber),
      runDirectory: supervisor.runDirectory,
    });
    const quota = stepQuota(record, { limits: plan.step.limits, quotas: context.cpuQuotas });
    const isFirst = port.state().startedAt === undefined;
    const durable = port.record([record]);
    const failure = prepareLaunch(options, {
      prepareOutput: () => supervisor.prepareOutput(),
      spares: context.spareDirectories,
    });
    await durable;
    const { runId, token, at } = record;
    if (isFirst) port.send({ type: "started", runId, token, at });
    // Once it has been started there may be no time left to say so.
    if (isRestartStep(this.#step)) this.#announceOnce();
    this.#installation = plan.installation;
    this.#isUnderWay = true;
    const ended = this.#startUnlessHalted({ ...options, admit: quota.admit }, failure);
    return await this.#follow(ended, quota);
  }

  /** An earlier agent process launched this: supervises it by its run directory. Resolves as `launch` does. */
  async takeOver(): Promise<EndedAttempt | undefined> {
    const { clock, bootId, interpreters, cpuQuotas: quotas } = this.#options.context;
    const { runDirectory } = this.#supervisor;
    this.#supervisor.prepareOutput();
    this.#isUnderWay = true;
    this.stop();
    this.#installation = interpreters.installationOf(this.#step.interpreter.name);
    const hasRebooted = isRestartStep(this.#step) && this.record.bootId !== bootId;
    const launch = { runDirectory, launchBootId: this.record.bootId };
    const ended = hasRebooted
      ? Promise.resolve(endAfterReboot(runDirectory))
      : reattach({ ...launch, currentBootId: bootId, clock, signal: this.#options.detached });
    return await this.#follow(ended, launchedQuota(this.record, { ...this.#step, quotas }));
  }

  /** Ends what is under way, if the run's journal asks for it. */
  stop(): void {
    const outcome = this.#options.port.state().stop;
    if (this.#isUnderWay && outcome !== undefined) this.#supervisor.end(outcome);
  }

  /** There is a new connection: what was said on the old one may be lost. */
  connected(): void {
    this.#isAnnounced = false;
  }

  /** Tells the service, for display, that the attempt is running or why the next one is waited for. */
  announce(reason: string): void {
    const { runId, token } = this.record;
    const isRebooting = isRestartStep(this.#step) && reason === "";
    const step = attemptedStep({
      ...this.#facts(),
      ...{ status: isRebooting ? "active" : "running", reason, exitCode: null },
      ...{ finishedAt: null, outputBytes: 0, outputDroppedBytes: 0, outputs: "" },
    });
    this.#options.port.send({ type: "step", runId, token, step });
  }

  /** The step's report when this attempt was its last. */
  report(outcome: AttemptOutcome, artifacts: AttemptArtifacts | undefined): StepReport {
    const { context, port } = this.#options;
    const { status, reason, exitCode } = outcome.judgement;
    const { stdout, stderr } = this.#supervisor;
    return attemptedStep({
      ...this.#facts(),
      ...{ status, reason, exitCode },
      finishedAt: context.clock.now(),
      outputBytes: stdout.size + stderr.size,
      outputDroppedBytes: stdout.droppedBytes + stderr.droppedBytes,
      outputs: outcome.shownOutputs,
      artifacts: [...port.state().artifacts, ...(artifacts === undefined ? [] : [artifacts])],
    });
  }

  #startUnlessHalted(
    options: LaunchOptions,
    failure: string | undefined,
  ): Promise<AttemptEnd | undefined> {
    const { context, detached, halted } = this.#options;
    if (detached.aborted) return Promise.resolve(undefined);
    if (halted.aborted) {
      this.stop();
      const reason = "stopped before it was started";
      return Promise.resolve({ kind: "notStarted", reason });
    }
    if (failure !== undefined) return Promise.resolve({ kind: "notStarted", reason: failure });
    const aborted = new Promise<undefined>((resolve) => {
      detached.addEventListener("abort", () => resolve(undefined), { once: true });
    });
    return Promise.race([context.launcher.launch(options), aborted]);
  }

  async #follow(
    launched: Promise<AttemptEnd | undefined>,
    quota: StepQuota,
  ): Promise<EndedAttempt | undefined> {
    const supervisor = this.#supervisor;
    const { timeoutSeconds } = this.#step.limits;
    const passedMs = this.#options.context.clock.now() - this.record.at;
    const over = new AbortController();
    const isRestart = isRestartStep(this.#step);
    const ended = isRestart ? this.#awaitReboot(launched, over.signal) : launched;
    const verdict = await supervisor.follow(ended, {
      remainingMs: timeoutSeconds > 0 ? timeoutSeconds * 1000 - passedMs : undefined,
      onTick: () => this.#announceOnce(),
    });
    // With a reason, because without one an error is made, with its stack.
    over.abort("over");
    this.#isUnderWay = false;
    if (verdict === undefined) return undefined;
    if (isRestart && verdict.cause !== undefined) this.#takeBackRestart();
    quota.release();
    return { verdict, supervisor, notes: quota.notes };
  }

  /** The attempt ends in this boot only when it has failed; the next boot's agent finds that it has succeeded. */
  async #awaitReboot(
    ended: Promise<AttemptEnd | undefined>,
    over: AbortSignal,
  ): Promise<AttemptEnd | undefined> {
    const { context, detached } = this.#options;
    const { clock, bootId } = context;
    if (this.record.bootId !== bootId) return await ended;
    const signal = AbortSignal.any([over, detached]);
    const dueAt = this.record.at + restartDelayMs(this.#step);
    return await awaitReboot(ended, { clock, dueAt, signal });
  }

  #takeBackRestart(): void {
    const { path } = this.#installation;
    if (path !== "") takeBackRestart(path);
  }

  /** Steps that end within a tick are told by their end alone: the fast path stays one message shorter. */
  #announceOnce(): void {
    if (this.#isAnnounced) return;
    this.#isAnnounced = true;
    this.announce("");
  }

  #facts(): Pick<
    Parameters<typeof attemptedStep>[0],
    "stepNumber" | "attemptCount" | "installation" | "startedAt" | "inputs"
  > {
    const { port, steps } = this.#options;
    const { stepNumber, attempt, at } = this.record;
    return {
      stepNumber,
      attemptCount: attempt,
      installation: this.#installation,
      startedAt: port.state().current?.stepStartedAt ?? at,
      inputs: steps.variables(stepNumber).shownInputs,
    };
  }
}
