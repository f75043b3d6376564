import { quote } from "../describe-value.ts";
import type { Finding } from "../explain-violation.ts";
import { appendPointer } from "../json-pointer.ts";
import { fieldCountMax, listLengthMax, nestedListLengthMax, templateDepthMax } from "../limits.ts";
import { isPlaceholder, placeholderMessage } from "./placeholder.ts";

/**
 * What is wrong with parsed data before any schema sees it: values that JSON cannot hold, placeholders that were left
 * in, nesting beyond the limit, and a key that would reach an object's prototype.
 */
export function inspectData(data: unknown): readonly Finding[] {
  return inspect({ value: data, pointer: "", depth: 0 });
}

/**
 * Lists and objects so large that checking each entry against the schema would take too long: collecting violations
 * costs the square of their number. When there is any, the schema is not asked.
 */
export function findOversized(data: unknown): readonly Finding[] {
  return oversizedIn({ value: data, pointer: "", depth: 0 });
}

function oversizedIn({ value, pointer, depth }: Member): readonly Finding[] {
  if (typeof value !== "object" || value === null || depth >= templateDepthMax) return [];
  const count = Array.isArray(value) ? value.length : Object.keys(value).length;
  const most = countMax(value);
  if (count > most) {
    const noun = Array.isArray(value) ? "entries" : "fields";
    return [
      { pointer, at: "key", message: `has ${count} ${noun}, at most ${most} are allowed here` },
    ];
  }
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
    oversizedIn({ value: inner, pointer: appendPointer(pointer, key), depth: depth + 1 }),
  );
}

function countMax(value: object): number {
  if (!Array.isArray(value)) return fieldCountMax;
  const isNested = value.some((entry) => typeof entry === "object" && entry !== null);
  return isNested ? nestedListLengthMax : listLengthMax;
}

interface Member {
  readonly value: unknown;
  readonly pointer: string;
  readonly depth: number;
}

function inspect(member: Member): readonly Finding[] {
  const { value, pointer, depth } = member;
  const own = inspectScalar(value, pointer);
  if (own !== undefined) return [own];
  if (typeof value !== "object" || value === null) return [];
  if (depth >= templateDepthMax) {
    return [atValue(pointer, `nested too deeply, at most ${templateDepthMax} levels are allowed`)];
  }
  const isObject = !Array.isArray(value);
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
    const innerPointer = appendPointer(pointer, key);
    const aboutKey = isObject ? inspectKey(key, innerPointer) : undefined;
    if (aboutKey !== undefined) return [aboutKey];
    return inspect({ value: inner, pointer: innerPointer, depth: depth + 1 });
  });
}

function inspectScalar(value: unknown, pointer: string): Finding | undefined {
  if (value instanceof Date) {
    return atValue(pointer, "found a date, put it in quotes if text is meant");
  }
  if (typeof value === "bigint") return atValue(pointer, "the number is too large");
  if (typeof value === "number" && !Number.isFinite(value)) {
    return atValue(pointer, `${value} is not a number that a template can hold`);
  }
  if (typeof value === "string" && isPlaceholder(value)) {
    return atValue(pointer, placeholderMessage(value));
  }
  return undefined;
}

function inspectKey(key: string, pointer: string): Finding | undefined {
  if (key === "__proto__") {
    return { pointer, at: "key", message: `the key ${quote(key)} is not allowed` };
  }
  return isPlaceholder(key) ? { pointer, at: "key", message: placeholderMessage(key) } : undefined;
}

function atValue(pointer: string, message: string): Finding {
  return { pointer, at: "value", message };
}
