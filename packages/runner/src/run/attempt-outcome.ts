import { secretTexts, showOutputs, type Values } from "@courier/core";
import type { CanonicalStep } from "@courier/schema";
import type { ArtifactPrivacy } from "../evidence/evidence-spool.ts";
import { answerBytesMax, reasonLengthMax, reportedReasonLengthMax } from "../limits.ts";
import { placeOf } from "../step/prepare-step.ts";
import { readOutput } from "../step/run-directory.ts";
import type { AttemptSupervisor, AttemptVerdict } from "./attempt-supervisor.ts";
import { judgeAttempt, type AttemptJudgement } from "./judge-attempt.ts";
import type { NodeContext } from "./node-context.ts";
import {
  nothingProduced,
  produceValues,
  producesSecrets,
  type Production,
} from "./produce-values.ts";
import type { StepVariables } from "./step-variables.ts";

/** What an attempt means for its step and for the steps after it. */
export interface AttemptOutcome {
  readonly judgement: AttemptJudgement;
  readonly values: Values;
  /** What list-steps shows of them. */
  readonly shownOutputs: string;
  /** Sensitive values that it has produced. */
  readonly secrets: readonly string[];
  /** What must not leave the node with its artifacts. */
  readonly privacy: ArtifactPrivacy;
}

interface EndedAttempt {
  readonly step: CanonicalStep;
  readonly variables: StepVariables;
  readonly verdict: AttemptVerdict;
  readonly supervisor: AttemptSupervisor;
  /** What else is to be told of the attempt. */
  readonly notes: readonly string[];
}

/**
 * Judges an attempt that has ended, takes the values from it that its step promises, and lets its output go. In this order: what
 * the step produced may have to be masked in what it wrote.
 */
export async function outcomeOf(
  attempt: EndedAttempt,
  context: NodeContext,
): Promise<AttemptOutcome> {
  const { step, variables, verdict, supervisor } = attempt;
  const { timeoutSeconds } = step.limits;
  const { spoolBytesMax } = context;
  const judged = judgeAttempt(verdict, { timeoutSeconds, spoolBytesMax });
  const production = await produce(attempt, context);
  const withheld = production.withheld ?? variables.tooMuch(production.values);
  const known = withheld === undefined ? production.values : {};
  const secrets = variables.secretMask(known);
  const maskProblem = await supervisor.finishOutput(secrets, { withheld });
  const judgement = judgeProduction(explain(judged, attempt, context), production);
  const reasons = [
    judgement.reason,
    ...production.notes,
    ...variables.notes(known),
    ...(maskProblem === undefined ? [] : [maskProblem]),
    ...attempt.notes,
  ];
  const text = reasons.filter((reason) => reason !== "").join("; ");
  return {
    judgement: { ...judgement, reason: cut(secrets.maskText(text)) },
    values: verdict.end.kind === "exited" ? known : {},
    shownOutputs: variables.maskShown(showOutputs(known), known),
    secrets: secretTexts(known),
    privacy: { secrets, withheld },
  };
}

/** An attempt that was ended has no values, but what it wrote may hold secrets all the same. */
async function produce(
  { step, variables, verdict, supervisor }: EndedAttempt,
  { self }: NodeContext,
): Promise<Production> {
  if (Object.keys(step.outputFieldRules).length === 0) return nothingProduced;
  const { end } = verdict;
  if (end.kind !== "exited" && !producesSecrets(step)) return nothingProduced;
  const place = await placeOf(step.inputs, self);
  // Its user was there when it started.
  if (!place.ok) return { ...nothingProduced, missing: place.reason, withheld: place.reason };
  const { runDirectory } = supervisor;
  const exitCode = end.kind === "exited" ? end.exitCode : null;
  const ended = { ...place, runDirectory, exitCode };
  return await produceValues(step, ended, variables);
}

/** A step that failed by its exit code may have said why, in the way of its interpreter. */
function explain(
  judgement: AttemptJudgement,
  { step, supervisor }: EndedAttempt,
  { interpreters }: NodeContext,
): AttemptJudgement {
  if (judgement.status !== "failure" || judgement.exitCode === null) return judgement;
  const why = interpreters.explainFailure(step.interpreter.name, (stream) =>
    readOutput(supervisor.runDirectory, stream, answerBytesMax),
  );
  if (why === undefined) return judgement;
  return { ...judgement, reason: `${judgement.reason}: ${why.slice(0, reasonLengthMax)}` };
}

function judgeProduction(judgement: AttemptJudgement, { missing }: Production): AttemptJudgement {
  if (judgement.status !== "success" || missing === undefined) return judgement;
  return { ...judgement, status: "failure", reason: missing };
}

function cut(reason: string): string {
  return reason.length <= reportedReasonLengthMax
    ? reason
    : `${reason.slice(0, reportedReasonLengthMax - 1)}…`;
}
