import { execFile } from "node:child_process";
import { restartInterpreterName } from "@courier/core";
import type { CanonicalStep } from "@courier/schema";
import { findExecutable } from "./find-executable.ts";
import { platformInterpreterVersion, type Interpreter, type ProcessChoice } from "./interpreter.ts";

/** Minutes until the reboot when the command does not say [fact: the original's default]. */
const minutesDefault = 1;

const refusalDefault =
  "this node's policy refuses restarts: its courier-runner was started without --allow-restart";

/** Reboots the node through `shutdown`, when the node's owner allows it. */
export function restartInterpreter(options: {
  readonly isAllowed: boolean;
  /** The program; looked for in `searchPath` when it is left out. */
  readonly shutdownPath?: string | undefined;
  /** Why it is not allowed, in words. */
  readonly refusal?: string | undefined;
  readonly searchPath: readonly string[];
}): Interpreter {
  const { isAllowed, shutdownPath, refusal = refusalDefault, searchPath } = options;
  return {
    name: restartInterpreterName,
    version: platformInterpreterVersion,
    tool: "shutdown",
    locate: () => shutdownPath ?? findExecutable(["shutdown"], searchPath),
    ...(isAllowed ? {} : { refusal }),
    processOf: shutdownProcess,
  };
}

/** Whether a step ends only after the node has rebooted. */
export function isRestartStep(step: CanonicalStep): boolean {
  return step.interpreter.name === restartInterpreterName;
}

/** How long after its step began a node is to go down, ms. */
export function restartDelayMs({ command }: CanonicalStep): number {
  return (minutesOf(command) ?? 0) * 60_000;
}

/** Takes a reboot back that was asked for and has not begun. Where that is not possible nothing is changed. */
export function takeBackRestart(shutdownPath: string): void {
  execFile(shutdownPath, ["-c"], () => undefined);
}

function shutdownProcess({ command }: CanonicalStep, path: string): ProcessChoice {
  const minutes = minutesOf(command);
  if (command["exec"] !== "machine_reboot" || minutes === undefined) {
    return {
      ok: false,
      reason:
        'the command is not {exec: "machine_reboot", args: {time}} with minutes or "now" as time',
    };
  }
  const when = minutes === 0 ? "now" : `+${minutes}`;
  return { ok: true, process: { argv: () => [path, "-r", when], files: {} } };
}

function minutesOf({ args }: CanonicalStep["command"]): number | undefined {
  const time = timeOf(args);
  if (time === undefined) return minutesDefault;
  if (time === "now") return 0;
  const minutes = typeof time === "string" && /^\d{1,5}$/.test(time) ? Number(time) : time;
  return typeof minutes === "number" && Number.isInteger(minutes) && minutes >= 0
    ? minutes
    : undefined;
}

function timeOf(args: unknown): unknown {
  return typeof args === "object" && args !== null ? Reflect.get(args, "time") : undefined;
}
