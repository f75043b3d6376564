import type { ErrorObject } from "ajv/dist/2020.js";
import { explainViolation, type Finding } from "./explain-violation.ts";
import { parentPointer } from "./json-pointer.ts";
import { violationsMax } from "./limits.ts";

/**
 * Each mistake once: without Ajv's follow-ups (`if` failed, a wrong enum value of a wrong type, a required field that
 * is there but misspelt).
 */
export function findViolations(errors: readonly ErrorObject[]): readonly Finding[] {
  const findings = errors
    .filter((error) => error.keyword !== "if")
    .slice(0, violationsMax)
    .map(explainViolation);
  const wrongTypes = new Set(findings.filter((f) => f.isWrongType === true).map((f) => f.pointer));
  const misspelt = new Set(
    findings
      .filter((f) => f.didYouMean !== undefined && f.at === "key")
      .map((f) => `${parentPointer(f.pointer)} ${f.didYouMean}`),
  );
  const seen = new Set<string>();
  return findings.filter((finding) => {
    if (wrongTypes.has(finding.pointer) && finding.isWrongType !== true) return false;
    if (finding.missing !== undefined && misspelt.has(`${finding.pointer} ${finding.missing}`)) {
      return false;
    }
    const identity = `${finding.pointer} ${finding.message}`;
    return !seen.has(identity) && seen.add(identity) !== undefined;
  });
}
