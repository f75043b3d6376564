import { join } from "node:path";
import type { Timer } from "@courier/core";
import type { OutputStream, StopOutcome } from "@courier/protocol";
import { endTree } from "../host/end-tree.ts";
import type { ProcessTree } from "../host/process-tree.ts";
import { watchIntervalMs } from "../limits.ts";
import { wait } from "../wait.ts";
import type { AttemptEnd } from "../step/launch.ts";
import type { SecretMask } from "../redact/redactor.ts";
import { attemptTree } from "../step/attempt-tree.ts";
import { beginMaskedOutput, MaskedOutput, maskedPath } from "../step/masked-output.ts";
import { OutputSpool } from "../step/output-spool.ts";
import {
  abandonAttempt,
  attemptName,
  outputPath,
  outputSize,
  readAttemptState,
  type AttemptKey,
  type AttemptState,
} from "../step/run-directory.ts";
import type { NodeContext, RunPort } from "./node-context.ts";
import type { Masking } from "./step-variables.ts";

/** How often a wrapper that begins is looked at, and how long in between, ms. */
const openingLooksMax = 50;
const openingWaitMs = 2;

/** Why an attempt is being ended before its time. The first cause wins. */
export type EndCause = StopOutcome | "stepTimeout" | "spool";

/** An attempt that has ended, and how. */
export interface AttemptVerdict {
  readonly end: AttemptEnd;
  readonly cause: EndCause | undefined;
  /** Pids that outlived SIGKILL. */
  readonly survivors: readonly number[];
}

/**
 * Watches over one launched attempt: follows its output, its time limit and its disk use, and ends its process tree
 * when told to. The same for attempts of this process and of an earlier one.
 */
export class AttemptSupervisor {
  readonly stdout: OutputSpool;
  readonly stderr: OutputSpool;
  readonly runDirectory: string;
  readonly #key: AttemptKey;
  readonly #context: NodeContext;
  readonly #port: RunPort;
  #cause: EndCause | undefined;
  #ending: Promise<readonly number[]> | undefined;
  #gaveUp: () => void = () => undefined;
  readonly #givenUp: Promise<void>;
  #ticker: Timer | undefined;
  #limit: Timer | undefined;

  readonly #masking: Masking | undefined;
  #copy: MaskedOutput | undefined;
  #maskFailure: unknown;

