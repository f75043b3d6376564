import type { Assignment } from "@courier/protocol";
import type { AttemptRecord } from "../journal/journal-record.ts";
import type { LaunchOptions } from "../step/launch.ts";
import type { StepPlan } from "../step/prepare-step.ts";
import { artifactsPath } from "../step/run-directory.ts";
import { stepEnvironment } from "../step/step-environment.ts";
import type { NodeContext } from "./node-context.ts";
import type { StepVariables } from "./step-variables.ts";

/** How an attempt of a step is launched. */
export function launchOptionsOf(attempt: {
  readonly plan: StepPlan;
  readonly record: AttemptRecord;
  readonly runDirectory: string;
  readonly variables: StepVariables;
  readonly assignment: Assignment;
  readonly context: NodeContext;
}): LaunchOptions {
  const { plan, record, runDirectory, assignment, variables } = attempt;
  const { resolved } = variables;
  const { wrapperPath, bootId, agentEnvironment, killGraceMs } = attempt.context;
  const environment = stepEnvironment({
    agentEnvironment,
    account: plan.account,
    inputs: plan.step.inputs,
    variables: resolved.kind === "run" ? resolved.environment : {},
    key: record,
    instanceId: assignment.instanceId,
    interpreterEnvironment: plan.process.environment,
    artifactsDirectory: artifactsPath(runDirectory),
  });
  // The agent's own limit comes first; the wrapper's is for when no agent is there.
  const { timeoutSeconds } = plan.step.limits;
  const limitSeconds = timeoutSeconds > 0 ? Math.ceil(timeoutSeconds) + 1 : 0;
  return {
    ...{ wrapperPath, runDirectory, plan, environment, bootId, timeoutSeconds: limitSeconds },
    graceSeconds: Math.ceil(killGraceMs / 1000),
    isRepeated: record.launch > 1,
  };
}
