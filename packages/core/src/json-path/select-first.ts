import { Evaluation } from "./evaluation.ts";
import type { JsonPath } from "./json-path.ts";
import { keysOf, type Key } from "./place.ts";
import { TooMuch } from "./work-budget.ts";

/** The first value that a path selects, in the order of the document, and the names and indexes that lead to it. */
export type Selection =
  | { readonly kind: "found"; readonly value: unknown; readonly keys: readonly Key[] }
  | { readonly kind: "nothing" }
  /** It would cost more than looking at `visitedValuesMax` values. */
  | { readonly kind: "tooMuch" };

/** Evaluates a path on parsed JSON; the work is counted and bounded, whatever the path and the document. */
export function selectFirst(path: JsonPath, document: unknown): Selection {
  try {
    for (const place of new Evaluation(document).select(path)) {
      return { kind: "found", value: place.value, keys: keysOf(place) };
    }
    return { kind: "nothing" };
  } catch (error) {
    if (error instanceof TooMuch) return { kind: "tooMuch" };
    throw error;
  }
}
