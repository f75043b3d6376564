import type { Node, ParseError } from "jsonc-parser";
import { quote } from "../describe-value.ts";
import { quotedLengthMax } from "../limits.ts";
import type { Problem } from "../generated/problem.ts";
import { appendPointer } from "../json-pointer.ts";
import { parseFailure, type ParseResult } from "./parsed-template.ts";
import { createLineLookup, type Place, type Position, type PositionIndex } from "./position.ts";

type LineLookup = (offset: number) => Position;

/**
 * Reads strict JSON: no comments, no trailing commas. Of a key that stands several times the last one counts, as for most
 * readers of JSON (RFC 8259 section 4) and in published jobs; the others are warnings.
 */
export async function parseJson(text: string): Promise<ParseResult> {
  const { parseTree } = await import("jsonc-parser");
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { disallowComments: true, allowTrailingComma: false });
  const positionOf = createLineLookup(text);
  const [error] = errors;
  if (error !== undefined) return parseFailure(syntaxProblem(text, error, positionOf));
  try {
    const data: unknown = JSON.parse(text);
    const loadPositions = (): Promise<PositionIndex> =>
      Promise.resolve(indexTree(tree, positionOf));
    const warnings = tree === undefined ? [] : findOverridden(tree, "", positionOf);
    return { ok: true, value: { data, warnings, loadPositions } };
  } catch (cause) {
    // The tree's parser forgives a few things, such as raw control characters, that JSON does not.
    return parseFailure(problemAt(positionOf(0), `invalid JSON: ${String(cause)}`));
  }
}

// The numbers are jsonc-parser's ParseErrorCode, which is a const enum and so has no value at run time.
const explanations: Readonly<Record<number, string>> = {
  1: "not a JSON value; text needs double quotes",
  2: "not a number",
  3: "expected a field name in double quotes",
  4: "expected a value",
  5: 'expected ":"',
  6: 'expected ","',
  7: 'expected "}"',
  8: 'expected "]"',
  9: "expected the end of the file",
  10: "comments are not allowed in JSON",
  11: "comment without an end",
  12: "text without a closing quote",
  13: "number without an end",
  14: "not a Unicode escape",
  15: "not an escape sequence",
  16: "control characters are not allowed in text",
};

function syntaxProblem(text: string, error: ParseError, positionOf: LineLookup): Problem {
  const before = text.slice(0, error.offset).trimEnd();
  const next = text.charAt(error.offset);
  const isTrailingComma = before.endsWith(",") && (next === "}" || next === "]");
  if (isTrailingComma) {
    return problemAt(positionOf(before.length - 1), "invalid JSON: no comma is allowed at the end");
  }
  const explanation = explanations[error.error] ?? "cannot be read";
  const isEnd = error.offset >= text.trimEnd().length;
  // Where the file ends too early, the end of what is written is the useful place.
  const position = positionOf(isEnd ? Math.max(0, text.trimEnd().length - 1) : error.offset);
  const found = isEnd ? "the end of the file" : foundAt(text, error);
  return problemAt(position, `invalid JSON: ${explanation}, found ${found}${formatHint(text)}`);
}

function foundAt(text: string, error: ParseError): string {
  const found = text.slice(error.offset, error.offset + Math.max(1, error.length));
  const line = found.split("\n", 1)[0] ?? found;
  return line.startsWith('"') && line.length <= quotedLengthMax ? line : quote(line);
}

function formatHint(text: string): string {
  return /^\s*["{[]/.test(text) ? "" : "; name the format if this is YAML or TOML";
}

/** Members whose key stands again after them in the same object. */
function findOverridden(node: Node, pointer: string, positionOf: LineLookup): readonly Problem[] {
  const all = members(node, pointer);
  const last = new Map(all.map((member) => [member.pointer, member]));
  return all.flatMap((member) => {
    if (last.get(member.pointer) === member || member.key === undefined) {
      return findOverridden(member.value, member.pointer, positionOf);
    }
    const name = quote(String(member.key.value));
    const message = `${name} stands again further down: the last one counts, this one is ignored`;
    return [{ ...problemAt(positionOf(member.key.offset), message), pointer: member.pointer }];
  });
}

interface Member {
  readonly pointer: string;
  readonly value: Node;
  readonly key?: Node;
}

function members(node: Node, pointer: string): readonly Member[] {
  const children = node.children ?? [];
  if (node.type === "array") {
    return children.map((value, index) => ({ pointer: appendPointer(pointer, index), value }));
  }
  if (node.type !== "object") return [];
  return children.flatMap((property) => {
    const [key, value] = property.children ?? [];
    if (key === undefined || value === undefined) return [];
    return [{ pointer: appendPointer(pointer, String(key.value)), value, key }];
  });
}

function indexTree(tree: Node | undefined, positionOf: LineLookup): PositionIndex {
  const index = new Map<string, Place>();
  const queue: Member[] = tree === undefined ? [] : [{ pointer: "", value: tree }];
  for (const member of queue) {
    const value = positionOf(member.value.offset);
    const key = member.key === undefined ? {} : { key: positionOf(member.key.offset) };
    index.set(member.pointer, { value, ...key });
    for (const inner of members(member.value, member.pointer)) queue.push(inner);
  }
  return index;
}

function problemAt(position: Position, message: string): Problem {
  return { pointer: "", ...position, message };
}
