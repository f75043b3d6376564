import { describe, expect, test } from "vitest";
import type { AttemptVerdict } from "./attempt-supervisor.ts";
import { judgeAttempt, type AttemptJudgement } from "./judge-attempt.ts";

const limits = { timeoutSeconds: 7, spoolBytesMax: 100 };

function judge(verdict: Partial<AttemptVerdict>): AttemptJudgement {
  const end = { kind: "exited", exitCode: 0, timedOut: false } as const;
  return judgeAttempt({ end, cause: undefined, survivors: [], ...verdict }, limits);
}

function exited(exitCode: number, timedOut = false): AttemptVerdict["end"] {
  return { kind: "exited", exitCode, timedOut };
}

describe("an attempt", () => {
  test.each([
    [1, "exit code 1"],
    [128, "exit code 128"],
    [129, "exit code 129 (ended by signal 1)"],
    [137, "exit code 137 (ended by signal 9)"],
    [160, "exit code 160"],
  ])("that exits with %d fails: %s", (exitCode, reason) => {
    expect(judge({ end: exited(exitCode) })).toEqual({
      ...{ status: "failure", reason, exitCode, isUnknown: false },
    });
  });

  test("is judged by why it was ended, whatever its exit code", () => {
    expect(judge({ cause: "canceled", end: exited(0) })).toMatchObject({
      ...{ status: "canceled", exitCode: 0 },
    });
    expect(judge({ cause: "timeout", end: exited(143, true) }).reason).toBe(
      "its group's time limit passed; its process tree was ended",
    );
    expect(judge({ cause: "spool" })).toMatchObject({ status: "failure" });
  });

  test("that its wrapper ended in time has exceeded its limit", () => {
    expect(judge({ end: exited(143, true) })).toMatchObject({
      status: "timeout",
      reason: "exceeded its time limit of 7 s; its process tree was ended",
    });
  });

  test("of which something survives says so, with the pids", () => {
    expect(judge({ cause: "canceled", survivors: [12, 13] }).reason).toBe(
      "canceled; its process tree was ended; these processes survived even SIGKILL: 12, 13",
    );
  });

  test("that cannot be known ends the run, and only that", () => {
    const reason = "the node was switched off";

    expect(judge({ end: { kind: "unknown", reason } })).toEqual({
      ...{ status: "failure", reason, exitCode: null, isUnknown: true },
    });
    for (const kind of ["notStarted", "notRebooted", "wrapperKilled"] as const) {
      expect(judge({ end: { kind, reason } })).toMatchObject({ reason, isUnknown: false });
    }
  });
});