  constructor(
    key: AttemptKey,
    context: NodeContext,
    options: { readonly port: RunPort; readonly masking: Masking | undefined },
  ) {
    this.#key = key;
    this.#context = context;
    this.#port = options.port;
    this.#masking = options.masking;
    this.runDirectory = join(context.runsDirectory, attemptName(key));
    this.stdout = this.#spool("stdout");
    this.stderr = this.#spool("stderr");
    this.#givenUp = new Promise((resolve) => {
      this.#gaveUp = resolve;
    });
  }

  /** Before anything of the attempt is executed, or after an agent's restart: nothing unmasked may be sent. */
  prepareOutput(): void {
    if (this.#masking === undefined) return;
    beginMaskedOutput(this.runDirectory);
    if (this.#masking.isHeldBack) return;
    this.#copy = new MaskedOutput(this.runDirectory, this.#masking.secrets);
  }

  /** After the attempt's end: what has been written until now is its output. Returns why part of it could not be masked. */
  async finishOutput(
    secrets: SecretMask,
    options: { readonly withheld: string | undefined },
  ): Promise<string | undefined> {
    const problem =
      this.#masking === undefined ? undefined : await this.#finishCopy(secrets, options);
    this.stdout.refresh({ isFinal: true });
    this.stderr.refresh({ isFinal: true });
    this.#port.outputChanged();
    return problem;
  }

  async #finishCopy(
    secrets: SecretMask,
    { withheld }: { readonly withheld: string | undefined },
  ): Promise<string | undefined> {
    try {
      const copy = this.#copy ?? new MaskedOutput(this.runDirectory, secrets);
      if (withheld === undefined) await copy.finish();
      else copy.withhold(withheld);
      return undefined;
    } catch (error) {
      this.#context.logger.error({ attempt: attemptName(this.#key), error }, "output not masked");
      return `its output could not be masked and is incomplete: ${String(error)}`;
    }
  }

  #spool(stream: OutputStream): OutputSpool {
    const pathOf = this.#masking === undefined ? outputPath : maskedPath;
    const path = pathOf(this.runDirectory, stream);
    return new OutputSpool(this.#key, stream, { path, quotaBytes: this.#context.outputQuotaBytes });
  }

  /**
   * Follows the attempt until `ended`, or until its tree was ended by `end`. `onTick` is called while it lasts.
   * Resolves with undefined when `ended` does: the agent stops, the step goes on.
   */
  async follow(
    ended: Promise<AttemptEnd | undefined>,
    options: { readonly remainingMs: number | undefined; readonly onTick: () => void },
  ): Promise<AttemptVerdict | undefined> {
    this.#port.watchOutput(this.stdout);
    this.#port.watchOutput(this.stderr);
    if (options.remainingMs !== undefined) {
      const delayMs = Math.max(0, options.remainingMs);
      this.#limit = this.#context.clock.setTimer(delayMs, () => this.end("stepTimeout"));
    }
    this.#scheduleTick(options.onTick);
    const end = await Promise.race([ended, this.#givenUp.then(() => stuck)]);
    this.#ticker?.cancel();
    this.#limit?.cancel();
    if (end === undefined) return undefined;
    return await this.#conclude(end);
  }

  /** Ends the attempt's process tree. Idempotent; the first cause is the one that counts. */
  end(cause: EndCause): void {
    this.#cause ??= cause;
    this.#context.launcher.release(this.runDirectory);
    this.#ending ??= this.#endTree(this.#context.killGraceMs);
  }

  async #conclude(end: AttemptEnd): Promise<AttemptVerdict> {
    // A wrapper that died leaves its step without anybody to record it: nothing of it may go on. And where the
    // wrapper's own watchdog ended the step, this makes sure that it got everything.
    const isLeftAlone = end.kind === "wrapperKilled" || end.kind === "unknown";
    const isTimedOut = end.kind === "exited" && end.timedOut;
    if (isLeftAlone || isTimedOut) {
      this.#ending ??= this.#endTree(isTimedOut ? this.#context.killGraceMs : 0);
    }
    const survivors = (await this.#ending) ?? [];
    return { end, cause: this.#cause, survivors };
  }

  async #endTree(graceMs: number): Promise<readonly number[]> {
    const { clock, logger } = this.#context;
    const survivors = await endTree(await this.#tree(), { clock, graceMs });
    if (survivors.length > 0) {
      logger.error({ attempt: attemptName(this.#key), survivors }, "processes survived SIGKILL");
    }
    // The wrapper's end is noticed a moment after its tree's; if it is not, it is stuck and there is nothing to wait for.
    void wait(clock, watchIntervalMs * 10).then(this.#gaveUp);
    return survivors;
  }

  async #tree(): Promise<ProcessTree> {
    return attemptTree(this.runDirectory, await this.#begunState());
  }

  /** What has not begun cannot begin any more; what is beginning tells within a moment who it is. */
  async #begunState(): Promise<AttemptState> {
    for (let look = 1; ; look += 1) {
      const state = readAttemptState(this.runDirectory);
      if (state.kind === "absent" && abandonAttempt(this.runDirectory)) {
        return { kind: "abandoned" };
      }
      const isBeginning = state.kind === "absent" || state.kind === "opening";
      if (!isBeginning || look > openingLooksMax) return state;
      await wait(this.#context.clock, openingWaitMs);
    }
  }

  #scheduleTick(onTick: () => void): void {
    this.#ticker = this.#context.clock.setTimer(watchIntervalMs, () => {
      this.#lookAtOutput();
      onTick();
      this.#scheduleTick(onTick);
    });
  }

  #lookAtOutput(): void {
    this.#copyOutput();
    this.stdout.refresh();
    this.stderr.refresh();
    if (this.#writtenBytes() > this.#context.spoolBytesMax) this.end("spool");
    if (this.stdout.hasMore || this.stderr.hasMore) this.#port.outputChanged();
  }

  #copyOutput(): void {
    if (this.#copy === undefined || this.#maskFailure !== undefined) return;
    this.#copy.advance().catch((error: unknown) => {
      // Told at the end, when the rest cannot be copied either.
      this.#maskFailure = error;
    });
  }

  /** What a step wrote, not what is left of it once it is masked. */
  #writtenBytes(): number {
    if (this.#masking === undefined) return Math.max(this.stdout.size, this.stderr.size);
    const { runDirectory } = this;
    return Math.max(outputSize(runDirectory, "stdout"), outputSize(runDirectory, "stderr"));
  }
}

const stuck: AttemptEnd = {
  kind: "unknown",
  reason: "the step's processes could not be ended",
};
