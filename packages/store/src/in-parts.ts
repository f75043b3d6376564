import { valuesPerStatement } from "./limits.ts";

/** A list in parts that one statement can name. */
export function* inParts<Item>(items: readonly Item[]): Generator<Item[]> {
  for (let start = 0; start < items.length; start += valuesPerStatement) {
    yield items.slice(start, start + valuesPerStatement);
  }
}
