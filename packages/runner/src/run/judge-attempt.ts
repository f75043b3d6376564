import { assertNever } from "@courier/core";
import type { StepReport } from "@courier/protocol";
import type { AttemptVerdict, EndCause } from "./attempt-supervisor.ts";

/** What an attempt's end means for its step. `isUnknown` ends the run: nothing may be executed after it. */
export interface AttemptJudgement {
  readonly status: Extract<StepReport["status"], "success" | "failure" | "timeout" | "canceled">;
  readonly reason: string;
  readonly exitCode: number | null;
  readonly isUnknown: boolean;
}

/** Judges an attempt by why it was ended, if it was, else by how it ended. */
export function judgeAttempt(
  verdict: AttemptVerdict,
  limits: { readonly timeoutSeconds: number; readonly spoolBytesMax: number },
): AttemptJudgement {
  const { end, survivors } = verdict;
  const exitCode = end.kind === "exited" ? end.exitCode : null;
  const endedByWatchdog = end.kind === "exited" && end.timedOut;
  const cause = verdict.cause ?? (endedByWatchdog ? "stepTimeout" : undefined);
  if (cause !== undefined) {
    const { status, reason } = endedBecause(cause, limits);
    return { status, reason: reason + survivorsNote(survivors), exitCode, isUnknown: false };
  }
  return { ...judgeEnd(verdict), exitCode };
}

function endedBecause(
  cause: EndCause,
  limits: { readonly timeoutSeconds: number; readonly spoolBytesMax: number },
): Pick<AttemptJudgement, "status" | "reason"> {
  switch (cause) {
    case "canceled":
      return { status: "canceled", reason: "canceled; its process tree was ended" };
    case "timeout":
      return {
        status: "timeout",
        reason: "its group's time limit passed; its process tree was ended",
      };
    case "stepTimeout":
      return {
        status: "timeout",
        reason: `exceeded its time limit of ${limits.timeoutSeconds} s; its process tree was ended`,
      };
    case "spool":
      return {
        status: "failure",
        reason: `wrote more than ${limits.spoolBytesMax} bytes to one output stream; its process tree was ended`,
      };
    default:
      return assertNever(cause, "end cause");
  }
}

function judgeEnd({ end, survivors }: AttemptVerdict): Omit<AttemptJudgement, "exitCode"> {
  switch (end.kind) {
    case "exited":
      return end.exitCode === 0
        ? { status: "success", reason: "", isUnknown: false }
        : { status: "failure", reason: exitReason(end.exitCode), isUnknown: false };
    case "notStarted":
    case "notRebooted":
      return { status: "failure", reason: end.reason, isUnknown: false };
    case "wrapperKilled":
      return { status: "failure", reason: end.reason + survivorsNote(survivors), isUnknown: false };
    case "unknown":
      return { status: "failure", reason: end.reason + survivorsNote(survivors), isUnknown: true };
    case "abandoned":
      return { status: "failure", reason: "the attempt was never begun", isUnknown: false };
    default:
      return assertNever(end, "attempt end");
  }
}

/** Shells report a process that a signal ended as 128 + signal. */
function exitReason(exitCode: number): string {
  const signal = exitCode > 128 && exitCode < 160 ? ` (ended by signal ${exitCode - 128})` : "";
  return `exit code ${exitCode}${signal}`;
}

function survivorsNote(survivors: readonly number[]): string {
  return survivors.length === 0
    ? ""
    : `; these processes survived even SIGKILL: ${survivors.join(", ")}`;
}
