import { mask, valueOf, type Value, type Values } from "./value.ts";

/** What is shown of one value, characters. */
const shownLengthMax = 1024;

/** What is shown of all inputs or all outputs of a step, characters of JSON. */
export const shownValuesLengthMax = 16_384;

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
  return `${text.slice(0, -1)}${text === "{}" ? "" : ","}"…":${JSON.stringify(`${omitted} more`)}}`;
}

function showOne({ text, isSensitive }: Value): string | { readonly characters: number } {
  if (isSensitive) return mask;
  return text.length <= shownLengthMax ? text : { characters: text.length };
}

/** The values that a shown text still has whole: neither masked nor too long to show. */
export function readShown(shown: string): Readonly<Record<string, string>> {
  if (shown === "") return {};
  const values: unknown = JSON.parse(shown);
  if (typeof values !== "object" || values === null) return {};
  return Object.fromEntries(
    Object.entries(values).filter(
      (entry): entry is [string, string] => typeof entry[1] === "string" && entry[1] !== mask,
    ),
  );
}
