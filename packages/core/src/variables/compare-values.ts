import { compareVersions } from "../target/skill-version.ts";

const version = /^v?\d+(?:\.\d+)+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/;
const decimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/**
 * Negative, zero or positive, as the left value is before, equal to or after the right one: as numbers when both are, else as
 * semantic versions when both are, else as text. White space around numbers and versions does not count: `content` keeps
 * the newline of a command's output.
 */
export function compareValues(left: string, right: string): number {
  const [a, b] = [left.trim(), right.trim()];
  if (decimal.test(a) && decimal.test(b)) return Number(a) - Number(b);
  if (version.test(a) && version.test(b)) return compareVersions(a, b);
  return left < right ? -1 : left > right ? 1 : 0;
}
