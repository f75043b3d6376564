import type { Service } from "@courier/core";
import { launch, wrapperEnd, type AttemptEnd, type LaunchOptions } from "./launch.ts";
import { ReadyWrapper, type Order } from "./ready-wrapper.ts";
import { abandonAttempt } from "./run-directory.ts";

/** What ready wrappers are started with. */
export interface ReadyWrappers {
  readonly bashPath: string;
  readonly scriptPath: string;
  readonly bootId: string;
  /** What every attempt's environment has, as long as the attempt does not say otherwise. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Starts attempts: with a wrapper that is ready, where there can be one and the attempt is of the usual kind, else with
 * one of its own. The first costs a fork of a small shell; the second a fork of this whole process, and a shell more.
 */
export class Launcher implements Service {
  readonly #ready: ReadyWrappers | undefined;
  readonly #keptMax: number;
  readonly #idle: ReadyWrapper[] = [];
  readonly #busy = new Map<string, ReadyWrapper>();
  #isStopped = false;

  constructor(options: {
    /** Undefined where there is no bash, or no /proc to find a process's own number in. */
    readonly ready: ReadyWrappers | undefined;
    /** Ready wrappers that wait at most. */
    readonly keptMax: number;
  }) {
    this.#ready = options.ready;
    this.#keptMax = options.keptMax;
  }

  /** One wrapper waits from now on. */
  start(): Promise<void> {
    this.#keepOne();
    return Promise.resolve();
  }

  /** Steps that run go on. */
  stop(): Promise<void> {
    this.#isStopped = true;
    for (const wrapper of [...this.#idle.splice(0), ...this.#busy.values()]) wrapper.release();
    return Promise.resolve();
  }

  /** Resolves when the attempt's wrapper has ended or told its outcome. Killing this process ends neither wrapper nor step. */
  async launch(options: LaunchOptions): Promise<AttemptEnd> {
    const order = this.#ready === undefined ? undefined : orderOf(options, this.#ready);
    if (this.#ready === undefined || order === undefined) return await launch(options);
    const { runDirectory } = options;
    const wrapper = this.#take(this.#ready);
    this.#busy.set(runDirectory, wrapper);
    const outcome = await wrapper.run(order);
    this.#busy.delete(runDirectory);
    this.#putBack(wrapper);
    if (outcome.kind === "exited") {
      return { kind: "exited", exitCode: outcome.exitCode, timedOut: false };
    }
    // It died before the attempt was begun: from here on nothing can begin it, so that it may be launched once more.
    if (abandonAttempt(runDirectory)) return { kind: "abandoned" };
    return wrapperEnd(runDirectory, outcome);
  }

  /** The attempt is being ended: its wrapper ends with it, so that nothing of the attempt's tree is left. */
  release(runDirectory: string): void {
    this.#busy.get(runDirectory)?.release();
  }

  #take(ready: ReadyWrappers): ReadyWrapper {
    for (;;) {
      const wrapper = this.#idle.pop();
      if (wrapper === undefined) return new ReadyWrapper(ready);
      if (wrapper.isUsable) return wrapper;
    }
  }

  #putBack(wrapper: ReadyWrapper): void {
    if (wrapper.isUsable && !this.#isStopped && this.#idle.length < this.#keptMax) {
      this.#idle.push(wrapper);
      return;
    }
    wrapper.release();
    // Not in the way of what is to be told of the attempt that has just ended.
    setImmediate(() => this.#keepOne());
  }

  #keepOne(): void {
    if (this.#ready === undefined || this.#isStopped || this.#idle.length > 0) return;
    this.#idle.push(new ReadyWrapper(this.#ready));
  }
}

/** Undefined for an attempt that needs a wrapper of its own. */
function orderOf(options: LaunchOptions, ready: ReadyWrappers): Order | undefined {
  const { plan, runDirectory, timeoutSeconds, isRepeated, admit } = options;
  // Another user, a watchdog, a cgroup, or a wrapper that had to be given up before: that is for a wrapper of its own.
  if (plan.switchesUser || timeoutSeconds > 0 || admit !== undefined || isRepeated) {
    return undefined;
  }
  const environment = Object.fromEntries(
    Object.entries(options.environment).filter(
      ([name, value]) => ready.environment[name] !== value && isExported(name),
    ),
  );
  const argv = plan.process.argv(runDirectory);
  const texts = [runDirectory, plan.directory, ...argv, ...Object.values(environment)];
  const isOdd =
    texts.some((text) => text.includes("\0")) || Object.keys(environment).some(isOfBash);
  return isOdd ? undefined : { runDirectory, directory: plan.directory, argv, environment };
}

/** Shells leave out variables whose names they could not use. */
function isExported(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
}

/** Whether bash gives a variable a meaning or a value of its own: then it cannot merely hand it on. */
function isOfBash(name: string): boolean {
  return ofBash.test(name);
}

const ofBash =
  /^(?:_|BASH.*|COMP.*|DIRSTACK|ENV|EPOCH.*|EUID|FUNCNAME|GLOBIGNORE|GROUPS|HIST.*|HOSTNAME|HOSTTYPE|IFS|IGNOREEOF|LANG|LC_.*|LINENO|MACHTYPE|MAPFILE|OLDPWD|OPT.*|OSTYPE|PIPESTATUS|POSIXLY_CORRECT|PPID|PS[0-4]|PWD|RANDOM|READLINE_.*|REPLY|SECONDS|SHELLOPTS|SHLVL|SRANDOM|TIMEFORMAT|TMOUT|UID)$/;
