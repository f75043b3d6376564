import { ordinal } from "../text/counted.ts";
import { resolveAmount } from "./amount.ts";
import { haltKinds, haltsAt, type HaltKind } from "./halt-on.ts";
import type { GroupRules } from "./group-rules.ts";

/** What a group's criteria mean for its node count, in numbers and in words. */
export interface GroupThresholds {
  readonly nodeCount: number;
  /** Runs that must succeed; 0: none has to. */
  readonly successesNeeded: number;
  /** Runs that may fail; as many as there are nodes: all of them. */
  readonly failuresAllowed: number;
  /** With so many failures the group has lost; 0: before anything starts, null: with no number of them. */
  readonly failuresToLose: number | null;
  /** With so many failures the group starts nothing more; null: it goes on to the end whatever fails. */
  readonly failuresToHalt: number | null;
  /** The count of each kind at which haltOn halts the group; a kind that it does not name is absent. */
  readonly haltsAt: Readonly<Partial<Record<HaltKind, number>>>;
  /** When the group succeeds, when it fails, and whether the rest is still executed. */
  readonly sentences: readonly string[];
}

type Rules = Pick<GroupRules, "criteria" | "earlyTermination" | "haltOn" | "onEmpty">;

/** Says what the criteria of a group mean; agrees with `judgeCriteria` for every course of events. */
export function describeThresholds(rules: Rules, nodeCount: number): GroupThresholds {
  const successesNeeded = Math.max(0, ...limitsOf(rules, { status: "success", nodeCount }));
  const failuresAllowed = Math.min(nodeCount, ...limitsOf(rules, { status: "failure", nodeCount }));
  const failuresToLose =
    nodeCount === 0
      ? failuresToLoseEmpty(rules)
      : failuresIn(nodeCount, Math.min(nodeCount - successesNeeded, failuresAllowed) + 1);
  const counts = resolveHaltOn(rules, nodeCount);
  const toHalt = [
    ...(rules.earlyTermination && failuresToLose !== null ? [failuresToLose] : []),
    ...(counts.failure !== undefined && counts.failure <= nodeCount ? [counts.failure] : []),
  ];
  const numbers = {
    nodeCount,
    successesNeeded,
    failuresAllowed,
    failuresToLose,
    failuresToHalt: toHalt.length === 0 ? null : Math.min(...toHalt),
    haltsAt: counts,
  };
  const sentences = [...sentencesFor(numbers, rules), ...haltSentences(numbers)];
  return { ...numbers, sentences };
}

function resolveHaltOn({ haltOn }: Rules, nodeCount: number): GroupThresholds["haltsAt"] {
  const counts: Partial<Record<HaltKind, number>> = {};
  for (const kind of haltKinds) {
    const amount = haltOn[kind];
    if (amount !== undefined) counts[kind] = haltsAt(amount, nodeCount);
  }
  return counts;
}

const haltWords = {
  failure: "fails",
  unreachable: "is unreachable",
  timeout: "times out",
} as const satisfies Record<HaltKind, string>;

function haltSentences({ haltsAt: counts, nodeCount }: Numbers): readonly string[] {
  return haltKinds.flatMap((kind) => {
    const count = counts[kind];
    if (count === undefined || nodeCount === 0) return [];
    if (count > nodeCount) return [`never halts by haltOn.${kind}: it has fewer than ${count}`];
    const which = nodeCount === 1 ? "its only run" : `the ${ordinal(count)} of ${nodeCount}`;
    return [`halts and fails when ${which} ${haltWords[kind]} (haltOn.${kind})`];
  });
}

function failuresToLoseEmpty({ onEmpty }: Rules): 0 | null {
  return onEmpty === "fail" ? 0 : null;
}

function failuresIn(nodeCount: number, failures: number): number | null {
  return failures > nodeCount ? null : Math.max(0, failures);
}

/** No criteria at all mean that every run must succeed. */
function limitsOf(
  { criteria }: Rules,
  of: { readonly status: "success" | "failure"; readonly nodeCount: number },
): readonly number[] {
  if (criteria.length === 0) return of.status === "success" ? [of.nodeCount] : [];
  const rounding = of.status === "success" ? "up" : "down";
  return criteria
    .filter(({ status }) => status === of.status)
    .map(({ numRuns }) => resolveAmount(numRuns, of.nodeCount, rounding));
}

type Numbers = Omit<GroupThresholds, "sentences">;

function sentencesFor(numbers: Numbers, rules: Rules): readonly string[] {
  const { nodeCount, successesNeeded, failuresToLose } = numbers;
  if (nodeCount === 0) {
    const ending = rules.onEmpty === "succeed" ? "succeeds" : "fails";
    return [`${ending} at once: it has no nodes (onEmpty: ${rules.onEmpty})`];
  }
  if (failuresToLose === 0) {
    const end = rules.earlyTermination
      ? "starts nothing (earlyTermination)"
      : "executes all its runs all the same (earlyTermination is off)";
    return [
      `can never succeed: ${successesNeeded} must succeed, and it has ${nodeCount}`,
      `${end}, and fails`,
    ];
  }
  const success = `succeeds ${successClause(numbers)}`;
  if (failuresToLose === null) return [success, "cannot fail by its criteria"];
  const failure = `fails when ${failureClause(failuresToLose, nodeCount)}${skippedNote(numbers)}`;
  if (failuresToLose === nodeCount) return [success, failure];
  if (rules.earlyTermination) {
    return [success, failure, "starts nothing more once it has failed (earlyTermination)"];
  }
  // What haltOn does is said in sentences of its own.
  if (numbers.failuresToHalt !== null) return [success, failure];
  const rest = "executes the rest all the same once it has failed (earlyTermination is off)";
  return [success, failure, rest];
}

function successClause({ nodeCount, successesNeeded, failuresAllowed }: Numbers): string {
  const clauses: string[] = [];
  if (successesNeeded > 0) clauses.push(mustSucceed(successesNeeded, nodeCount));
  // What must succeed leaves no room for more failures than that.
  if (failuresAllowed < nodeCount - successesNeeded) {
    clauses.push(failuresAllowed === 0 ? "none fails" : `at most ${failuresAllowed} fail`);
  }
  return clauses.length === 0 ? "whatever its runs do" : `when ${clauses.join(" and ")}`;
}

function mustSucceed(needed: number, nodeCount: number): string {
  if (nodeCount === 1) return "its only run succeeds";
  return needed === nodeCount ? `all ${nodeCount} succeed` : `${needed} of ${nodeCount} succeed`;
}

function failureClause(failuresToLose: number, nodeCount: number): string {
  return nodeCount === 1
    ? "its only run fails"
    : `the ${ordinal(failuresToLose)} of ${nodeCount} fails`;
}

/** Skipped runs are no failures, but they do not succeed either. */
function skippedNote({ nodeCount, successesNeeded, failuresToLose }: Numbers): string {
  return failuresToLose === nodeCount - successesNeeded + 1
    ? "; one that is skipped counts like one that fails"
    : "";
}
