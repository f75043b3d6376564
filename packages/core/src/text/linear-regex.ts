import { RE2JS, RE2JSException } from "re2js";
import { translateIRegexp } from "./i-regexp.ts";
import { estimateInstructions } from "./regex-size.ts";

/** A user's regular expression, matched in time linear in the text whatever the pattern. */
export interface LinearRegex {
  /** Whether it matches anywhere in the text. */
  isFoundIn(text: string): boolean;
  /** What the first capture group of the first match holds, or the match when there is no group; undefined when there is none. */
  firstIn(text: string): string | undefined;
  /** Longest text, in characters, that may be searched: what one search costs stays below a bound. */
  readonly textLengthMax: number;
  /** Instructions of the compiled pattern: times the characters of a text they are what a search can cost. */
  readonly programSize: number;
}

/** A compiled expression, or one sentence about what is wrong with it. */
export type CompiledRegex =
  | { readonly ok: true; readonly regex: LinearRegex }
  | {
      readonly ok: false;
      readonly reason: string;
      /** Whether it is beyond a limit of ours, and may be an expression. */
      readonly isTooLarge: boolean;
    };

/** Longest pattern that is accepted, in characters. */
const regexLengthMax = 1000;

/** Most instructions of a compiled pattern: counted repeats multiply them. */
const programSizeMax = 10_000;

/** Instructions of the pattern times characters of the text, at most, in one search: what it can cost. */
const searchWorkMax = 20_000_000;

/** Compiles a pattern in RE2's syntax: no look-around and no back-references, which cannot be matched in linear time. */
export function compileLinearRegex(pattern: string): CompiledRegex {
  return pattern.length > regexLengthMax ? tooLong : compile(pattern);
}

/** Compiles an I-Regexp (RFC 9485) to be found anywhere in a text, or to match the whole of it. */
export function compileIRegexp(
  pattern: string,
  { isWhole }: { readonly isWhole: boolean },
): CompiledRegex {
  if (pattern.length > regexLengthMax) return tooLong;
  const translated = translateIRegexp(pattern);
  if (!translated.ok) return { ...translated, isTooLarge: false };
  return compile(isWhole ? String.raw`\A(?:${translated.pattern})\z` : translated.pattern);
}

const tooLong: CompiledRegex = {
  ...{ ok: false, isTooLarge: true },
  reason: `a regular expression has at most ${regexLengthMax} characters`,
};

const tooMuchRepeated: CompiledRegex = {
  ...{ ok: false, isTooLarge: true, reason: "it repeats too much" },
};

function compile(pattern: string): CompiledRegex {
  if (estimateInstructions(pattern) > programSizeMax) return tooMuchRepeated;
  try {
    const compiled = RE2JS.compile(pattern);
    const programSize = compiled.programSize();
    if (programSize > programSizeMax) return tooMuchRepeated;
    const textLengthMax = Math.floor(searchWorkMax / programSize);
    const isFoundIn = (text: string): boolean => compiled.test(text);
    return {
      ok: true,
      regex: { isFoundIn, firstIn: firstIn(compiled), textLengthMax, programSize },
    };
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return { ok: false, reason: error.message, isTooLarge: false };
  }
}

function firstIn(compiled: RE2JS): LinearRegex["firstIn"] {
  const group = compiled.groupCount() > 0 ? 1 : 0;
  return (text) => {
    const matcher = compiled.matcher(text);
    return matcher.find() ? (matcher.group(group) ?? undefined) : undefined;
  };
}
