import type { AttemptArtifacts, StepReport } from "@courier/protocol";
import type { Installation } from "../interpreters/interpreter.ts";
import { reportedArtifactsMax } from "../limits.ts";

/** Why a step was not started. */
export interface Unstarted {
  readonly stepNumber: number;
  readonly reason: string;
  readonly at: number;
  /** What it would have got. */
  readonly inputs?: string;
}

/** The report of a step whose checks failed: nothing was started. */
export function refusedStep(step: Unstarted): StepReport {
  return unstartedStep({ ...step, status: "failure" });
}

/** The report of a step that is left out. */
export function skippedStep(step: Unstarted): StepReport {
  return unstartedStep({ ...step, status: "skipped" });
}

function unstartedStep(step: Unstarted & { readonly status: StepReport["status"] }): StepReport {
  const { at, inputs = "", ...rest } = step;
  return {
    ...rest,
    ...shown({ inputs, outputs: "" }),
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
  readonly inputs: string;
  readonly outputs: string;
  /** Of each attempt that left some. */
  readonly artifacts?: readonly AttemptArtifacts[];
}): StepReport {
  const { installation, artifacts = [], inputs, outputs, ...rest } = options;
  return {
    ...rest,
    ...artifactsField(artifacts),
    ...shown({ inputs, outputs }),
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

/** Most steps have no variables: their reports stay as short as they were. */
function shown(texts: {
  readonly inputs: string;
  readonly outputs: string;
}): Pick<StepReport, "inputs" | "outputs"> {
  const { inputs, outputs } = texts;
  return { ...(inputs === "" ? {} : { inputs }), ...(outputs === "" ? {} : { outputs }) };
}
