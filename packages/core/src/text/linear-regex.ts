import { RE2JS, RE2JSException } from "re2js";

/** A user's regular expression, matched in time linear in the text whatever the pattern. */
export interface LinearRegex {
  /** Whether it matches anywhere in the text. */
  isFoundIn(text: string): boolean;
}

/** A compiled expression, or one sentence about what is wrong with it. */
export type CompiledRegex =
  | { readonly ok: true; readonly regex: LinearRegex }
  | { readonly ok: false; readonly reason: string };

/** Longest pattern that is accepted, in characters. */
const regexLengthMax = 1000;

/** Compiles a pattern in RE2's syntax: no look-around and no back-references, which cannot be matched in linear time. */
export function compileLinearRegex(pattern: string): CompiledRegex {
  if (pattern.length > regexLengthMax) {
    return { ok: false, reason: `a regular expression has at most ${regexLengthMax} characters` };
  }
  try {
    const compiled = RE2JS.compile(pattern);
    return { ok: true, regex: { isFoundIn: (text) => compiled.test(text) } };
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return { ok: false, reason: error.message };
  }
}
