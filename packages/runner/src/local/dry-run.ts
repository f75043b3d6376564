import type { CanonicalJob, CanonicalStep } from "@courier/schema";
import type { InstalledInterpreters } from "../interpreters/installed-interpreters.ts";
import { ownAccount } from "../step/account.ts";
import { prepareStep, type StepPlan } from "../step/prepare-step.ts";
import { stepEnvironment } from "../step/step-environment.ts";
import { visible } from "./terminal.ts";

/** Stands for the directory that each attempt gets of its own. */
const runDirectory = "<run directory>";

/** What would be executed for one step, or why it would not. */
export type PlannedStep = { readonly stepNumber: number; readonly name: string } & (
  | { readonly canRun: false; readonly reason: string }
  | {
      readonly canRun: true;
      readonly interpreter: string;
      readonly interpreterVersion: string;
      readonly minVersion: string;
      readonly maxVersion: string;
      readonly interpreterPath: string;
      readonly directory: string;
      readonly user: string;
      /** Names only: values may be secrets. */
      readonly environment: readonly string[];
      readonly argv: readonly string[];
      readonly files: Readonly<Record<string, string>>;
      readonly timeoutSeconds: number;
      readonly retryCount: number;
      readonly onFailure: string;
    }
);

/** Makes all the checks that come before a step, for every step, and starts nothing. */
export async function planSteps(
  job: CanonicalJob,
  host: {
    readonly interpreters: InstalledInterpreters;
    readonly environment: Readonly<Record<string, string | undefined>>;
  },
): Promise<readonly PlannedStep[]> {
  const { interpreters, environment } = host;
  const self = ownAccount(environment["HOME"]);
  const planned: PlannedStep[] = [];
  for (const [index, step] of job.actions.steps.entries()) {
    const head = { stepNumber: index + 1, name: step.name };
    const preparation = await prepareStep(step, { interpreters, self });
    planned.push(
      preparation.ok
        ? { ...head, canRun: true, ...planOf(step, { plan: preparation.plan, environment, head }) }
        : { ...head, canRun: false, reason: preparation.reason },
    );
  }
  return planned;
}

function planOf(
  step: CanonicalStep,
  options: {
    readonly plan: StepPlan;
    readonly environment: Readonly<Record<string, string | undefined>>;
    readonly head: { readonly stepNumber: number };
  },
): Omit<Extract<PlannedStep, { canRun: true }>, "stepNumber" | "name" | "canRun"> {
  const { plan, environment, head } = options;
  const variables = stepEnvironment({
    agentEnvironment: environment,
    account: plan.account,
    inputs: step.inputs,
    key: { runId: "", token: 1, stepNumber: head.stepNumber, attempt: 1, launch: 1 },
    instanceId: "",
    interpreterEnvironment: plan.process.environment,
    artifactsDirectory: `${runDirectory}/artifacts`,
  });
  return {
    interpreter: step.interpreter.name,
    interpreterVersion: plan.installation.version,
    minVersion: step.interpreter.skill.minVersion,
    maxVersion: step.interpreter.skill.maxVersion,
    interpreterPath: plan.installation.path,
    directory: plan.directory,
    user: plan.account.name,
    environment: Object.keys(variables).toSorted(),
    argv: plan.process.argv(runDirectory),
    files: plan.process.files,
    timeoutSeconds: step.limits.timeoutSeconds,
    retryCount: step.retryCount,
    onFailure: step.failureBehavior.action,
  };
}

/** The plan as a person reads it. */
export function renderPlan(steps: readonly PlannedStep[]): string {
  return steps.map((step) => `${headingOf(step)}\n${bodyOf(step)}`).join("\n");
}

function headingOf({ stepNumber, name }: PlannedStep): string {
  return `step ${stepNumber}: ${visible(name)}`;
}

function bodyOf(step: PlannedStep): string {
  if (!step.canRun) return `  would fail   ${visible(step.reason)}\n`;
  const [min, max] = [step.minVersion, step.maxVersion].map((end) => (end === "" ? "any" : end));
  const limit = step.timeoutSeconds === 0 ? "none" : `${step.timeoutSeconds} s`;
  const lines = [
    `  interpreter  ${step.interpreter} ${step.interpreterVersion}, within [${min}, ${max}], at ${step.interpreterPath}`,
    `  directory    ${step.directory}`,
    `  user         ${step.user}`,
    `  environment  ${step.environment.join(" ")}`,
    `  limits       timeout ${limit}, ${step.retryCount} retries, then ${step.onFailure}`,
    `  executes     ${step.argv.join(" ")}`,
    ...Object.entries(step.files).flatMap(([name, text]) => [
      `  ${name}`,
      ...text
        .replace(/\n$/, "")
        .split("\n")
        .map((line) => `    | ${visible(line)}`),
    ]),
  ];
  return lines.map((line) => `${line}\n`).join("");
}
