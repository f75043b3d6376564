import type { CanonicalOutputFieldRule } from "@courier/schema";
import { assert, assertNever } from "../assert.ts";
import { jsonSourceAt } from "../json-path/json-source.ts";
import { parseJsonPath } from "../json-path/parse-json-path.ts";
import { selectFirst } from "../json-path/select-first.ts";
import { visitedValuesMax } from "../json-path/work-budget.ts";
import { compileLinearRegex } from "../text/linear-regex.ts";
import { valueProblem } from "./value.ts";

/** What a rule is applied to: the text of an output stream, of a file, or an exit code. */
export interface SourceText {
  /** Undefined when there is none. */
  readonly text: string | undefined;
  /** Why there is none, or that only the first part of it is in `text`; empty otherwise. */
  readonly problem: string;
}

/** What a rule finds. `nothing` and `refused` say why, as the end of a sentence. */
export type Extraction =
  | { readonly kind: "found"; readonly text: string }
  | { readonly kind: "nothing"; readonly reason: string }
  /** There may be a value, but it is too large, too costly to find, or no text. */
  | { readonly kind: "refused"; readonly reason: string };

/** Applies an output rule to its source (semantics.md section 5, "Outputs"). */
export function extractValue(rule: CanonicalOutputFieldRule, source: SourceText): Extraction {
  if (source.text === undefined) return { kind: "nothing", reason: source.problem };
  const extraction = extract(rule, source.text);
  // What lies beyond the part that was read may be what the rule looks for, or the rest of what it found.
  const isWhole = source.problem === "";
  if (!isWhole && (extraction.kind !== "found" || rule.extractMethod !== "regEx")) {
    return { kind: "refused", reason: source.problem };
  }
  return extraction.kind === "found" ? checked(extraction.text, rule) : extraction;
}

function checked(text: string, { sensitive }: CanonicalOutputFieldRule): Extraction {
  if (text.includes("\uFFFD")) return { kind: "refused", reason: "is not valid UTF-8 text" };
  const reason = valueProblem({ text, isSensitive: sensitive });
  return reason === undefined ? { kind: "found", text } : { kind: "refused", reason };
}

function extract(rule: CanonicalOutputFieldRule, text: string): Extraction {
  switch (rule.extractMethod) {
    case "content":
      return { kind: "found", text };
    case "regEx":
      return extractByRegex(rule.expression, text);
    case "jsonPath":
      return extractByPath(rule.expression, text);
    default:
      return assertNever(rule.extractMethod, "extract method");
  }
}

function extractByRegex(expression: string, text: string): Extraction {
  const compiled = compileLinearRegex(expression);
  assert(compiled.ok, "an expression is checked before it is used");
  const { regex } = compiled;
  const searched = text.slice(0, regex.textLengthMax);
  const found = regex.firstIn(searched);
  if (found !== undefined) return { kind: "found", text: found };
  if (searched.length === text.length) {
    return { kind: "nothing", reason: `${JSON.stringify(expression)} matches nothing` };
  }
  const reason = `${JSON.stringify(expression)} matches nothing in the first ${regex.textLengthMax} characters, and is too costly to search more`;
  return { kind: "refused", reason };
}

function extractByPath(expression: string, text: string): Extraction {
  const parsed = parseJsonPath(expression);
  // A job that was stored by a version that took it.
  if (!parsed.ok) return { kind: "refused", reason: `is not a JSONPath: ${parsed.reason}` };
  const document = parseJson(text);
  if (document === undefined) return { kind: "nothing", reason: "the source is not JSON" };
  const selection = selectFirst(parsed.path, document.value);
  switch (selection.kind) {
    case "found": {
      const { value, keys } = selection;
      // Texts as they are, everything else as JSON: as it was written, because not every number survives being read.
      return { kind: "found", text: typeof value === "string" ? value : jsonSourceAt(text, keys) };
    }
    case "nothing":
      return { kind: "nothing", reason: `${JSON.stringify(expression)} selects nothing` };
    case "tooMuch": {
      const reason = `${JSON.stringify(expression)} is too costly: more than to look at ${visitedValuesMax} values`;
      return { kind: "refused", reason };
    }
    default:
      return assertNever(selection, "selection");
  }
}

function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    // Not JSON: said by the caller.
    return undefined;
  }
}
