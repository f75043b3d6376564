import { RE2JS, RE2JSException } from "re2js";

/** A user's regular expression, matched in time linear in the text whatever the pattern. */
export interface LinearRegex {
  /** Whether it matches anywhere in the text. */
  isFoundIn(text: string): boolean;
  /** What the first capture group of the first match holds, or the match when there is no group; undefined when there is none. */
  firstIn(text: string): string | undefined;
  /** Longest text, in characters, that may be searched: what one search costs stays below a bound. */
  readonly textLengthMax: number;
}

/** A compiled expression, or one sentence about what is wrong with it. */
export type CompiledRegex =
  | { readonly ok: true; readonly regex: LinearRegex }
  | { readonly ok: false; readonly reason: string };

/** Longest pattern that is accepted, in characters. */
const regexLengthMax = 1000;

/** Most instructions of a compiled pattern: counted repeats multiply them. */
const programSizeMax = 10_000;

/** Instructions of the pattern times characters of the text, at most, in one search: what it can cost. */
const searchWorkMax = 20_000_000;

/** Compiles a pattern in RE2's syntax: no look-around and no back-references, which cannot be matched in linear time. */
export function compileLinearRegex(pattern: string): CompiledRegex {
  if (pattern.length > regexLengthMax) {
    return { ok: false, reason: `a regular expression has at most ${regexLengthMax} characters` };
  }
  try {
    const compiled = RE2JS.compile(pattern);
    const size = compiled.programSize();
    if (size > programSizeMax) return { ok: false, reason: "it repeats too much" };
    const textLengthMax = Math.floor(searchWorkMax / size);
    const isFoundIn = (text: string): boolean => compiled.test(text);
    return { ok: true, regex: { isFoundIn, firstIn: firstIn(compiled), textLengthMax } };
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return { ok: false, reason: error.message };
  }
}

function firstIn(compiled: RE2JS): LinearRegex["firstIn"] {
  const group = compiled.groupCount() > 0 ? 1 : 0;
  return (text) => {
    const matcher = compiled.matcher(text);
    return matcher.find() ? (matcher.group(group) ?? undefined) : undefined;
  };
}
