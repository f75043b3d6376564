import type { AttemptArtifacts, StepReport } from "@courier/protocol";
import type { Installation } from "../interpreters/interpreter.ts";
import { reportedArtifactsMax } from "../limits.ts";

/** The report of a step whose checks failed: nothing was started. */
export function refusedStep(stepNumber: number, reason: string, at: number): StepReport {
  return unstartedStep({ stepNumber, status: "failure", reason, at });
}

/** The report of a step that is left out. */
export function skippedStep(stepNumber: number, reason: string, at: number): StepReport {
  return unstartedStep({ stepNumber, status: "skipped", reason, at });
}

function unstartedStep(step: {
  readonly stepNumber: number;
  readonly status: StepReport["status"];
  readonly reason: string;
  readonly at: number;
}): StepReport {
  const { at, ...rest } = step;
  return {
    ...rest,
    attemptCount: 0,
    exitCode: null,
    interpreterPath: "",
    interpreterVersion: "",
    startedAt: at,
    finishedAt: at,
    outputBytes: 0,
    outputDroppedBytes: 0,
  };
}

/** The report of a step that was started, as it stands after one of its attempts. */
export function attemptedStep(options: {
  readonly stepNumber: number;
  readonly status: StepReport["status"];
  readonly reason: string;
  readonly attemptCount: number;
  readonly exitCode: number | null;
  readonly installation: Installation;
  readonly startedAt: number;
  readonly finishedAt: number | null;
  readonly outputBytes: number;
  readonly outputDroppedBytes: number;
  /** Of each attempt that left some. */
  readonly artifacts?: readonly AttemptArtifacts[];
}): StepReport {
  const { installation, artifacts = [], ...rest } = options;
  return {
    ...rest,
    ...artifactsField(artifacts),
    interpreterPath: installation.path,
    interpreterVersion: installation.version,
  };
}

/** Left out of a report when there are none, which is almost always. */
export function artifactsField(
  artifacts: readonly AttemptArtifacts[],
): Pick<StepReport, "artifacts"> {
  return artifacts.length === 0 ? {} : { artifacts: artifacts.slice(-reportedArtifactsMax) };
}
