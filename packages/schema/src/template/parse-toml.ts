import { quote } from "../describe-value.ts";
import type { Problem } from "../generated/problem.ts";
import { parseFailure, type ParseResult } from "./parsed-template.ts";
import type { PositionIndex } from "./position.ts";

/** Reads TOML 1.0. Positions need a second parser, which is loaded when they are asked for. */
export async function parseToml(text: string): Promise<ParseResult> {
  const { parse } = await import("@iarna/toml");
  try {
    const data: unknown = parse(text);
    return { ok: true, value: { data, warnings: [], loadPositions: () => loadPositions(text) } };
  } catch (cause) {
    if (!isTomlError(cause)) throw cause;
    return parseFailure(toProblem(text, cause));
  }
}

async function loadPositions(text: string): Promise<PositionIndex> {
  const { indexToml } = await import("./index-toml.ts");
  return indexToml(text);
}

interface TomlError extends Error {
  /** Counts from 0. */
  readonly line: number;
  /** Counts from 0. */
  readonly col: number;
}

function isTomlError(cause: unknown): cause is TomlError {
  return (
    cause instanceof Error &&
    "line" in cause &&
    typeof cause.line === "number" &&
    "col" in cause &&
    typeof cause.col === "number"
  );
}

function toProblem(text: string, error: TomlError): Problem {
  const line = text.split("\n")[error.line] ?? "";
  const key = /^\s*\[*\s*"?([^\]"=]+?)"?\s*(?:[\]=]|$)/.exec(line)?.[1];
  if (/^Can't redefine (?:an )?existing key/.test(error.message) && key !== undefined) {
    const column = line.indexOf(key) + 1;
    return { pointer: "", line: error.line + 1, column, message: `duplicate key ${quote(key)}` };
  }
  const position = { line: error.line + 1, column: error.col + 1 };
  return { pointer: "", ...position, message: `invalid TOML: ${explain(error, line)}` };
}

/** The parser takes an unquoted word for a misspelt `true` or `inf` and says so. */
function explain(error: TomlError, line: string): string {
  if (/=\s*(?!(?:true|false|inf|nan)\b)[A-Za-z_]/.test(line)) {
    return "not a TOML value; text needs quotes";
  }
  const sentence = error.message.replace(/ at row [\s\S]*$/, "");
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}
