import type { Problem } from "../generated/problem.ts";
import type { PositionIndex } from "./position.ts";

/** The formats that a template may be written in. */
export type TemplateFormat = "json" | "yaml" | "toml";

/** A template as plain data, with a way back to the user's own text. */
export interface ParsedTemplate {
  readonly data: unknown;
  /** What the text says and a reader drops. */
  readonly warnings: readonly Problem[];
  /** Builds the index on demand: a valid template never needs it. */
  readonly loadPositions: () => Promise<PositionIndex>;
}

/** What reading a text yields. */
export type ParseResult =
  | { readonly ok: true; readonly value: ParsedTemplate }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** A result with problems about the text itself, before there is any data, in the order of the text. */
export function parseFailure(...problems: readonly Problem[]): ParseResult {
  return {
    ok: false,
    problems: problems.toSorted((a, b) => a.line - b.line || a.column - b.column),
  };
}
