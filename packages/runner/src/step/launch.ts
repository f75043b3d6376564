import { spawn } from "node:child_process";
import { chownSync } from "node:fs";
import type { StepPlan } from "./prepare-step.ts";
import {
  artifactsPath,
  createRunDirectory,
  fillRunDirectory,
  readAttemptState,
} from "./run-directory.ts";
import type { SpareDirectories } from "./spare-directories.ts";

/** How an attempt's processes ended, as far as the run directory and the operating system tell. */
export type AttemptEnd =
  | { readonly kind: "exited"; readonly exitCode: number; readonly timedOut: boolean }
  /** Nothing was executed. */
  | { readonly kind: "notStarted"; readonly reason: string }
  /** The wrapper was killed and could not write down an exit code. */
  | { readonly kind: "wrapperKilled"; readonly reason: string }
  /** What was executed cannot be known. */
  | { readonly kind: "unknown"; readonly reason: string }
  /** The command that asks for a reboot was taken, but the node stayed up. */
  | { readonly kind: "notRebooted"; readonly reason: string }
  /** The agent claimed the directory before a wrapper did; it may launch once more in a new one. */
  | { readonly kind: "abandoned" };

/** Everything that starting a wrapper takes. */
export interface LaunchOptions {
  readonly wrapperPath: string;
  readonly runDirectory: string;
  readonly plan: StepPlan;
  readonly environment: Record<string, string>;
  readonly bootId: string;
  /** 0 = none. */
  readonly timeoutSeconds: number;
  readonly graceSeconds: number;
  /** Called with the process before it begins; it waits so long. */
  readonly admit?: ((pid: number) => void) | undefined;
  /** An earlier launch of the same attempt was given up before it began. */
  readonly isRepeated: boolean;
}

/**
 * Writes the run directory. Separate from the launch, so that it can be done while the journal is being synced. What
 * cannot be written (a full disk) fails the attempt, not the agent: why, or undefined.
 */
export function prepareLaunch(
  options: LaunchOptions,
  {
    prepareOutput,
    spares,
  }: { readonly prepareOutput: () => void; readonly spares: SpareDirectories },
): string | undefined {
  try {
    prepareOutput();
    writeRunDirectory(options, spares);
    return undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return `the step's run directory could not be written: ${message}`;
  }
}

function writeRunDirectory({ runDirectory, plan }: LaunchOptions, spares: SpareDirectories): void {
  const isSpare = !plan.switchesUser && spares.take(runDirectory);
  if (!isSpare) createRunDirectory(runDirectory);
  fillRunDirectory(runDirectory, plan.process.files);
  if (!plan.switchesUser) return;
  const { userId, groupId } = plan.account;
  for (const path of [runDirectory, artifactsPath(runDirectory)]) chownSync(path, userId, groupId);
}

/**
 * Starts the wrapper, detached in its own session, and resolves when it has ended. Killing this process ends neither
 * the wrapper nor the step.
 */
export function launch(options: LaunchOptions): Promise<AttemptEnd> {
  const { plan, admit } = options;
  const owner = plan.switchesUser ? { uid: plan.account.userId, gid: plan.account.groupId } : {};
  const argv = [
    ...(admit === undefined ? [] : ["-c", gate]),
    options.wrapperPath,
    options.runDirectory,
    options.bootId,
    `${options.timeoutSeconds}`,
    `${options.graceSeconds}`,
    ...plan.process.argv(options.runDirectory),
  ];
  return new Promise((resolve) => {
    const child = spawn("/bin/sh", argv, {
      cwd: plan.directory,
      env: options.environment,
      stdio: [admit === undefined ? "ignore" : "pipe", "ignore", "ignore"],
      detached: true,
      ...owner,
    });
    if (admit !== undefined && child.pid !== undefined) {
      admit(child.pid);
      child.stdin?.on("error", () => undefined);
      child.stdin?.end("go\n");
    }
    child.once("error", (error) => {
      resolve({ kind: "notStarted", reason: `the step could not be started: ${error.message}` });
    });
    child.once("exit", (code, signal) => {
      resolve(wrapperEnd(options.runDirectory, { code, signal }));
    });
    child.unref();
  });
}

/** Becomes the wrapper, as the same process, once it is told to; when the agent dies before, nothing has begun. */
const gate = 'read -r courier_go || exit 125; exec /bin/sh "$0" "$@" < /dev/null';

/** What has become of an attempt whose wrapper has ended, by its run directory. */
export function wrapperEnd(
  runDirectory: string,
  { code, signal }: { readonly code: number | null; readonly signal: NodeJS.Signals | null },
): AttemptEnd {
  const state = readAttemptState(runDirectory);
  switch (state.kind) {
    case "exited":
      return { kind: "exited", exitCode: state.exitCode, timedOut: state.timedOut };
    case "running":
      return { kind: "wrapperKilled", reason: wrapperKilledReason(signal) };
    case "absent":
    case "opening":
    case "abandoned":
      return {
        kind: "notStarted",
        reason: `the step's wrapper could not begin in ${runDirectory} (${signal ?? `exit code ${code}`}): is the disk full, or the directory not accessible to the step's user?`,
      };
  }
}

/** The sentence for a wrapper that was killed. */
export function wrapperKilledReason(signal: string | null): string {
  return `the step's wrapper process was killed${signal === null ? "" : ` (${signal})`} before the step ended; the rest of its process tree was ended`;
}
