import { templateDepthMax, templateLengthMax } from "../limits.ts";
import { parseFailure, type ParseResult, type TemplateFormat } from "./parsed-template.ts";
import { parseJson } from "./parse-json.ts";
import { parseToml } from "./parse-toml.ts";
import { parseYaml } from "./parse-yaml.ts";
import { findPlaceholder, placeholderMessage } from "./placeholder.ts";
import { createLineLookup } from "./position.ts";

const parsers = { json: parseJson, yaml: parseYaml, toml: parseToml } as const;

/**
 * Reads a template's text into plain data that knows where in the text each member stands. It fails with the place of
 * what cannot be read; whether the data is a job is not its question. Each format's library is loaded on first use.
 */
export async function parseTemplate(text: string, format: TemplateFormat): Promise<ParseResult> {
  const unreadable = findUnreadable(text, format);
  if (unreadable !== undefined) return unreadable;
  const withoutMark = text.startsWith("\uFEFF") ? text.slice(1) : text;
  const result = await parseGuarded(withoutMark, format);
  return result.ok ? result : withPlaceholderHint(result, withoutMark);
}

function findUnreadable(text: string, format: TemplateFormat): ParseResult | undefined {
  if (text.length > templateLengthMax) {
    return failAtStart(
      `the template has ${text.length} characters, at most ${templateLengthMax} are allowed`,
    );
  }
  const nul = text.indexOf("\0");
  if (nul !== -1) {
    const message = "NUL character found: this is not a text file, or not in UTF-8";
    return parseFailure({ pointer: "", ...createLineLookup(text)(nul), message });
  }
  if (/^[\s\uFEFF]*$/.test(text)) {
    return failAtStart(`the file is empty, expected a job template in ${format.toUpperCase()}`);
  }
  return undefined;
}

async function parseGuarded(text: string, format: TemplateFormat): Promise<ParseResult> {
  try {
    return await parsers[format](text);
  } catch (cause) {
    // All three parsers descend by calling themselves: the stack ends where a text nests thousands of levels.
    if (!(cause instanceof RangeError)) throw cause;
    return failAtStart(`nested too deeply, at most ${templateDepthMax} levels are allowed`);
  }
}

function withPlaceholderHint(
  result: Extract<ParseResult, { readonly ok: false }>,
  text: string,
): ParseResult {
  const placeholder = findPlaceholder(text);
  if (placeholder === undefined) return result;
  const hint = {
    pointer: "",
    ...createLineLookup(text)(placeholder.offset),
    message: `${placeholderMessage(placeholder.text)}, and so must every other one in this file`,
  };
  return parseFailure(hint, ...result.problems);
}

function failAtStart(message: string): ParseResult {
  return parseFailure({ pointer: "", line: 1, column: 1, message });
}
