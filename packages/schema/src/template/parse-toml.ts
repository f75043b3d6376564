import type { Problem } from "../generated/problem.ts";
import { parseFailure, type ParseResult } from "./parsed-template.ts";
import type { PositionIndex } from "./position.ts";

/** Reads TOML 1.0. Positions need a second parser, which is loaded when they are asked for. */
export async function parseToml(text: string): Promise<ParseResult> {
  const { parse } = await import("@iarna/toml");
  try {
    const data: unknown = parse(text);
    return { ok: true, value: { data, loadPositions: () => loadPositions(text) } };
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
  const sentence = error.message
    .replace(/ at row [\s\S]*$/, "")
    .replace(/^./, (letter) => letter.toLowerCase());
  const duplicate = /^can't redefine (?:an )?existing key/.test(sentence);
  const line = text.split("\n")[error.line] ?? "";
  const key = /^\s*\[*\s*"?([^\]"=]+?)"?\s*(?:[\]=]|$)/.exec(line)?.[1];
  const message =
    duplicate && key !== undefined
      ? `duplicate key ${JSON.stringify(key)}`
      : `invalid TOML: ${sentence}`;
  return { pointer: "", line: error.line + 1, column: error.col + 1, message };
}
