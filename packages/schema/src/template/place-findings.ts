import type { Finding } from "../explain-violation.ts";
import type { Problem } from "../generated/problem.ts";
import { problemsMax } from "../limits.ts";
import { locate, type PositionIndex } from "./position.ts";

/** Gives each finding its line and column, in the order of the file; beyond the limit one last problem counts the rest. */
export function placeFindings(
  findings: readonly Finding[],
  index: PositionIndex,
): readonly Problem[] {
  const problems = findings
    .map((finding) => toProblem(finding, index))
    .toSorted((a, b) => a.line - b.line || a.column - b.column);
  const last = problems[problemsMax - 1];
  if (problems.length <= problemsMax || last === undefined) return problems;
  const message = `${problems.length - problemsMax} or more further problems are not listed`;
  return [...problems.slice(0, problemsMax), { ...last, pointer: "", message }];
}

function toProblem(finding: Finding, index: PositionIndex): Problem {
  const { pointer, message, expected, didYouMean, allowed } = finding;
  return {
    pointer,
    ...locate(index, pointer, finding.at),
    message,
    ...(expected === undefined ? {} : { expected }),
    ...(didYouMean === undefined ? {} : { didYouMean }),
    ...(allowed === undefined ? {} : { allowed: [...allowed] }),
  };
}
