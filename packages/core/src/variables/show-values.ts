import { mask, valueOf, type Value, type Values } from "./value.ts";

/** What is shown of one value, characters. */
const shownLengthMax = 1024;

/** What is shown of all inputs or all outputs of a step, characters of JSON. */
export const shownValuesLengthMax = 16_384;

/** Stands for values that found no room; no variable has such a name. */
const omittedKey = "…";

/** The values of the names as one JSON object; empty when there is none, as the original's list-steps has it. */
export function showInputs(names: readonly string[], values: Values): string {
  return showValues(
    names.flatMap((name): [string, Value][] => {
      const value = valueOf(values, name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** Like `showInputs`, for what a step has produced. */
export function showOutputs(values: Values): string {
  return showValues(Object.entries(values));
}

/**
 * A value that is too long to show is an object with its length, so that nobody takes it for the value; values that find no
 * room at all are counted.
 */
function showValues(entries: readonly (readonly [string, Value])[]): string {
  if (entries.length === 0) return "";
  const shown: Record<string, unknown> = {};
  let length = 2;
  let omitted = 0;
  for (const [name, value] of entries) {
    const entry = showOne(value);
    const added = JSON.stringify({ [name]: entry }).length;
    if (length + added > shownValuesLengthMax) {
      omitted += 1;
      continue;
    }
    length += added;
    Object.defineProperty(shown, name, { value: entry, enumerable: true });
  }
  const text = JSON.stringify(shown);
  if (omitted === 0) return text;
  return `${text.slice(0, -1)}${text === "{}" ? "" : ","}${JSON.stringify(omittedKey)}:${JSON.stringify(`${omitted} more`)}}`;
}

function showOne({ text, isSensitive }: Value): string | { readonly characters: number } {
  if (isSensitive) return mask;
  return text.length <= shownLengthMax ? text : { characters: text.length };
}

/** What a shown text still has of the values. */
export interface ReadValues {
  /** Those that are whole. */
  readonly values: Readonly<Record<string, string>>;
  /** Names of those that are masked or too long to show. */
  readonly lost: readonly string[];
}

/** Reads what `showOutputs` has written; values that found no room are not even named there. */
export function readShown(shown: string): ReadValues {
  const read: unknown = shown === "" ? {} : JSON.parse(shown);
  if (typeof read !== "object" || read === null) return { values: {}, lost: [] };
  const entries: [string, unknown][] = Object.entries(read);
  const isWhole = (entry: [string, unknown]): entry is [string, string] =>
    typeof entry[1] === "string" && entry[1] !== mask;
  return {
    values: Object.fromEntries(entries.filter(isWhole)),
    lost: entries.flatMap((entry) => (isWhole(entry) || entry[0] === omittedKey ? [] : [entry[0]])),
  };
}
