/** A condition on a skill's version, such as `>= 1.0.0`; a bare version means that one exactly (semantics.md section 8). */
export interface VersionCondition {
  readonly operator: "=" | "!=" | ">" | ">=" | "<" | "<=";
  readonly version: string;
}

const condition = /^\s*(=|==|!=|>|>=|<|<=)?\s*v?(\d+(?:\.\d+)*(?:[-+][0-9A-Za-z.+-]*)?)\s*$/;

/** Reads a condition; undefined when it is none. */
export function parseVersionCondition(text: string): VersionCondition | undefined {
  const [, operator = "=", version] = condition.exec(text) ?? [];
  if (version === undefined) return undefined;
  // The expression admits these and "==" only.
  return {
    operator: (operator === "==" ? "=" : operator) as VersionCondition["operator"],
    version,
  };
}

/** Whether a version is as the condition asks. */
export function meetsVersion(
  version: string,
  { operator, version: bound }: VersionCondition,
): boolean {
  const order = compareVersions(version, bound);
  switch (operator) {
    case "=":
      return order === 0;
    case "!=":
      return order !== 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    default:
      return operator;
  }
}

/**
 * Negative, zero or positive, as the left version is older, the same or newer: number by number, missing numbers are 0,
 * a pre-release is older than its release, what follows "+" says nothing about the order.
 */
export function compareVersions(left: string, right: string): number {
  const [a, b] = [partsOf(left), partsOf(right)];
  const length = Math.max(a.numbers.length, b.numbers.length);
  for (let index = 0; index < length; index += 1) {
    const difference = (a.numbers[index] ?? 0) - (b.numbers[index] ?? 0);
    if (difference !== 0) return difference;
  }
  if (a.preRelease === b.preRelease) return 0;
  if (a.preRelease === "") return 1;
  if (b.preRelease === "") return -1;
  return comparePreReleases(a.preRelease.split("."), b.preRelease.split("."));
}

/** Identifier by identifier: numbers by their value and before words, a longer list after a shorter one. */
function comparePreReleases(left: readonly string[], right: readonly string[]): number {
  const length = Math.max(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    const [a, b] = [left[index], right[index]];
    if (a === undefined || b === undefined) return a === undefined ? -1 : 1;
    if (a === b) continue;
    const [isNumber, isOtherNumber] = [/^\d+$/.test(a), /^\d+$/.test(b)];
    if (isNumber !== isOtherNumber) return isNumber ? -1 : 1;
    if (isNumber && Number(a) !== Number(b)) return Number(a) - Number(b);
    if (!isNumber) return a < b ? -1 : 1;
  }
  return 0;
}

function partsOf(version: string): {
  readonly numbers: readonly number[];
  readonly preRelease: string;
} {
  const [release = ""] = version.trim().replace(/^v/, "").split("+", 1);
  const dash = release.indexOf("-");
  const numbers = (dash < 0 ? release : release.slice(0, dash)).split(".");
  return {
    // Text that is no number counts as 0: a node's own version is not ours to refuse.
    numbers: numbers.map((part) => Number.parseInt(part, 10) || 0),
    preRelease: dash < 0 ? "" : release.slice(dash + 1),
  };
}
