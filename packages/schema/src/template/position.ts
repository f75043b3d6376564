import { parentPointer } from "../json-pointer.ts";

/** A place in a text; both count from 1, columns in UTF-16 code units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Where a member stands: its value, and its key unless it is an entry of a list or the whole document. */
export interface Place {
  readonly value: Position;
  readonly key?: Position;
}

/** The place of every member of a parsed document by its JSON pointer. */
export type PositionIndex = ReadonlyMap<string, Place>;

/** The position of a member, or of the nearest thing that contains it. */
export function locate(index: PositionIndex, pointer: string, at: "key" | "value"): Position {
  let current = pointer;
  for (;;) {
    const place = index.get(current);
    if (place !== undefined) {
      const isExact = current === pointer;
      return isExact && at === "value" ? place.value : (place.key ?? place.value);
    }
    if (current === "") return { line: 1, column: 1 };
    current = parentPointer(current);
  }
}

/** Turns offsets of one text into positions. */
export function createLineLookup(text: string): (offset: number) => Position {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  };
}
