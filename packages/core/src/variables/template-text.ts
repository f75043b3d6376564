import { assertNever } from "../assert.ts";

/** A piece of a text with variables. */
export type TextPart =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "variable"; readonly name: string; readonly isQuoted: boolean }
  /** Begins like a variable but is none. */
  | { readonly kind: "malformed"; readonly text: string };

const action =
  /\{\{\s*(?:\.([A-Za-z_][A-Za-z0-9_]*)|shellquote\s+\.([A-Za-z_][A-Za-z0-9_]*)|"((?:[^"\\]|\\.)*)"|`([^`]*)`)\s*\}\}|\{\{-?\s*(?:\.|shellquote\b)[^}\n]{0,100}(?:\}\})?/g;

/**
 * Splits a text at its variables: `{{.NAME}}`, `{{ shellquote .NAME }}`, and `{{"text"}}`, which stands for the text between
 * its quotes. Other double braces are left alone: other tools use them too.
 */
export function parseText(text: string): readonly TextPart[] {
  if (!text.includes("{{")) return [{ kind: "literal", text }];
  const parts: TextPart[] = [];
  let end = 0;
  for (const match of text.matchAll(action)) {
    if (match.index > end) parts.push({ kind: "literal", text: text.slice(end, match.index) });
    parts.push(partOf(match));
    end = match.index + match[0].length;
  }
  if (end < text.length) parts.push({ kind: "literal", text: text.slice(end) });
  return parts;
}

function partOf(match: RegExpExecArray): TextPart {
  const [whole, name, quotedName, string, rawString] = match;
  if (name !== undefined) return { kind: "variable", name, isQuoted: false };
  if (quotedName !== undefined) return { kind: "variable", name: quotedName, isQuoted: true };
  if (rawString !== undefined) return { kind: "literal", text: rawString };
  if (string === undefined) return { kind: "malformed", text: whole };
  return { kind: "literal", text: string.replaceAll(/\\(["\\])/g, "$1") };
}

/** A text with its variables replaced, or the first thing that stands in the way. */
export type Substitution =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly name: string }
  | { readonly ok: false; readonly malformed: string };

/** Replaces the variables of a text; `valueOf` gives undefined for a name without a value. */
export function substitute(
  text: string,
  valueOf: (name: string) => string | undefined,
): Substitution {
  const pieces: string[] = [];
  for (const part of parseText(text)) {
    switch (part.kind) {
      case "literal":
        pieces.push(part.text);
        break;
      case "variable": {
        const value = valueOf(part.name);
        if (value === undefined) return { ok: false, name: part.name };
        pieces.push(part.isQuoted ? shellQuote(value) : value);
        break;
      }
      case "malformed":
        return { ok: false, malformed: part.text };
      default:
        return assertNever(part, "part of a text");
    }
  }
  return { ok: true, text: pieces.join("") };
}

/** One word for a POSIX shell, whatever is in it. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** Calls `visit` with each text in a command or an input, with its JSON pointer below `pointer`. */
export function visitTexts(
  value: unknown,
  pointer: string,
  visit: (text: string, pointer: string) => void,
): void {
  if (typeof value === "string") return visit(value, pointer);
  if (typeof value !== "object" || value === null) return;
  for (const [key, entry] of Object.entries(value)) {
    visitTexts(entry, `${pointer}/${escapePointer(key)}`, visit);
  }
}

/** A copy of a command or an input with each of its texts replaced. */
export function mapTexts(value: unknown, toText: (text: string) => string): unknown {
  if (typeof value === "string") return toText(value);
  if (Array.isArray(value)) return value.map((entry) => mapTexts(entry, toText));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, mapTexts(entry, toText)]),
  );
}

/** A key as part of a JSON pointer. */
export function escapePointer(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}
