import { quotedLengthMax } from "./limits.ts";

/** A value as a message names it, such as `the number 5` or `a list`; long text is cut. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return "nothing (null)";
  if (Array.isArray(value)) return "a list";
  if (value instanceof Date) return "a date";
  if (typeof value === "string") return `the text ${quote(value)}`;
  if (typeof value === "number" || typeof value === "bigint") return `the number ${value}`;
  return typeof value === "boolean" ? String(value) : "an object";
}

/** A user's own text in double quotes on one line, cut when it is long. */
export function quote(text: string): string {
  return JSON.stringify(
    text.length <= quotedLengthMax ? text : `${text.slice(0, quotedLengthMax)}…`,
  );
}

/** Alternatives as a message lists them: `"a", "b"`. */
export function quoteAll(names: readonly string[]): string {
  return names.map(quote).join(", ");
}
