import { describeCondition, resolveStep, type ResolvedStep, type Values } from "@courier/core";
import type { CanonicalJob, CanonicalStep } from "@courier/schema";
import type { InstalledInterpreters } from "../interpreters/installed-interpreters.ts";
import { SecretMask } from "../redact/redactor.ts";
import { writtenSecrets } from "../run/step-variables.ts";
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
      /** What is got from elsewhere before that, without what may be a signature; "" for nothing. Nothing is got now. */
      readonly fetches: string;
      readonly timeoutSeconds: number;
      readonly retryCount: number;
      readonly onFailure: string;
      /** What must hold, else the step is skipped: known only once the steps before it have run. */
      readonly conditions: readonly string[];
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
  const { steps } = job.actions;
  const planned: PlannedStep[] = [];
  let produced: Values = {};
  for (const [index, step] of steps.entries()) {
    const head = { stepNumber: index + 1, name: step.name };
    const resolved = resolveWithPlaceholders(step, produced);
    produced = { ...produced, ...placeholdersFor(step) };
    const preparation =
      resolved.kind === "run"
        ? await prepareStep(resolved.step, { interpreters, self })
        : { ok: false as const, reason: resolved.reason };
    const plan: PlannedStep =
      resolved.kind === "run" && preparation.ok
        ? {
            ...{ ...head, canRun: true },
            ...planOf(resolved, { plan: preparation.plan, environment, head }),
            conditions: step.conditions.map(describeCondition),
          }
        : { ...head, canRun: false, reason: preparation.ok ? "" : preparation.reason };
    const own = resolved.kind === "run" ? resolved.secrets : [];
    planned.push(masked(plan, new SecretMask([...steps.flatMap(writtenSecrets), ...own])));
  }
  return planned;
}

/** Conditions and types are not judged: what the steps before will produce is not known. */
function resolveWithPlaceholders(step: CanonicalStep, produced: Values): ResolvedStep {
  const expectedInputs = Object.fromEntries(
    Object.entries(step.expectedInputs).map(([name, input]) => [
      name,
      { ...input, type: "string" },
    ]),
  );
  return resolveStep({ ...step, conditions: [], expectedInputs }, produced);
}

function placeholdersFor({ outputFieldRules }: CanonicalStep): Values {
  const names = Object.keys(outputFieldRules);
  return Object.fromEntries(names.map((name) => [name, { text: `<${name}>`, isSensitive: false }]));
}

/** A plan is for people's eyes: it shows no secret that the template holds. */
function masked(plan: PlannedStep, secrets: SecretMask): PlannedStep {
  const text = JSON.stringify(plan, (_key, value: unknown) =>
    typeof value === "string" ? secrets.maskText(value) : value,
  );
  // A copy of the same shape: only its texts differ.
  return JSON.parse(text) as PlannedStep;
}

function planOf(
  resolved: Extract<ResolvedStep, { readonly kind: "run" }>,
  options: {
    readonly plan: StepPlan;
    readonly environment: Readonly<Record<string, string | undefined>>;
    readonly head: { readonly stepNumber: number };
  },
): Omit<Extract<PlannedStep, { canRun: true }>, "stepNumber" | "name" | "canRun" | "conditions"> {
  const { plan, environment, head } = options;
  const { step } = resolved;
  const variables = stepEnvironment({
    agentEnvironment: environment,
    account: plan.account,
    inputs: step.inputs,
    variables: resolved.environment,
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
    fetches: plan.process.fetches ?? "",
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
    ...step.conditions.map((condition) => `  only if      ${visible(condition)}`),
    `  interpreter  ${step.interpreter} ${step.interpreterVersion}, within [${min}, ${max}], at ${step.interpreterPath}`,
    `  directory    ${step.directory}`,
    `  user         ${step.user}`,
    `  environment  ${step.environment.join(" ")}`,
    `  limits       timeout ${limit}, ${step.retryCount} retries, then ${step.onFailure}`,
    ...(step.fetches === "" ? [] : [`  fetches      ${visible(step.fetches)}`]),
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
