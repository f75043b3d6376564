import type { RunOutcome } from "../state/run-state.ts";
import { lastLine, normaliseLine } from "./normalise-line.ts";

/** A run that did not succeed, as far as folding looks at it. */
export interface Failure {
  readonly status: RunOutcome;
  /** The step that failed last; null: none did. */
  readonly stepNumber: number | null;
  readonly reason: string;
  /** The end of the step's stderr; "" when it wrote nothing. */
  readonly stderr: string;
  readonly nodeName: string;
}

/** Failures that are the same: the same outcome, step, reason and normalised last line of stderr. */
export interface FailureFold {
  readonly status: RunOutcome;
  readonly stepNumber: number | null;
  readonly reason: string;
  /** As the first of them wrote it; with placeholders where they differ. */
  readonly line: string;
  readonly count: number;
  /** The first nodes, at most five. */
  readonly nodeNames: readonly string[];
}

/** Folds by what is the same, in the order in which they came first. */
export interface FailureFolds {
  readonly folds: ReadonlyMap<string, FailureFold>;
  /** Failures of kinds that came when there were too many kinds already. */
  readonly otherCount: number;
}

/** Kinds of failure that are told apart; the memory of a fold is bounded by this, however many runs fail. */
export const failureKindsMax = 50;

/** Nodes that are named for each kind. */
const nodeNamesMax = 5;

/** Nothing has failed. */
export const noFailures: FailureFolds = { folds: new Map(), otherCount: 0 };

/** Adds failures to what is folded already. */
export function foldFailures(known: FailureFolds, failures: Iterable<Failure>): FailureFolds {
  const folds = new Map(known.folds);
  let { otherCount } = known;
  for (const failure of failures) {
    const line = lastLine(failure.stderr);
    const normalised = normaliseLine(line, failure.nodeName);
    const reason = normaliseReason(failure);
    const key = JSON.stringify([failure.status, failure.stepNumber, reason, normalised]);
    const fold = folds.get(key);
    if (fold !== undefined) folds.set(key, joined(fold, { failure, line, normalised }));
    else if (folds.size >= failureKindsMax) otherCount += 1;
    else folds.set(key, first(failure, { line, reason }));
  }
  return { folds, otherCount };
}

/** The folds for people: what most nodes have in common comes first. */
export function listFolds({ folds }: FailureFolds): readonly FailureFold[] {
  return [...folds.values()].toSorted((left, right) => right.count - left.count);
}

/** A reason is compared as it is, exit codes tell failures apart; only the node's own name is no difference. */
function normaliseReason({ reason, nodeName }: Failure): string {
  return nodeName === "" ? reason : reason.replaceAll(nodeName, "<node>");
}

function first(
  failure: Failure,
  { line, reason }: { readonly line: string; readonly reason: string },
): FailureFold {
  const { status, stepNumber, nodeName } = failure;
  return { status, stepNumber, reason, line, count: 1, nodeNames: [nodeName] };
}

function joined(
  fold: FailureFold,
  next: { readonly failure: Failure; readonly line: string; readonly normalised: string },
): FailureFold {
  const { nodeNames } = fold;
  return {
    ...fold,
    line: fold.line === next.line ? fold.line : next.normalised,
    count: fold.count + 1,
    nodeNames: nodeNames.length < nodeNamesMax ? [...nodeNames, next.failure.nodeName] : nodeNames,
  };
}
